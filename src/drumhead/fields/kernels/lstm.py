"""A convolutional LSTM on one image and its adjoint, compiled: band by band of rows, its state in cache.

The cell is the one of :mod:`drumhead.fields.cells`; what makes the next input is two linear layers at each pixel with
ReLU between. A sigmoid is a tanh, ``sigmoid(x) = (1 + tanh(x / 2)) / 2``: the kernels and biases of the gates i, f and
o come halved, so that all four gates are the tanh of the convolution. With ``p`` one of those before its tanh, going
backward through a step with gradients of the new input, hidden state and memory,

    hidden += W1' [relu > 0] W2' input    and what the layers' weights receive
    memory += hidden sigmoid(o) (1 - tanh(memory)^2)
    the gradients of each p, of which the convolution's are a correlation with [input, hidden]
    [input, hidden] = those convolved with the transposed kernel + the gradient of the frame before
    memory = memory sigmoid(f)

From the way forward frames, hidden states and memories are kept; gates and hidden units are computed again, which is
no slower than to fetch them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.kernels.compiling import compiled, kernel
from drumhead.fields.kernels.fast_tanh import bend, fast_tanh
from drumhead.fields.kernels.rows import (
    Array,
    add,
    band_height,
    band_of,
    blank,
    even,
    first_pixel,
    pour,
    pour_out,
    row_size,
    stride_of,
    surround,
    zeros,
)
from drumhead.fields.kernels.stencils import (
    add_lanes,
    collect,
    convolve_row_biased,
    correlate,
    correlate_points,
    give_back,
    map_row,
    map_row_biased,
)
from drumhead.fields.kernels.tiles import VECTOR_BYTES


class Cell(NamedTuple):
    """The weights, as :func:`drumhead.fields.kernels.stencils.packed` gives them, of an even number of channels."""

    gates: Array
    """From input and hidden state to the gates i, f, g, o; those of i, f and o halved. With bias, as the next two."""
    first: Array
    """The linear layers that make the next input."""
    second: Array
    units: int
    """Between them, an even number."""
    boundary: int


class Transposed(NamedTuple):
    """The kernels of a :class:`Cell` with inputs and outputs exchanged, those of the gates turned by 180 degrees; no bias."""

    gates: Array
    first: Array
    second: Array


class State(NamedTuple):
    """What the next step follows from, each ``(channel, height, width)``; or gradients of it."""

    input: Array
    hidden: Array
    memory: Array


class Track(NamedTuple):
    """What a state passes through, after each step, each ``(time, channel, height, width)``."""

    frames: Array
    """The inputs of the next step."""
    hidden: Array
    """For the way back, as the next; left out if it has no elements."""
    memory: Array


class Gradients(NamedTuple):
    """Where the gradients of the weights go, each ``(output, channel, row, column)``; all added to.

    Of an even number of channels, and of halved gates, as those in :class:`Cell`. Left out if ``gates`` has no elements.
    """

    gates: NDArray[np.float64]
    gates_bias: NDArray[np.float64]
    """With one channel, row and column, as all that follow but for channels."""
    first: NDArray[np.float64]
    first_bias: NDArray[np.float64]
    second: NDArray[np.float64]
    second_bias: NDArray[np.float64]


@kernel
def forward(cell: Cell, state: State, track: Track) -> None:
    """Fill the track from a state, and move that to its end."""
    shape = state.input.shape
    channels, height, width = shape
    kind, c = state.input.dtype, even(channels)
    both, later = blank(2 * c, height, width, kind), blank(2 * c, height, width, kind)
    memory = blank(c, height, width, kind)
    pour(state.input.reshape(-1), both, channels, height, width, 0, 2 * c)
    pour(state.hidden.reshape(-1), both, channels, height, width, c, 2 * c)
    pour(state.memory.reshape(-1), memory, channels, height, width, 0, c)
    most, run = band_height(4 * c, width), c * stride_of(width)
    gates, units = zeros(most * 4 * run, kind), zeros(most * row_size(cell.units, width), kind)
    for t in range(track.frames.shape[0]):
        frame = track.frames[t].reshape(-1)
        surround(both, 2 * c, height, width, cell.boundary)
        for top in range(0, height, most):
            rows = min(most, height - top)
            _open_gates(cell, both, top, rows, c, width, gates, 0)
            for r in range(rows):
                there = first_pixel(top + r, 2 * c, width) + run
                _advance(gates, r * 4 * run, run, memory, first_pixel(top + r, c, width), later, there)
            _next_input(cell, later, top, rows, c, width, units, later)
            pour_out(later, top, rows, frame, channels, height, width, 0, 2 * c)
            if track.hidden.size:
                pour_out(later, top, rows, track.hidden[t].reshape(-1), channels, height, width, c, 2 * c)
                pour_out(memory, top, rows, track.memory[t].reshape(-1), channels, height, width, 0, c)
        both, later = later, both
    pour_out(both, 0, height, state.input.reshape(-1), channels, height, width, 0, 2 * c)
    pour_out(both, 0, height, state.hidden.reshape(-1), channels, height, width, c, 2 * c)
    pour_out(memory, 0, height, state.memory.reshape(-1), channels, height, width, 0, c)


@kernel
def adjoint(
    cell: Cell,
    transposed: Transposed,
    start: State,
    track: Track,
    incoming: Array,
    carried: State,
    gradients: Gradients,
) -> None:
    """Find the gradients of one image from ``incoming``, the gradient of its frames, back to their ``start``.

    ``carried``: the gradient of the state at the end, by what comes after the frames; becomes that of ``start``.
    """
    shape = start.input.shape
    channels, height, width = shape
    kind, lanes, c = start.input.dtype, VECTOR_BYTES // start.input.itemsize, even(channels)
    both, later, of_both = (
        blank(2 * c, height, width, kind),
        blank(2 * c, height, width, kind),
        blank(2 * c, height, width, kind),
    )
    memory, later_memory, of_memory = (
        blank(c, height, width, kind),
        blank(c, height, width, kind),
        blank(c, height, width, kind),
    )
    a = blank(4 * c, height, width, kind)
    pour(carried.input.reshape(-1), of_both, channels, height, width, 0, 2 * c)
    pour(carried.hidden.reshape(-1), of_both, channels, height, width, c, 2 * c)
    pour(carried.memory.reshape(-1), of_memory, channels, height, width, 0, c)
    steps, most, run, size = (
        track.frames.shape[0],
        band_height(4 * c, width),
        c * stride_of(width),
        row_size(cell.units, width),
    )
    units, of_units, back = zeros(most * size, kind), zeros(most * size, kind), zeros(max(2, most) * run, kind)
    ones = np.ones(stride_of(width) + lanes, kind)
    places = _places(c, cell.units, lanes)
    sums = zeros(places[-1], kind)
    totals = np.zeros(sums.size, np.float64)
    pour(track.hidden[steps - 1].reshape(-1), later, channels, height, width, c, 2 * c)
    pour(track.memory[steps - 1].reshape(-1), later_memory, channels, height, width, 0, c)
    add(incoming[steps - 1].reshape(-1), of_both, channels, height, width, 0, 2 * c)
    for t in range(steps - 1, -1, -1):  # back through the step to ``later``, which came from ``both``
        pour((track.frames[t - 1] if t else start.input).reshape(-1), both, channels, height, width, 0, 2 * c)
        pour((track.hidden[t - 1] if t else start.hidden).reshape(-1), both, channels, height, width, c, 2 * c)
        pour((track.memory[t - 1] if t else start.memory).reshape(-1), memory, channels, height, width, 0, c)
        surround(both, 2 * c, height, width, cell.boundary)
        for top in range(0, height, most):
            rows = min(most, height - top)
            _open_gates(cell, both, top, rows, c, width, a, first_pixel(top, 4 * c, width))
            _hidden_units(cell, later, top, rows, c, width, units)
            at = first_pixel(top, 2 * c, width)
            for r in range(rows):
                map_row(of_both, at + r * 2 * run, 0, c, width, transposed.second, cell.units, of_units, r * size)
            _mask(units[: rows * size], of_units[: rows * size])
            for r in range(rows):
                map_row(of_units, r * size, 0, cell.units, width, transposed.first, c, back, r * run)
            if gradients.gates.size:
                correlate_points(of_both, at, 2 * run, c, units, 0, size, cell.units, rows, width, sums, places[4])
                correlate_points(of_both, at, 2 * run, c, ones, 0, 0, 1, rows, width, sums, places[5])
                correlate_points(of_units, 0, size, cell.units, later, at + run, 2 * run, c, rows, width, sums, places[2])
                correlate_points(of_units, 0, size, cell.units, ones, 0, 0, 1, rows, width, sums, places[3])
            for r in range(rows):
                here = first_pixel(top + r, c, width)
                _retreat(
                    a, first_pixel(top + r, 4 * c, width), run, memory, later_memory, of_memory, here,
                    of_both, at + r * 2 * run + run, back, r * run,
                )  # fmt: skip
        if gradients.gates.size:
            correlate(a, 4 * c, both, 2 * c, height, width, sums)
            at = first_pixel(0, 4 * c, width)
            correlate_points(a, at, 4 * run, 4 * c, ones, 0, 0, 1, height, width, sums, places[1])
            collect(sums, totals)
        _arrive(incoming, t - 1, of_both, channels, height, width)
        give_back(a, 4 * c, of_both, 2 * c, height, width, cell.boundary, transposed.gates, back)
        both, later = later, both
        memory, later_memory = later_memory, memory
    pour_out(of_both, 0, height, carried.input.reshape(-1), channels, height, width, 0, 2 * c)
    pour_out(of_both, 0, height, carried.hidden.reshape(-1), channels, height, width, c, 2 * c)
    pour_out(of_memory, 0, height, carried.memory.reshape(-1), channels, height, width, 0, c)
    if gradients.gates.size:
        add_lanes(totals, places[0], lanes, gradients.gates)
        add_lanes(totals, places[1], lanes, gradients.gates_bias)
        add_lanes(totals, places[2], lanes, gradients.first)
        add_lanes(totals, places[3], lanes, gradients.first_bias)
        add_lanes(totals, places[4], lanes, gradients.second)
        add_lanes(totals, places[5], lanes, gradients.second_bias)


@compiled
def _places(c: int, units: int, lanes: int) -> tuple[int, int, int, int, int, int, int]:
    """Where the sums of each gradient begin, and their end."""
    gates = 4 * c * 2 * c * 9 * lanes
    bias = gates + 4 * c * lanes
    first = bias + units * c * lanes
    first_bias = first + units * lanes
    second = first_bias + c * units * lanes
    return 0, gates, bias, first, first_bias, second, second + c * lanes


@compiled
def _open_gates(cell: Cell, both: Array, top: int, rows: int, c: int, width: int, gates: Array, to: int) -> None:
    """The gates of so many rows from row ``top`` on, one row after another from ``to`` on, each the tanh."""
    row, size = row_size(2 * c, width), row_size(4 * c, width)
    for r in range(rows):
        at = first_pixel(top + r, 2 * c, width)
        convolve_row_biased(both, at, row, 2 * c, width, cell.gates, 4 * c, gates, to + r * size)
    bend(gates[to : to + rows * size])


@compiled
def _advance(gates: Array, at: int, run: int, memory: Array, here: int, hidden: Array, there: int) -> None:
    """The step of memory and hidden state, for a row: ``run`` numbers, of each gate too."""
    half = gates.dtype.type(0.5)
    i, f, g, o = np.uintp(at), np.uintp(at + run), np.uintp(at + 2 * run), np.uintp(at + 3 * run)
    m, h = np.uintp(here), np.uintp(there)
    for x in range(np.uintp(run)):
        value = (half + half * gates[f + x]) * memory[m + x] + (half + half * gates[i + x]) * gates[g + x]
        memory[m + x] = value
        hidden[h + x] = (half + half * gates[o + x]) * fast_tanh(value)


@compiled
def _hidden_units(cell: Cell, both: Array, top: int, rows: int, c: int, width: int, units: Array) -> None:
    """The units between the linear layers, for so many rows."""
    row, size, part = row_size(2 * c, width), row_size(cell.units, width), row_size(c, width)
    at = first_pixel(top, 2 * c, width) + part
    for r in range(rows):
        map_row_biased(both, at + r * row, 0, c, width, cell.first, cell.units, units, r * size)
    zero = units.dtype.type(0)
    for k in range(np.uintp(rows * size)):
        units[k] = zero if units[k] < zero else units[k]  # nan passes


@compiled
def _next_input(cell: Cell, both: Array, top: int, rows: int, c: int, width: int, units: Array, later: Array) -> None:
    _hidden_units(cell, both, top, rows, c, width, units)
    row, size = row_size(2 * c, width), row_size(cell.units, width)
    to = first_pixel(top, 2 * c, width)
    for r in range(rows):
        map_row_biased(units, r * size, 0, cell.units, width, cell.second, c, later, to + r * row)


@compiled
def _mask(units: Array, gradient: Array) -> None:
    """The adjoint of ReLU."""
    zero = units.dtype.type(0)
    for k in range(units.size):
        gradient[k] = gradient[k] if units[k] > zero else zero


@compiled
def _retreat(
    a: Array, at: int, run: int, memory: Array, later_memory: Array, of_memory: Array, here: int,
    of_hidden: Array, there: int, back: Array, behind: int,
) -> None:  # fmt: skip
    """The adjoint of :func:`_advance`, for a row: gates become gradients, and that of memory moves a step back."""
    half, one = a.dtype.type(0.5), a.dtype.type(1)
    i, f, g, o = np.uintp(at), np.uintp(at + run), np.uintp(at + 2 * run), np.uintp(at + 3 * run)
    m, h, b = np.uintp(here), np.uintp(there), np.uintp(behind)
    for x in range(np.uintp(run)):
        bent = fast_tanh(later_memory[m + x])
        hidden = of_hidden[h + x] + back[b + x]
        i_, f_, g_, o_ = a[i + x], a[f + x], a[g + x], a[o + x]
        value = of_memory[m + x] + hidden * (half + half * o_) * (one - bent * bent)
        a[i + x] = value * g_ * half * (one - i_ * i_)
        a[f + x] = value * memory[m + x] * half * (one - f_ * f_)
        a[g + x] = value * (half + half * i_) * (one - g_ * g_)
        a[o + x] = hidden * bent * half * (one - o_ * o_)
        of_memory[m + x] = value * (half + half * f_)


@compiled
def _arrive(incoming: Array, t: int, of_both: Array, channels: int, height: int, width: int) -> None:
    """Set the gradient of input and hidden state to that of frame ``t``, if it is one, and 0."""
    c = even(channels)
    of_both[band_of(0, height, 2 * c, width)] = 0
    if t >= 0:
        pour(incoming[t].reshape(-1), of_both, channels, height, width, 0, 2 * c)
