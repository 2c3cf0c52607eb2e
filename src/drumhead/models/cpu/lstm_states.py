"""The states of a convolutional LSTM for a few images, stretch by stretch, by the engine fused for CPUs."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from drumhead.fields import LSTMCell
from drumhead.fields.cells import FieldConvolution
from drumhead.fields.cpu.lstm import LSTMGradients, LSTMKernel, LSTMState, LSTMWeights
from drumhead.models.cpu.state_stream import GradProvider, OnChunk, StateStream, scatter_grad
from drumhead.models.cpu.workspace import Workspace
from drumhead.models.pixel_mlp import PixelMLP

CHUNK_BYTES = 1 << 27
"""Most that is there of one image's states at a time, with what the way back needs, unless told otherwise: 128 MB."""


class LSTMStates(StateStream):
    """An LSTM that runs when it is heard.

    Going back, stretches are computed again from the states at their starts, which are kept; the last one is still
    there.

    Args:
        state: the first input, hidden state and memory, ``(image, channel, height, width)``, with what torch recorded
            of how they were made.
        recurrence: what follows from them. Nothing is kept for the way back if torch does not record now.
        steps: frames in all.
        stretch: frames at a time; as many as ``CHUNK_BYTES`` hold by default.
        workspace: where the gradient of a stretch is.
    """

    def __init__(
        self,
        state: LSTMState,
        recurrence: LSTMKernel,
        *,
        steps: int,
        stretch: int | None = None,
        workspace: Workspace,
    ) -> None:
        self.state, self.recurrence, self.steps = state, recurrence, steps
        of_weights, of_state = (
            torch.is_grad_enabled() and any(values.requires_grad for values in tensors)
            for tensors in (recurrence.weights, state)
        )
        self.differentiable = of_weights or of_state
        self.of_weights = LSTMGradients(recurrence.weights, needs_grad=of_weights)
        step_bytes = sum(values.nbytes for values in recurrence.new_tape(state, steps=1, backward=self.differentiable))
        self.stretch = min(steps, stretch or max(1, CHUNK_BYTES // max(1, step_bytes)))
        self.track = recurrence.new_tape(state, steps=self.stretch, backward=self.differentiable)
        self.workspace = workspace
        self.arriving = workspace.tensor("arriving", self.track.hidden.shape, self.track.hidden.dtype)
        self.starts: list[LSTMState] = []
        self.incoming = LSTMState(*(torch.zeros_like(v, memory_format=torch.contiguous_format) for v in state))

    @property
    def dtype(self) -> torch.dtype:
        return self.track.frames.dtype

    def forward_image(self, image: int, hear: OnChunk) -> None:
        state = _copy(LSTMState(*(values[image] for values in self.state)))
        self.starts = []
        for start in range(0, self.steps, self.stretch):
            self.starts.append(_copy(state))
            track = self.track.first(self.steps - start)
            self.recurrence.forward_image(state, track)
            hear(track.frames.flatten(2), start)

    def backward_image(self, image: int, tell: GradProvider, *, pixel: Tensor | None) -> None:
        carried = LSTMState(*(values[image] for values in self.incoming))
        for number in reversed(range(len(self.starts))):
            start = number * self.stretch
            track = self.track.first(self.steps - start)
            if number < len(self.starts) - 1:
                self.recurrence.forward_image(_copy(self.starts[number]), track)
            if not self.differentiable:
                tell(track.frames.flatten(2), start, None)
                continue
            arriving = self.arriving[: len(track.frames)]
            frames, out = track.frames.flatten(2), arriving.flatten(2)
            scatter_grad(tell, frames, start, out, pixel=pixel, workspace=self.workspace)
            self.recurrence.backward_image(
                self.starts[number], track, arriving, grad_state=carried, grad_weights=self.of_weights
            )

    def gradients(self, inputs: Sequence[Tensor]) -> list[Tensor | None]:
        pairs = [(o, g) for o, g in zip(self.state, self.incoming, strict=True) if o.requires_grad]
        found: list[Tensor | None] = [None] * len(inputs)
        if pairs and inputs:
            outputs, incoming = zip(*pairs, strict=True)
            found = list(torch.autograd.grad(outputs, inputs, incoming, allow_unused=True))
        own = {id(weight): g for weight, g in zip(self.recurrence.weights, self.of_weights.tensors(), strict=True)}
        return [own.get(id(values), gradient) for values, gradient in zip(inputs, found, strict=True)]


def lstm_kernel(cell: nn.Module, next_input: nn.Module) -> LSTMKernel | None:
    """A cell and the network that makes its next input, compiled; none if they are not of the kind that can be.

    That is an :class:`~drumhead.fields.LSTMCell` and a :class:`~drumhead.models.PixelMLP` with one hidden layer,
    not a subclass, which may compute something else, and nothing with hooks, which would not be called.
    """
    modules = [*cell.modules(), *next_input.modules()]
    expected = [LSTMCell, FieldConvolution, PixelMLP, nn.Sequential, nn.Linear, nn.ReLU, nn.Linear]
    hooked = any(m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in modules)
    parameters = [*cell.parameters(), *next_input.parameters()]
    if list(map(type, modules)) != expected or hooked or len(parameters) != len(LSTMWeights._fields):
        return None
    assert isinstance(cell, LSTMCell)
    return LSTMKernel(LSTMWeights(*parameters), boundary=cell.gates.boundary)


def _copy(state: LSTMState) -> LSTMState:
    """In memory of its own, contiguous."""
    return LSTMState(*(values.detach().clone(memory_format=torch.contiguous_format) for values in state))
