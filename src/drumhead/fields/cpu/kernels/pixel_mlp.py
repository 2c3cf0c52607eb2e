"""Two linear layers with ReLU between at each pixel, on a band of rows, and their adjoint.

Their input is the second half of the channels of a field, their output the first half of that or another: the hidden
state and the next input of :mod:`drumhead.fields.cpu.kernels.lstm`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from drumhead.fields.cpu.kernels.compiling import compiled
from drumhead.fields.cpu.kernels.convolutions import correlate_points, map_row, map_row_biased
from drumhead.fields.cpu.kernels.padded_rows import Array, first_pixel, row_size, stride_of, zeros


class Layers(NamedTuple):
    """Weights as :func:`drumhead.fields.cpu.kernels.convolutions.packed` gives them, and sizes, even numbers."""

    first: Array
    """From channels to units. With bias; transposed, from units to channels, without."""
    second: Array
    """From units to channels."""
    units: int


class Bench(NamedTuple):
    """Room for what is made of a band of rows for a while."""

    units: Array
    of_units: Array
    back: Array
    """The gradient of the layers' input."""
    ones: Array
    """Of what the biases are the weights."""


@compiled
def scratch(most: int, c: int, units: int, width: int, dtype: Any) -> Bench:
    """Room for ``most`` rows."""
    size = most * row_size(units, width)
    ones = zeros(stride_of(width), dtype)
    ones[:] = 1
    return Bench(zeros(size, dtype), zeros(size, dtype), zeros(most * row_size(c, width), dtype), ones)


@compiled
def hidden_units(layers: Layers, field: Array, top: int, rows: int, c: int, width: int, units: Array) -> None:
    """The units between the layers, for so many rows from row ``top`` on, one row after another."""
    row, size = row_size(2 * c, width), row_size(layers.units, width)
    at, first, count = first_pixel(top, 2 * c, width) + row_size(c, width), layers.first, layers.units
    for r in range(rows):
        map_row_biased(field, at + r * row, 0, c, width, first, count, units, r * size)
    zero = units.dtype.type(0)
    for k in range(np.uintp(rows * size)):
        units[k] = zero if units[k] < zero else units[k]  # nan passes


@compiled
def apply(layers: Layers, field: Array, top: int, rows: int, c: int, width: int, units: Array) -> None:
    """Fill the first half of the field's channels, for so many rows from row ``top`` on."""
    hidden_units(layers, field, top, rows, c, width, units)
    row, size, to = row_size(2 * c, width), row_size(layers.units, width), first_pixel(top, 2 * c, width)
    second, count = layers.second, layers.units
    for r in range(rows):
        map_row_biased(units, r * size, 0, count, width, second, c, field, to + r * row)


@compiled
def go_back(
    layers: Layers,
    transposed: Layers,
    field: Array,
    of_field: Array,
    top: int,
    rows: int,
    c: int,
    width: int,
    scratch: Bench,
) -> None:
    """Find ``scratch.back`` from the gradient of the first half of the field's channels, for so many rows."""
    units, of_units, back, first, second = (
        scratch.units,
        scratch.of_units,
        scratch.back,
        transposed.first,
        transposed.second,
    )
    hidden_units(layers, field, top, rows, c, width, units)
    count, row, size = layers.units, row_size(2 * c, width), row_size(layers.units, width)
    at, part = first_pixel(top, 2 * c, width), row_size(c, width)
    for r in range(rows):
        map_row(of_field, at + r * row, 0, c, width, second, count, of_units, r * size)
    _mask(units, of_units, rows * size)
    for r in range(rows):
        map_row(of_units, r * size, 0, count, width, first, c, back, r * part)


@compiled
def add_layer_gradients(
    units: int, field: Array, of_field: Array, top: int, rows: int, c: int, width: int, scratch: Bench,
    first: Array, first_bias: Array, second: Array, second_bias: Array,
) -> None:  # fmt: skip
    """Add to the sums of the weights' gradients, for the rows of which :func:`go_back` was called last."""
    row, size = row_size(2 * c, width), row_size(units, width)
    at, hidden = first_pixel(top, 2 * c, width), first_pixel(top, 2 * c, width) + row_size(c, width)
    correlate_points(of_field, at, row, c, scratch.units, 0, size, units, rows, width, second)
    correlate_points(of_field, at, row, c, scratch.ones, 0, 0, 1, rows, width, second_bias)
    correlate_points(scratch.of_units, 0, size, units, field, hidden, row, c, rows, width, first)
    correlate_points(scratch.of_units, 0, size, units, scratch.ones, 0, 0, 1, rows, width, first_bias)


@compiled
def _mask(units: Array, gradient: Array, count: int) -> None:
    """The adjoint of ReLU."""
    zero = units.dtype.type(0)
    for k in range(np.uintp(count)):
        gradient[k] = gradient[k] if units[k] > zero else zero
