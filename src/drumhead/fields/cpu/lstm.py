"""The convolutional LSTM on a CPU by compiled code, forward and backward, one image at a time.

The cell is :class:`drumhead.fields.cells.LSTMCell`; an MLP at each pixel computes the next input from the hidden state,
and these inputs are the frames. The compiled kernels are in :mod:`drumhead.fields.cpu.kernels`, which is imported when
it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import DTypeLike, NDArray
from torch import Tensor

from drumhead.fields.options import Boundary

if TYPE_CHECKING:
    from drumhead.fields.cpu.kernels.lstm import WeightGradients

GATE_SCALES = np.array([0.5, 0.5, 1.0, 0.5])
"""Factors of the weights of the gates i, f, g and o in the kernels, which compute a sigmoid as a tanh of half its
argument."""


class LSTMState(NamedTuple):
    """The state before a step, each ``(..., channel, height, width)``; or gradients of it."""

    input: Tensor
    hidden: Tensor
    memory: Tensor


class LSTMTape(NamedTuple):
    """What the forward pass records after each step, ``(time, channel, height, width)`` each, contiguous.

    All but the frames is for the backward pass; tensors without elements are not recorded.
    """

    frames: Tensor
    """The input of the next step."""
    hidden: Tensor
    memory: Tensor
    gates: Tensor
    """In the kernels' layout, ``(time, ...)``."""

    def first(self, steps: int) -> LSTMTape:
        """Return the part of the tape for the first ``steps`` steps."""
        return LSTMTape(*(values[:steps] for values in self))


class LSTMWeights(NamedTuple):
    """The parameters of a cell of C channels and of the MLP, two linear layers with a ReLU between them."""

    gates: Tensor
    """``(4 C, 2 C, 3, 3)``."""
    gates_bias: Tensor
    """``(4 C,)``."""
    first: Tensor
    """``(unit, C)``."""
    first_bias: Tensor
    """``(unit,)``."""
    second: Tensor
    """``(C, unit)``."""
    second_bias: Tensor
    """``(C,)``."""


class LSTMGradients:
    """The sums of the weights' gradients over steps and images, in float64.

    Args:
        weights: The weights.
        needs_grad: Whether to compute the gradients; without them, a quarter of the work is saved.
    """

    def __init__(self, weights: LSTMWeights, *, needs_grad: bool) -> None:
        self.weights = weights
        self._padded = _PaddedWeights(weights, np.float64) if needs_grad else None

    def arrays(self) -> WeightGradients:
        """Return the arrays to which the kernel adds gradients; they have no elements if no gradient is computed."""
        from drumhead.fields.cpu.kernels.lstm import WeightGradients

        if self._padded:
            return WeightGradients(*self._padded.arrays)
        return WeightGradients(*[np.zeros((0, 0, 0, 0))] * len(self.weights))

    def tensors(self) -> list[Tensor | None]:
        """Return a gradient for each of the weights, of its shape and dtype; None each if they are not computed."""
        if not self._padded:
            return [None] * len(self.weights)
        return [
            torch.from_numpy(view * scale).to(weight.dtype).view(weight.shape)
            for view, scale, weight in zip(self._padded.views, self._padded.scales, self.weights, strict=True)
        ]


class LSTMKernel:
    """The compiled LSTM on single images and its adjoint.

    An evolution may be computed in chunks of any number of steps. Several threads may share an instance. Python's
    global interpreter lock is released during a computation.

    Args:
        weights: CPU tensors of one dtype, float32 or float64. They are not checked.
        boundary: What lies beyond the edge of the image.
    """

    def __init__(self, weights: LSTMWeights, *, boundary: Boundary) -> None:
        from drumhead.fields.cpu.kernels.convolutions import pack_weights
        from drumhead.fields.cpu.kernels.lstm import CellWeights
        from drumhead.fields.cpu.kernels.pixel_mlp import MLPWeights

        self.weights = weights
        padded = _PaddedWeights(weights, _array(weights.gates).dtype)
        for view, scale, weight in zip(padded.views, padded.scales, map(_array, weights), strict=True):
            view[:] = weight.reshape(view.shape) * scale
        gates, gates_bias, first, first_bias, second, second_bias = padded.arrays
        gates_transposed, units = gates[:, :, ::-1, ::-1].swapaxes(0, 1), len(first)
        mlp = MLPWeights(pack_weights(first, first_bias), pack_weights(second, second_bias), units)
        mlp_transposed = MLPWeights(pack_weights(first.swapaxes(0, 1)), pack_weights(second.swapaxes(0, 1)), units)
        self.packed = CellWeights(pack_weights(gates, gates_bias), mlp)
        self.transposed = CellWeights(pack_weights(gates_transposed), mlp_transposed)
        self.boundary = get_args(Boundary).index(boundary)

    def new_tape(self, state: LSTMState, *, steps: int, backward: bool) -> LSTMTape:
        """Return a new tape.

        Args:
            state: A state of the image size and dtype of the tape.
            steps: The number of steps to record.
            backward: Whether to record what the backward pass needs.
        """
        from drumhead.fields.cpu.kernels.padded_rows import round_up_to_even, row_size

        channels, height, width = shape = state.input.shape[-3:]
        recorded, empty = steps if backward else 0, state.input.new_empty
        gates = state.input.new_zeros(recorded, height * row_size(4 * round_up_to_even(channels), width))
        return LSTMTape(empty(steps, *shape), empty(recorded, *shape), empty(recorded, *shape), gates)

    def forward_image(self, state: LSTMState, tape: LSTMTape) -> None:
        """Fill the tape from a state, and overwrite the state with the last one.

        Args:
            state: ``(channel, height, width)`` each, contiguous.
            tape: From :meth:`new_tape`.
        """
        from drumhead.fields.cpu.kernels.lstm import LSTMArrays, TapeArrays, lstm_forward

        lstm_forward(self.packed, self.boundary, LSTMArrays(*map(_array, state)), TapeArrays(*map(_array, tape)))

    def backward_image(
        self,
        start: LSTMState,
        tape: LSTMTape,
        grad_frames: Tensor,
        *,
        grad_state: LSTMState,
        grad_weights: LSTMGradients,
    ) -> None:
        """Compute the gradients of the weights and the first state from those of the frames and the last state.

        Args:
            start: The state from which :meth:`forward_image` filled the tape.
            tape: The whole tape.
            grad_frames: The loss's gradient with respect to the frames, ``(time, channel, height, width)``.
            grad_state: The gradient with respect to the state after the last frame, through what follows it;
                overwritten with the gradient with respect to ``start``.
            grad_weights: The gradients of the weights are added to this.
        """
        from drumhead.fields.cpu.kernels.lstm import LSTMArrays, TapeArrays, lstm_adjoint

        lstm_adjoint(
            self.packed,
            self.transposed,
            self.boundary,
            LSTMArrays(*map(_array, start)),
            TapeArrays(*map(_array, tape)),
            np.ascontiguousarray(_array(grad_frames)),
            LSTMArrays(*map(_array, grad_state)),
            grad_weights.arrays(),
        )


class _PaddedWeights:
    """Arrays of zeros for the weights, with the numbers of channels and units rounded up to even.

    ``arrays`` are in the kernels' layout, ``(output, channel, row, column)``. ``views`` are the parts of them that
    belong to the weights; ``scales`` are the factors of these parts.
    """

    def __init__(self, weights: LSTMWeights, dtype: DTypeLike) -> None:
        units, channels = weights.first.shape
        c, u = channels + channels % 2, units + units % 2
        gates, gates_bias = np.zeros((4, c, 2, c, 3, 3), dtype), np.zeros((4, c, 1, 1, 1), dtype)
        first, second = np.zeros((u, c, 1, 1), dtype), np.zeros((c, u, 1, 1), dtype)
        first_bias, second_bias = np.zeros((u, 1, 1, 1), dtype), np.zeros((c, 1, 1, 1), dtype)
        self.arrays: list[NDArray[Any]] = [
            gates.reshape(4 * c, 2 * c, 3, 3),
            gates_bias.reshape(4 * c, 1, 1, 1),
            first,
            first_bias,
            second,
            second_bias,
        ]
        own_channels, own_units = slice(channels), slice(units)
        self.views: list[NDArray[Any]] = [
            gates[:, own_channels, :, own_channels],
            gates_bias[:, own_channels],
            first[own_units, own_channels],
            first_bias[own_units],
            second[own_channels, own_units],
            second_bias[own_channels],
        ]
        gate_scales = GATE_SCALES.reshape(4, 1, 1, 1, 1)
        self.scales: list[Any] = [gate_scales[..., None], gate_scales, 1, 1, 1, 1]


def _array(values: Tensor) -> NDArray[Any]:
    array: NDArray[Any] = values.numpy(force=True)
    return array
