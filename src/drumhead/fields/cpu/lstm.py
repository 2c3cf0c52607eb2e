"""The convolutional LSTM on a CPU, compiled: forth and back, one image at a time, fed with its own frames.

The cell is :class:`drumhead.fields.cells.LSTMCell`. The compiled kernels are in
:mod:`drumhead.fields.cpu.kernels`, which is loaded when it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import DTypeLike, NDArray
from torch import Tensor

from drumhead.fields.boundaries import Boundary

if TYPE_CHECKING:
    from drumhead.fields.cpu.kernels.lstm import Gradients

SCALES = np.array([0.5, 0.5, 1.0, 0.5])
"""Of the gates i, f, g and o in the kernels, where a sigmoid is the tanh of half its argument."""


class LSTMState(NamedTuple):
    """What the next step follows from, each ``(..., channel, height, width)``; or gradients of it."""

    input: Tensor
    hidden: Tensor
    memory: Tensor


class LSTMTape(NamedTuple):
    """What a state passes through: after each step, ``(time, channel, height, width)``, contiguous.

    All but the frames is for the way back, and left out if there is no element in it.
    """

    frames: Tensor
    """The inputs of the next step."""
    hidden: Tensor
    memory: Tensor
    gates: Tensor
    """In an order of their own, ``(time, ...)``."""

    def first(self, count: int) -> LSTMTape:
        """The part of it for so many steps."""
        return LSTMTape(*(values[:count] for values in self))


class LSTMWeights(NamedTuple):
    """The parameters of a cell of C channels, and of two linear layers with ReLU between that make the next input."""

    gates: Tensor
    """``(4 C, 2 C, 3, 3)``."""
    gates_bias: Tensor
    first: Tensor
    """``(unit, C)``."""
    first_bias: Tensor
    second: Tensor
    """``(C, unit)``."""
    second_bias: Tensor


class LSTMGradients:
    """Where the gradients of the weights are added up, in float64.

    Args:
        weights: of which.
        needs_grad: without it they are left out, a quarter of the work.
    """

    def __init__(self, weights: LSTMWeights, *, needs_grad: bool) -> None:
        self.weights = weights
        self._evened = _Evened(weights, np.float64) if needs_grad else None

    def arrays(self) -> Gradients:
        """Where the kernel adds them."""
        from drumhead.fields.cpu.kernels.lstm import Gradients

        return Gradients(*(self._evened.wholes if self._evened else [np.zeros((0, 0, 0, 0))] * len(self.weights)))

    def tensors(self) -> list[Tensor | None]:
        """One for each of the weights, of its type; none if not wanted."""
        if not self._evened:
            return [None] * len(self.weights)
        return [
            torch.from_numpy(part * scale).to(weight.dtype).view(weight.shape)
            for part, scale, weight in zip(self._evened.parts, self._evened.scales, self.weights, strict=True)
        ]


class LSTMKernel:
    """An LSTM that goes forth and back on one image, in as many pieces as wanted.

    Threads may share one. Python's lock is not held while it runs.

    Args:
        weights: CPU tensors of one type, float32 or float64. Not checked.
        boundary: what lies beyond the edge.
    """

    def __init__(self, weights: LSTMWeights, *, boundary: Boundary) -> None:
        from drumhead.fields.cpu.kernels.convolutions import packed
        from drumhead.fields.cpu.kernels.lstm import Cell
        from drumhead.fields.cpu.kernels.pixel_mlp import Layers

        self.weights = weights
        evened = _Evened(weights, _array(weights.gates).dtype)
        for part, scale, weight in zip(evened.parts, evened.scales, map(_array, weights), strict=True):
            part[:] = weight.reshape(part.shape) * scale
        gates, gates_bias, first, first_bias, second, second_bias = evened.wholes
        turned, units = gates[:, :, ::-1, ::-1].swapaxes(0, 1), len(first)
        layers = Layers(packed(first, first_bias), packed(second, second_bias), units)
        layers_back = Layers(packed(first.swapaxes(0, 1)), packed(second.swapaxes(0, 1)), units)
        self.cell, self.transposed = Cell(packed(gates, gates_bias), layers), Cell(packed(turned), layers_back)
        self.boundary = get_args(Boundary).index(boundary)

    def new_tape(self, state: LSTMState, *, steps: int, backward: bool) -> LSTMTape:
        """Room for so many steps of states like this one, with what the way back needs or without."""
        from drumhead.fields.cpu.kernels.padded_rows import even, row_size

        channels, height, width = shape = state.input.shape[-3:]
        kept, empty = steps if backward else 0, state.input.new_empty
        gates = state.input.new_zeros(kept, height * row_size(4 * even(channels), width))
        return LSTMTape(empty(steps, *shape), empty(kept, *shape), empty(kept, *shape), gates)

    def forward_image(self, state: LSTMState, tape: LSTMTape) -> None:
        """Fill the tape from a state, ``(channel, height, width)`` each, contiguous, and move the state to its end."""
        from drumhead.fields.cpu.kernels.lstm import State, Track, forward

        forward(self.cell, self.boundary, State(*map(_array, state)), Track(*map(_array, tape)))

    def backward_image(
        self,
        start: LSTMState,
        tape: LSTMTape,
        grad_frames: Tensor,
        *,
        grad_state: LSTMState,
        grad_weights: LSTMGradients,
    ) -> None:
        """The gradients from the one of the frames of a whole tape that :meth:`forward_image` filled.

        Args:
            start: the state that the tape follows from.
            tape: what :meth:`forward_image` filled.
            grad_frames: the loss's gradient with respect to the frames, by what reads them.
            grad_state: its gradient with respect to the state at their end, by what comes later; becomes the gradient
                with respect to ``start``.
            grad_weights: where those of the weights are added.
        """
        from drumhead.fields.cpu.kernels.lstm import State, Track, adjoint

        states = State(*map(_array, start)), Track(*map(_array, tape)), np.ascontiguousarray(_array(grad_frames))
        carried_arrays = State(*map(_array, grad_state))
        adjoint(self.cell, self.transposed, self.boundary, *states, carried_arrays, grad_weights.arrays())


class _Evened:
    """Room for the weights of an even number of channels and units, 0 at first.

    ``wholes``: as the kernels have them, ``(output, channel, row, column)``. ``parts``: what in them is the weights',
    to be multiplied by ``scales``.
    """

    def __init__(self, weights: LSTMWeights, dtype: DTypeLike) -> None:
        units, channels = weights.first.shape
        c, u = channels + channels % 2, units + units % 2
        gates, gates_bias = np.zeros((4, c, 2, c, 3, 3), dtype), np.zeros((4, c, 1, 1, 1), dtype)
        first, second = np.zeros((u, c, 1, 1), dtype), np.zeros((c, u, 1, 1), dtype)
        first_bias, second_bias = np.zeros((u, 1, 1, 1), dtype), np.zeros((c, 1, 1, 1), dtype)
        self.wholes: list[NDArray[Any]] = [
            gates.reshape(4 * c, 2 * c, 3, 3),
            gates_bias.reshape(4 * c, 1, 1, 1),
            first,
            first_bias,
            second,
            second_bias,
        ]
        own, used = slice(channels), slice(units)
        self.parts: list[NDArray[Any]] = [
            gates[:, own, :, own],
            gates_bias[:, own],
            first[used, own],
            first_bias[used],
            second[own, used],
            second_bias[own],
        ]
        self.scales: list[Any] = [SCALES.reshape(4, 1, 1, 1, 1, 1), SCALES.reshape(4, 1, 1, 1, 1), 1, 1, 1, 1]


def _array(values: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = values.numpy(force=True)
    return array
