"""The waves of a few images, stretch by stretch: at any time no more of a field is there than one stretch."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from drumhead.fields import WaveState
from drumhead.fields.cpu.wave import WaveKernel, initial_state
from drumhead.models.cpu.state_stream import GradProvider, OnChunk, StateStream
from drumhead.models.cpu.workspace import Workspace

CHUNK_BYTES = 1 << 27
"""Most of one image's field that is there at a time unless told otherwise: 128 MB."""

BLOCK_BYTES, SHORTEST_BLOCK = 1 << 20, 32
"""Size of the gradient that is made and used at a time, going back: so that it stays in a second-level cache, but not
of so few frames that the products become slow: they read all features' gradients for every block."""


class WaveStates(StateStream):
    """WaveKernel that evolve when they are heard, by the engine fused for CPUs.

    Going back, stretches are computed again from the states at their starts, which are kept; the last one is still
    there.

    Args:
        drum: position at the start, stiffness and damping, ``(image, channel, height, width)``, with what torch
            recorded of how they were made.
        coupling: ``(channel, channel, 3, 3)``.
        sheets: of these images.
        steps: frames in all.
        stretch: frames at a time; as many as ``CHUNK_BYTES`` hold by default.
        workspace: where frames and their gradients are.
    """

    def __init__(
        self,
        drum: tuple[Tensor, Tensor, Tensor],
        coupling: Tensor,
        *,
        sheets: WaveKernel,
        steps: int,
        stretch: int | None,
        workspace: Workspace,
    ) -> None:
        self.drum = drum
        self.coupling = coupling
        self.sheets = sheets
        self.steps = steps
        shape, dtype = drum[0].shape[1:], drum[0].dtype
        size = max(1, shape.numel() * dtype.itemsize)
        self.stretch = min(steps, stretch or max(1, CHUNK_BYTES // size))
        self.frames = workspace.tensor("frames", (self.stretch, *shape), dtype)
        self.workspace = workspace
        self.starts: list[WaveState] = []
        self.differentiable = any(values.requires_grad for values in (*drum, coupling))
        self.incoming = tuple(torch.zeros_like(values, memory_format=torch.contiguous_format) for values in drum)
        channels = len(coupling) if coupling.requires_grad else 0
        self.of_coupling = np.zeros((channels, channels, 3, 3))

    @property
    def dtype(self) -> torch.dtype:
        return self.frames.dtype

    def forward_image(self, image: int, hear: OnChunk) -> None:
        state = initial_state(self.drum[0][image])
        self.starts = []
        for start in range(0, self.steps, self.stretch):
            self.starts.append(_copy(state))
            frames = self.frames[: self.steps - start]
            self.sheets.forward_image(image, state, frames)
            hear(frames.flatten(2), start)

    def backward_image(self, image: int, tell: GradProvider, *, pixel: Tensor | None) -> None:
        arriving = self._arriving(pixel)
        grad_y0 = self.incoming[0][image]
        carried = WaveState(grad_y0, torch.zeros_like(grad_y0))
        for number in reversed(range(len(self.starts))):
            start = number * self.stretch
            frames = self.frames[: self.steps - start]
            if number < len(self.starts) - 1:
                self.sheets.forward_image(image, _copy(self.starts[number]), frames)
            for at in reversed(range(0, len(frames), len(arriving))):
                block = frames[at : at + len(arriving)]
                incoming = arriving[: len(block)] if self.differentiable else None
                tell(block.flatten(2), start + at, incoming)
                if incoming is not None:
                    self._backward_step(image, self._past(number, at), block, incoming, pixel, carried)

    def gradients(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        pairs = [(o, g) for o, g in zip(self.drum, self.incoming, strict=True) if o.requires_grad]
        found: list[Tensor | None] = [None] * len(inputs)
        if pairs and inputs:
            outputs, incoming = zip(*pairs, strict=True)
            found = list(torch.autograd.grad(outputs, inputs, incoming, allow_unused=True))
        of_coupling = torch.from_numpy(self.of_coupling).to(self.coupling.dtype)
        return [of_coupling if values is self.coupling else g for values, g in zip(inputs, found, strict=True)]

    def _arriving(self, pixel: Tensor | None) -> Tensor:
        """Room for the gradient of some frames ``(time, channel, pixel)`` at the pixels that count."""
        channels, *sides = self.frames.shape[1:]
        count = math.prod(sides) if pixel is None else len(pixel)
        most = max(SHORTEST_BLOCK, BLOCK_BYTES // max(1, channels * count * self.dtype.itemsize))
        return self.workspace.tensor("arriving", (min(self.stretch, most), channels, count), self.dtype)

    def _past(self, number: int, at: int) -> tuple[Tensor, Tensor]:
        """The two positions before frame ``at`` of a stretch, the later one first."""
        if at > 1:
            return self.frames[at - 1], self.frames[at - 2]
        y, z = self.starts[number]
        return (self.frames[0], y) if at == 1 else (y, y - self.sheets.dt * z)

    def _backward_step(
        self,
        image: int,
        past: tuple[Tensor, Tensor],
        block: Tensor,
        incoming: Tensor,
        pixel: Tensor | None,
        carried: WaveState,
    ) -> None:
        _, grad_omega, grad_alpha = (values[image] for values in self.incoming)
        self.sheets.backward_image(
            image,
            past,
            block,
            incoming,
            pixels=pixel,
            grad_state=carried,
            grad_omega=grad_omega,
            grad_alpha=grad_alpha,
            grad_coupling=self.of_coupling,
        )


def _copy(state: WaveState) -> WaveState:
    return WaveState(state.y.clone(), state.z.clone())
