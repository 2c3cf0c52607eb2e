"""A per-pixel MLP of two linear layers with a ReLU between them, on a block of rows, and its adjoint.

A padded field holds both its input and its output: the second half of the channels is the input, the first half the
output. These are the hidden state and the next input of :mod:`drumhead.fields.cpu.kernels.lstm`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from drumhead.fields.cpu.kernels.compiling import compiled
from drumhead.fields.cpu.kernels.convolutions import convolve_row_1x1, convolve_row_1x1_biased, correlate_1x1
from drumhead.fields.cpu.kernels.padded_rows import Array, aligned_zeros, padded_width, row_size, row_start


class MLPWeights(NamedTuple):
    """The weights of the two layers, packed by :func:`drumhead.fields.cpu.kernels.convolutions.pack_weights`.

    The numbers of channels and units are even. In the transposed weights each matrix is transposed, without bias.
    """

    first: Array
    """Of the layer from channels to units."""
    second: Array
    """Of the layer from units to channels."""
    units: int
    """The number of hidden units."""


class Scratch(NamedTuple):
    """Arrays for the intermediate values of a row block."""

    units: Array
    """The hidden units after the ReLU."""
    grad_units: Array
    """The gradient of the hidden units before the ReLU."""
    grad_input: Array
    """The gradient of the MLP's input."""
    ones: Array
    """A row of ones: a bias is the weight of a constant input 1."""


@compiled
def new_scratch(block_rows: int, channels: int, units: int, width: int, dtype: Any) -> Scratch:
    """Return scratch arrays for blocks of up to ``block_rows`` rows."""
    size = block_rows * row_size(units, width)
    ones = aligned_zeros(padded_width(width), dtype)
    ones[:] = 1
    return Scratch(
        aligned_zeros(size, dtype),
        aligned_zeros(size, dtype),
        aligned_zeros(block_rows * row_size(channels, width), dtype),
        ones,
    )


@compiled
def mlp_forward(
    weights: MLPWeights, field: Array, top: int, rows: int, channels: int, width: int, units: Array
) -> None:
    """Compute the output of ``rows`` rows from row ``top`` on; ``units`` is overwritten with the hidden units."""
    _hidden_units(weights, field, top, rows, channels, width, units)
    row_stride, unit_stride = row_size(2 * channels, width), row_size(weights.units, width)
    start, second, count = row_start(top, 2 * channels, width), weights.second, weights.units
    for r in range(rows):
        convolve_row_1x1_biased(
            units, r * unit_stride, 0, count, width, second, channels, field, start + r * row_stride
        )


@compiled
def mlp_backward(
    weights: MLPWeights, transposed: MLPWeights, field: Array, grad_field: Array, top: int, rows: int,
    channels: int, width: int, scratch: Scratch,
) -> None:  # fmt: skip
    """Compute ``scratch.grad_input`` for ``rows`` rows from row ``top`` on.

    Args:
        weights, transposed: The weights and the transposed weights.
        field: The padded field that holds the MLP's input and output.
        grad_field: Its gradient, of which the first half of the channels, the output's, is read.
        top, rows: The row block.
        channels: The number of the MLP's input channels.
        width: The image's width.
        scratch: All of it but the ones is overwritten.
    """
    units, grad_units, grad_input, first, second = (
        scratch.units,
        scratch.grad_units,
        scratch.grad_input,
        transposed.first,
        transposed.second,
    )
    _hidden_units(weights, field, top, rows, channels, width, units)
    count, row_stride, unit_stride = weights.units, row_size(2 * channels, width), row_size(weights.units, width)
    start, input_stride = row_start(top, 2 * channels, width), row_size(channels, width)
    for r in range(rows):
        convolve_row_1x1(
            grad_field, start + r * row_stride, 0, channels, width, second, count, grad_units, r * unit_stride
        )
    _relu_backward(units, grad_units, rows * unit_stride)
    for r in range(rows):
        convolve_row_1x1(grad_units, r * unit_stride, 0, count, width, first, channels, grad_input, r * input_stride)


@compiled
def add_mlp_weight_gradients(
    units: int, field: Array, grad_field: Array, top: int, rows: int, channels: int, width: int, scratch: Scratch,
    first: Array, first_bias: Array, second: Array, second_bias: Array,
) -> None:  # fmt: skip
    """Add the weights' gradients of a row block to their lane sums, after :func:`mlp_backward` on the same block."""
    row_stride, unit_stride = row_size(2 * channels, width), row_size(units, width)
    out, hidden = row_start(top, 2 * channels, width), row_start(top, 2 * channels, width) + row_size(channels, width)
    correlate_1x1(grad_field, out, row_stride, channels, scratch.units, 0, unit_stride, units, rows, width, second)
    correlate_1x1(grad_field, out, row_stride, channels, scratch.ones, 0, 0, 1, rows, width, second_bias)
    correlate_1x1(scratch.grad_units, 0, unit_stride, units, field, hidden, row_stride, channels, rows, width, first)
    correlate_1x1(scratch.grad_units, 0, unit_stride, units, scratch.ones, 0, 0, 1, rows, width, first_bias)


@compiled
def _hidden_units(
    weights: MLPWeights, field: Array, top: int, rows: int, channels: int, width: int, units: Array
) -> None:
    """Compute the hidden units of ``rows`` rows from row ``top`` on, one row of units after another."""
    row_stride, unit_stride = row_size(2 * channels, width), row_size(weights.units, width)
    start = row_start(top, 2 * channels, width) + row_size(channels, width)
    first, count = weights.first, weights.units
    for r in range(rows):
        convolve_row_1x1_biased(field, start + r * row_stride, 0, channels, width, first, count, units, r * unit_stride)
    zero = units.dtype.type(0)
    for k in range(np.uintp(rows * unit_stride)):
        units[k] = zero if units[k] < zero else units[k]  # nan stays nan


@compiled
def _relu_backward(units: Array, gradient: Array, count: int) -> None:
    """Set the gradient to 0 where the ReLU's output is 0."""
    zero = units.dtype.type(0)
    for k in range(np.uintp(count)):
        gradient[k] = gradient[k] if units[k] > zero else zero
