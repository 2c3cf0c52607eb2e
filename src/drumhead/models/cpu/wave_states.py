"""The states of the wave equation for a few images, chunk by chunk, by the engine compiled for CPUs."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from drumhead.fields import WaveState
from drumhead.fields.cpu.wave import WaveKernel, initial_state
from drumhead.models.cpu.state_stream import GradProvider, OnChunk, StateStream, backpropagate
from drumhead.models.cpu.workspace import Workspace

CHUNK_BYTES = 1 << 27
"""The default size of a chunk: 128 MB of one image's states."""

SUBCHUNK_BYTES, MIN_SUBCHUNK_STEPS = 1 << 20, 32
"""The backward pass computes and uses the gradient of a chunk in subchunks, small enough for a second-level cache. They
do not have fewer steps than this, since each product reads the gradients of all features again."""


class WaveStates(StateStream):
    """The states of the wave equation, of which one chunk is in memory at any time (gradient checkpointing).

    The state at the start of each chunk is kept. The backward pass recomputes the chunks from these checkpoints, except
    for the last chunk, which is still in memory.

    Args:
        wave_parameters: Initial position, stiffness and damping, ``(image, channel, height, width)``, with their
            autograd graph.
        coupling: ``(channel, channel, 3, 3)``.
        kernel: The compiled evolution of these images.
        steps: The number of time steps.
        chunk_steps: The number of time steps in a chunk; None: as many as fit in ``CHUNK_BYTES``.
        workspace: Memory for the frames and their gradients.
    """

    def __init__(
        self,
        wave_parameters: tuple[Tensor, Tensor, Tensor],
        coupling: Tensor,
        *,
        kernel: WaveKernel,
        steps: int,
        chunk_steps: int | None,
        workspace: Workspace,
    ) -> None:
        self.wave_parameters = wave_parameters
        self.coupling = coupling
        self.kernel = kernel
        self.steps = steps
        shape, dtype = wave_parameters[0].shape[1:], wave_parameters[0].dtype
        frame_bytes = max(1, shape.numel() * dtype.itemsize)
        self.chunk_steps = min(steps, chunk_steps or max(1, CHUNK_BYTES // frame_bytes))
        self.frames = workspace.tensor("frames", (self.chunk_steps, *shape), dtype)
        self.workspace = workspace
        self.checkpoints: list[WaveState] = []
        self.needs_grad = any(values.requires_grad for values in (*wave_parameters, coupling))
        self.grad_wave_parameters = tuple(
            torch.zeros_like(values, memory_format=torch.contiguous_format) for values in wave_parameters
        )
        channels = len(coupling) if coupling.requires_grad else 0
        self.grad_coupling = np.zeros((channels, channels, 3, 3))

    @property
    def dtype(self) -> torch.dtype:
        return self.frames.dtype

    def forward_image(self, image: int, on_chunk: OnChunk) -> None:
        state = initial_state(self.wave_parameters[0][image])
        self.checkpoints = []
        for start in range(0, self.steps, self.chunk_steps):
            self.checkpoints.append(_copy(state))
            frames = self.frames[: self.steps - start]
            self.kernel.forward_image(image, state, frames)
            on_chunk(frames.flatten(2), start)

    def backward_image(self, image: int, write_gradient: GradProvider, *, pixels: Tensor | None) -> None:
        grad_buffer = self._subchunk_gradient(pixels)
        grad_y0 = self.grad_wave_parameters[0][image]
        grad_state = WaveState(grad_y0, torch.zeros_like(grad_y0))
        for chunk in reversed(range(len(self.checkpoints))):
            start = chunk * self.chunk_steps
            frames = self.frames[: self.steps - start]
            if chunk < len(self.checkpoints) - 1:
                self.kernel.forward_image(image, _copy(self.checkpoints[chunk]), frames)
            for offset in reversed(range(0, len(frames), len(grad_buffer))):
                subchunk = frames[offset : offset + len(grad_buffer)]
                grad_frames = grad_buffer[: len(subchunk)] if self.needs_grad else None
                write_gradient(subchunk.flatten(2), start + offset, grad_frames)
                if grad_frames is not None:
                    past = self._previous_positions(chunk, offset)
                    self._backward_step(image, past, subchunk, grad_frames, pixels, grad_state)

    def gradients(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        gradients = backpropagate(self.wave_parameters, self.grad_wave_parameters, inputs)
        grad_coupling = torch.from_numpy(self.grad_coupling).to(self.coupling.dtype)
        return [
            grad_coupling if values is self.coupling else gradient
            for values, gradient in zip(inputs, gradients, strict=True)
        ]

    def _subchunk_gradient(self, pixels: Tensor | None) -> Tensor:
        """Return memory for the gradient of a subchunk, ``(time, channel, active pixel)``."""
        channels, *sides = self.frames.shape[1:]
        count = math.prod(sides) if pixels is None else len(pixels)
        steps = max(MIN_SUBCHUNK_STEPS, SUBCHUNK_BYTES // max(1, channels * count * self.dtype.itemsize))
        return self.workspace.tensor("grad frames", (min(self.chunk_steps, steps), channels, count), self.dtype)

    def _previous_positions(self, chunk: int, offset: int) -> tuple[Tensor, Tensor]:
        """Return the two positions before frame ``offset`` of a chunk, the later one first."""
        if offset > 1:
            return self.frames[offset - 1], self.frames[offset - 2]
        y, z = self.checkpoints[chunk]
        return (self.frames[0], y) if offset == 1 else (y, y - self.kernel.dt * z)

    def _backward_step(
        self,
        image: int,
        past: tuple[Tensor, Tensor],
        frames: Tensor,
        grad_frames: Tensor,
        pixels: Tensor | None,
        grad_state: WaveState,
    ) -> None:
        _, grad_omega, grad_alpha = (values[image] for values in self.grad_wave_parameters)
        self.kernel.backward_image(
            image,
            past,
            frames,
            grad_frames,
            pixels=pixels,
            grad_state=grad_state,
            grad_omega=grad_omega,
            grad_alpha=grad_alpha,
            grad_coupling=self.grad_coupling,
        )


def _copy(state: WaveState) -> WaveState:
    return WaveState(state.y.clone(), state.z.clone())
