"""The states of a convolutional LSTM for a few images, chunk by chunk, by the engine compiled for CPUs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from drumhead.fields import LSTMCell
from drumhead.fields.cells import FieldConvolution
from drumhead.fields.cpu.lstm import LSTMGradients, LSTMKernel, LSTMState, LSTMWeights
from drumhead.models.cpu.state_stream import GradProvider, OnChunk, StateStream, backpropagate, scatter_grad
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.pixel_mlp import PixelMLP

CHUNK_BYTES = 1 << 27
"""The default size of a chunk: 128 MB of one image's states and of what the backward pass needs of them."""


class LSTMStates(StateStream):
    """The states of a convolutional LSTM, of which one chunk is in memory at any time (gradient checkpointing).

    The state at the start of each chunk is kept. The backward pass recomputes the chunks from these checkpoints, except
    for the last chunk, which is still in memory.

    Args:
        initial_state: The first input, hidden state and memory, ``(image, channel, height, width)``, with their
            autograd graph.
        kernel: The compiled LSTM. Nothing is kept for the backward pass if torch does not record gradients now.
        steps: The number of time steps.
        chunk_steps: The number of time steps in a chunk; None: as many as fit in ``CHUNK_BYTES``.
        workspace: Memory for the gradient of a chunk.
    """

    def __init__(
        self,
        initial_state: LSTMState,
        kernel: LSTMKernel,
        *,
        steps: int,
        chunk_steps: int | None = None,
        workspace: Workspace,
    ) -> None:
        self.initial_state, self.kernel, self.steps = initial_state, kernel, steps
        needs_grad_weights, needs_grad_state = (
            torch.is_grad_enabled() and any(values.requires_grad for values in tensors)
            for tensors in (kernel.weights, initial_state)
        )
        self.needs_grad = needs_grad_weights or needs_grad_state
        self.grad_weights = LSTMGradients(kernel.weights, needs_grad=needs_grad_weights)
        one_step = kernel.new_tape(initial_state, steps=1, backward=self.needs_grad)
        step_bytes = sum(values.nbytes for values in one_step)
        self.chunk_steps = min(steps, chunk_steps or max(1, CHUNK_BYTES // max(1, step_bytes)))
        self.tape = kernel.new_tape(initial_state, steps=self.chunk_steps, backward=self.needs_grad)
        self.workspace = workspace
        self.grad_frames = workspace.tensor("grad frames", self.tape.hidden.shape, self.tape.hidden.dtype)
        self.checkpoints: list[LSTMState] = []
        self.grad_initial_state = LSTMState(
            *(torch.zeros_like(values, memory_format=torch.contiguous_format) for values in initial_state)
        )

    @property
    def dtype(self) -> torch.dtype:
        return self.tape.frames.dtype

    def forward_image(self, image: int, on_chunk: OnChunk) -> None:
        state = _copy(LSTMState(*(values[image] for values in self.initial_state)))
        self.checkpoints = []
        for start in range(0, self.steps, self.chunk_steps):
            self.checkpoints.append(_copy(state))
            tape = self.tape.first(self.steps - start)
            self.kernel.forward_image(state, tape)
            on_chunk(tape.frames.flatten(2), start)

    def backward_image(self, image: int, write_gradient: GradProvider, *, pixels: Tensor | None) -> None:
        grad_state = LSTMState(*(values[image] for values in self.grad_initial_state))
        for chunk in reversed(range(len(self.checkpoints))):
            start = chunk * self.chunk_steps
            tape = self.tape.first(self.steps - start)
            if chunk < len(self.checkpoints) - 1:
                self.kernel.forward_image(_copy(self.checkpoints[chunk]), tape)
            frames = tape.frames.flatten(2)
            if not self.needs_grad:
                write_gradient(frames, start, None)
                continue
            grad_frames = self.grad_frames[: len(frames)]
            scatter_grad(write_gradient, frames, start, grad_frames.flatten(2), pixels=pixels, workspace=self.workspace)
            self.kernel.backward_image(
                self.checkpoints[chunk], tape, grad_frames, grad_state=grad_state, grad_weights=self.grad_weights
            )

    def gradients(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        gradients = backpropagate(self.initial_state, self.grad_initial_state, inputs)
        weight_pairs = zip(self.kernel.weights, self.grad_weights.tensors(), strict=True)
        grad_weights = {id(weight): gradient for weight, gradient in weight_pairs}
        return [grad_weights.get(id(values), gradient) for values, gradient in zip(inputs, gradients, strict=True)]


def lstm_kernel(cell: nn.Module, next_input: nn.Module) -> LSTMKernel | None:
    """Return the compiled kernel of a cell and of the network that computes its next input; None if there is none.

    There is one for an :class:`~drumhead.fields.LSTMCell` and a :class:`~drumhead.models.PixelMLP` with one hidden
    layer. A subclass, which may compute something else, has none.
    """
    modules = [*cell.modules(), *next_input.modules()]
    expected_types = [LSTMCell, FieldConvolution, PixelMLP, nn.Sequential, nn.Linear, nn.ReLU, nn.Linear]
    parameters = [*cell.parameters(), *next_input.parameters()]
    if list(map(type, modules)) != expected_types or len(parameters) != len(LSTMWeights._fields):
        return None
    assert isinstance(cell, LSTMCell)
    return LSTMKernel(LSTMWeights(*parameters), boundary=cell.gates.boundary)


def _copy(state: LSTMState) -> LSTMState:
    """Return a contiguous copy without autograd graph."""
    return LSTMState(*(values.detach().clone(memory_format=torch.contiguous_format) for values in state))
