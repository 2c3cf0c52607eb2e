"""A convolutional LSTM on one image and its adjoint, compiled: band by band of rows, its state in cache.

The cell is the one of :mod:`drumhead.fields.cells`; the network at each pixel that makes the next input is in
:mod:`drumhead.fields.cpu.kernels.pixel_mlp`. A sigmoid is a tanh, ``sigmoid(x) = (1 + tanh(x / 2)) / 2``: kernels and
biases of the gates i, f and o come halved, and a gate is held as the tanh of its convolution. Backward through a step,
with ``lx``, ``lh`` and ``lm`` the gradients of input, hidden state and memory after it,

    lh <- lh + what the network gives back for lx
    lm <- lm + lh o (1 - tanh(memory)^2)
    a   = the gradients of the four convolutions: lm g i', lm (memory before) f', lm i g', lh tanh(memory) o'
    grad kernel += a correlated with [input, hidden] before
    lm <- lm f
    lx, lh <- a convolved with the transposed kernel, and the gradient of the frame before onto lx

Of the way forward all but the hidden units of the network and tanh(memory) is kept.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import compiled, kernel
from drumhead.fields.cpu.kernels.convolutions import (
    add_lanes,
    collect,
    convolve_row_biased,
    convolve_transposed,
    correlate,
    correlate_points,
)
from drumhead.fields.cpu.kernels.fast_tanh import fast_tanh, tanh_
from drumhead.fields.cpu.kernels.padded_rows import (
    Array,
    add,
    empty_padded,
    even,
    fill_halo,
    first_pixel,
    pad_in,
    row_block,
    row_block_height,
    row_size,
    unpad_out,
    zeros,
)
from drumhead.fields.cpu.kernels.pixel_mlp import Layers, add_layer_gradients, apply, go_back, scratch
from drumhead.fields.cpu.kernels.register_tiles import VECTOR_BYTES


class Cell(NamedTuple):
    """The weights, for channels made even; packed by :func:`drumhead.fields.cpu.kernels.convolutions.packed`."""

    gates: Array
    """From input and hidden state to i, f, g, o, those of i, f and o halved; with bias, or transposed and without."""
    layers: Layers
    """What makes the next input; or those transposed."""


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
    memory: Array
    gates: Array
    """``(time, height * row_size(4 channels made even, width))``: rows as in a field, 0 in between.

    It and the two before are for the way back, and left out if they have no elements.
    """


class Gradients(NamedTuple):
    """One array for each of the weights: ``(output, channel, row, column)``, one row and column but for the first.

    Of the weights as :class:`Cell` has them. Added to; left out if they have no elements.
    """

    gates: NDArray[Any]
    gates_bias: NDArray[Any]
    """Of one channel, as all biases."""
    first: NDArray[Any]
    first_bias: NDArray[Any]
    second: NDArray[Any]
    second_bias: NDArray[Any]


class Fields(NamedTuple):
    """A state in the layout of rows; or gradients of it."""

    both: Array
    """Input and hidden state, twice as many channels."""
    memory: Array


@kernel
def forward(cell: Cell, boundary: int, state: State, track: Track) -> None:
    """Fill the track from a state, and move that to its end."""
    channels, height, width = state.input.shape
    kind, c = state.input.dtype, even(channels)
    now, later = _fields(c, height, width, kind), empty_padded((2 * c, height, width), kind)
    both, memory = now.both, now.memory
    _pad_in(state.input, state.hidden, state.memory, now)
    most, row, kept = row_block_height(2 * c, width), row_size(4 * c, width), track.gates.size > 0
    room, units = zeros(most * row, kind), zeros(most * row_size(cell.layers.units, width), kind)
    for t in range(track.frames.shape[0]):
        fill_halo(both, 2 * c, height, width, boundary)
        gates = track.gates[t] if kept else room
        for top in range(0, height, most):
            rows, at = min(most, height - top), top * row if kept else 0
            _open_gates(cell, both, top, rows, c, width, gates, at)
            _forward_step(gates, at, top, rows, c, width, memory, later)
            apply(cell.layers, later, top, rows, c, width, units)
            unpad_out(later, top, rows, track.frames[t].reshape(-1), channels, height, width, 0, 2 * c)
            if kept:
                unpad_out(later, top, rows, track.hidden[t].reshape(-1), channels, height, width, c, 2 * c)
                unpad_out(memory, top, rows, track.memory[t].reshape(-1), channels, height, width, 0, c)
        both, later = later, both
    _unpad_out(Fields(both, memory), state)


@kernel
def adjoint(
    cell: Cell,
    transposed: Cell,
    boundary: int,
    start: State,
    track: Track,
    incoming: Array,
    carried: State,
    gradients: Gradients,
) -> None:
    """Find the gradients of one image from ``incoming``, the gradient of its frames, back to their ``start``.

    ``carried``: the gradient of the state at the end, by what comes after the frames; becomes that of ``start``.
    """
    channels, height, width = start.input.shape
    kind, lanes, c = start.input.dtype, VECTOR_BYTES // start.input.itemsize, even(channels)
    now, later, of = (
        _fields(c, height, width, kind),
        _fields(c, height, width, kind),
        _fields(c, height, width, kind),
    )
    a, back = empty_padded((4 * c, height, width), kind), zeros(row_size(2 * c, width), kind)
    steps, most = track.frames.shape[0], row_block_height(2 * c, width)
    work = scratch(most, c, cell.layers.units, width, kind)
    sums, totals = _sums(gradients, lanes, kind), _sums(gradients, lanes, np.float64)
    last = steps - 1
    _pad_in(carried.input, carried.hidden, carried.memory, of)
    _pad_in(track.frames[last], track.hidden[last], track.memory[last], later)
    add(incoming[last].reshape(-1), of.both, channels, height, width, 0, 2 * c)
    for t in range(last, -1, -1):  # back through the step to frame t, from ``now`` to ``later``
        if t > 0:
            _pad_in(track.frames[t - 1], track.hidden[t - 1], track.memory[t - 1], now)
        else:
            _pad_in(start.input, start.hidden, start.memory, now)
        fill_halo(now.both, 2 * c, height, width, boundary)
        for top in range(0, height, most):
            rows = min(most, height - top)
            go_back(cell.layers, transposed.layers, later.both, of.both, top, rows, c, width, work)
            if gradients.gates.size:
                add_layer_gradients(
                    cell.layers.units, later.both, of.both, top, rows, c, width, work,
                    sums.first, sums.first_bias, sums.second, sums.second_bias,
                )  # fmt: skip
            _backward_step(
                track.gates[t], a, top, rows, c, width, now.memory, later.memory, of.memory, of.both, work.back
            )
        if gradients.gates.size:
            correlate(a, 4 * c, now.both, 2 * c, height, width, sums.gates)
            at, row = first_pixel(0, 4 * c, width), row_size(4 * c, width)
            correlate_points(a, at, row, 4 * c, work.ones, 0, 0, 1, height, width, sums.gates_bias)
            for k in range(len(sums)):
                collect(sums[k], totals[k])
        of.both[row_block(0, height, 2 * c, width)] = 0
        if t > 0:
            pad_in(incoming[t - 1].reshape(-1), of.both, channels, height, width, 0, 2 * c)
        convolve_transposed(a, 4 * c, of.both, 2 * c, height, width, boundary, transposed.gates, back)
        now, later = later, now
    _unpad_out(of, carried)
    if gradients.gates.size:
        for k in range(len(totals)):
            add_lanes(totals[k], lanes, gradients[k])


@compiled
def _fields(c: int, height: int, width: int, dtype: Any) -> Fields:
    return Fields(empty_padded((2 * c, height, width), dtype), empty_padded((c, height, width), dtype))


@compiled
def _sums(gradients: Gradients, lanes: int, dtype: Any) -> Gradients:
    """Room for the lanes of sums."""
    return Gradients(
        zeros(gradients.gates.size * lanes, dtype),
        zeros(gradients.gates_bias.size * lanes, dtype),
        zeros(gradients.first.size * lanes, dtype),
        zeros(gradients.first_bias.size * lanes, dtype),
        zeros(gradients.second.size * lanes, dtype),
        zeros(gradients.second_bias.size * lanes, dtype),
    )


@compiled
def _pad_in(input: Array, hidden: Array, memory: Array, fields: Fields) -> None:
    channels, height, width = input.shape
    c = even(channels)
    pad_in(input.reshape(-1), fields.both, channels, height, width, 0, 2 * c)
    pad_in(hidden.reshape(-1), fields.both, channels, height, width, c, 2 * c)
    pad_in(memory.reshape(-1), fields.memory, channels, height, width, 0, c)


@compiled
def _unpad_out(fields: Fields, state: State) -> None:
    channels, height, width = state.input.shape
    c = even(channels)
    unpad_out(fields.both, 0, height, state.input.reshape(-1), channels, height, width, 0, 2 * c)
    unpad_out(fields.both, 0, height, state.hidden.reshape(-1), channels, height, width, c, 2 * c)
    unpad_out(fields.memory, 0, height, state.memory.reshape(-1), channels, height, width, 0, c)


@compiled
def _open_gates(cell: Cell, both: Array, top: int, rows: int, c: int, width: int, gates: Array, to: int) -> None:
    """The gates of so many rows from row ``top`` on, one row after another from ``to`` on."""
    row, size, at = row_size(2 * c, width), row_size(4 * c, width), first_pixel(top, 2 * c, width)
    weights = cell.gates
    for r in range(rows):
        convolve_row_biased(both, at + r * row, row, 2 * c, width, weights, 4 * c, gates, to + r * size)
    tanh_(gates[to : to + rows * size])


@compiled
def _forward_step(
    gates: Array, first: int, top: int, rows: int, c: int, width: int, memory: Array, later: Array
) -> None:
    """The step of memory and hidden state, for so many rows, whose gates are from ``first`` on."""
    half, run = gates.dtype.type(0.5), row_size(c, width)
    at, to = first_pixel(top, c, width), first_pixel(top, 2 * c, width) + run
    for r in range(rows):
        i, f, g, o = _gates_of(first + r * 4 * run, run)
        m, h = np.uintp(at + r * run), np.uintp(to + r * 2 * run)
        for x in range(np.uintp(run)):
            value = (half + half * gates[f + x]) * memory[m + x] + (half + half * gates[i + x]) * gates[g + x]
            memory[m + x] = value
            later[h + x] = (half + half * gates[o + x]) * fast_tanh(value)


@compiled
def _backward_step(
    gates: Array, a: Array, top: int, rows: int, c: int, width: int,
    memory: Array, later_memory: Array, of_memory: Array, of_both: Array, back: Array,
) -> None:  # fmt: skip
    """The adjoint of :func:`_forward_step`: the gates' gradient goes into ``a``, that of memory a step back.

    ``back``: what the next input gives to the gradient of the hidden state.
    """
    run = row_size(c, width)
    first, at, near = first_pixel(top, 4 * c, width), first_pixel(top, c, width), first_pixel(top, 2 * c, width) + run
    for r in range(rows):  # one row a call: a loop over all is not vectorised
        _retreat_row(
            gates, (top + r) * 4 * run, a, first + r * 4 * run, run,
            memory, later_memory, of_memory, at + r * run, of_both, near + r * 2 * run, back, r * run,
        )  # fmt: skip


@compiled
def _retreat_row(
    gates: Array, opened: int, a: Array, first: int, run: int,
    memory: Array, later_memory: Array, of_memory: Array, at: int,
    of_hidden: Array, near: int, back: Array, behind: int,
) -> None:  # fmt: skip
    half, one = a.dtype.type(0.5), a.dtype.type(1)
    i, f, g, o = _gates_of(opened, run)
    to_i, to_f, to_g, to_o = _gates_of(first, run)
    m, h, b = np.uintp(at), np.uintp(near), np.uintp(behind)
    for x in range(np.uintp(run)):
        bent = fast_tanh(later_memory[m + x])
        hidden = of_hidden[h + x] + back[b + x]
        value = of_memory[m + x] + hidden * (half + half * gates[o + x]) * (one - bent * bent)
        a[to_i + x] = value * gates[g + x] * half * (one - gates[i + x] * gates[i + x])
        a[to_f + x] = value * memory[m + x] * half * (one - gates[f + x] * gates[f + x])
        a[to_g + x] = value * (half + half * gates[i + x]) * (one - gates[g + x] * gates[g + x])
        a[to_o + x] = hidden * bent * half * (one - gates[o + x] * gates[o + x])
        of_memory[m + x] = value * (half + half * gates[f + x])


@compiled
def _gates_of(first: int, run: int) -> tuple[np.uintp, np.uintp, np.uintp, np.uintp]:
    """Where i, f, g and o begin in a row."""
    return np.uintp(first), np.uintp(first + run), np.uintp(first + 2 * run), np.uintp(first + 3 * run)
