"""The evolution of one image and its adjoint, compiled: every step in one pass over the rows, its state in cache.

The equation is the one of :mod:`drumhead.fields.wave`. The adjoint follows from it: with ``ly`` and ``lz`` the
gradients of the loss with respect to position and velocity, ``u`` the neighbours' pull before the nonlinearity
``f``, and going backward through the step from ``(y, z)``,

    lz <- lz + dt ly
    a   = dt lz f'(u)                     the gradient of u
    grad omega -= dt lz y
    grad alpha -= dt lz z
    grad coupling += a correlated with y
    ly <- ly - dt lz omega + a convolved with the transposed coupling + the gradient of y's frame
    lz <- lz - dt lz alpha

Nothing but the frames is kept from the way forward: ``z`` is the difference of two frames over dt, and ``f(u)``
is computed again.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.kernels.compiling import compiled, kernel
from drumhead.fields.kernels.fast_tanh import fast_tanh
from drumhead.fields.kernels.rows import (
    CIRCULAR,
    FREE,
    Array,
    add,
    add_out_row,
    blank,
    first_pixel,
    pour,
    pour_out_row,
    row_of,
    stride_of,
    surround,
    zeros,
)
from drumhead.fields.kernels.stencils import add_lanes, convolve_row, correlate, even
from drumhead.fields.kernels.tiles import VECTOR_BYTES


class Sheet(NamedTuple):
    """One image's oscillators; all arrays C-contiguous and of one type."""

    omega: Array
    """Stiffness, ``(channel, height, width)``, as the next."""
    alpha: Array
    weights: Array
    """The coupling, as :func:`drumhead.fields.kernels.stencils.packed` gives it."""
    dt: float
    """A scalar of the arrays' type."""
    boundary: int
    tanh: bool


class State(NamedTuple):
    """Position and velocity of one image's oscillators, ``(channel, height, width)``; or gradients of the two."""

    y: Array
    z: Array


class Gradients(NamedTuple):
    """Where the gradients of one image go; all added to."""

    omega: Array
    """``(channel, height, width)``, as the next."""
    alpha: Array
    coupling: NDArray[np.float64]
    """``(channel, channel, 3, 3)``; left out if it has no elements."""


@kernel
def forward(sheet: Sheet, state: State, frames: Array) -> None:
    """Fill ``frames``, ``(time, channel, height, width)``, with the evolution from a state, and move that to its end."""
    channels, height, width = state.y.shape
    size = channels * stride_of(width)
    y, later, z, omega, alpha = (blank(state.y), blank(state.y), blank(state.y), blank(state.y), blank(state.y))
    pour(state.y, y)
    pour(state.z, z)
    pour(sheet.omega, omega)
    pour(sheet.alpha, alpha)
    pull = zeros(even(channels) * stride_of(width), y.dtype)
    for t in range(frames.shape[0]):
        surround(y, channels, height, width, sheet.boundary)
        for h in range(height):
            convolve_row(y, h, channels, width, sheet.weights, pull)
            if sheet.tanh:
                _bend(pull[:size])
            row = row_of(h, channels, width)
            _advance(pull[:size], omega[row], alpha[row], sheet.dt, y[row], z[row], later[row])
            pour_out_row(later, h, frames[t])
        y, later = later, y
    for h in range(height):
        pour_out_row(y, h, state.y)
        pour_out_row(z, h, state.z)


@kernel
def adjoint(
    sheet: Sheet, transposed: Array, start: State, frames: Array, incoming: Array, carried: State, gradients: Gradients
) -> None:
    """Find the gradients of one image from ``incoming``, the gradient of its ``frames``, back to their ``start``.

    ``transposed``: the coupling with its channels exchanged and its kernels turned by 180 degrees, packed.
    ``carried``: the gradient of the state at the end, by what comes after the frames; becomes that of ``start``.
    """
    channels, height, width = start.y.shape
    size, lanes = channels * stride_of(width), VECTOR_BYTES // start.y.itemsize
    rate = start.y.dtype.type(1) / sheet.dt
    y, earlier, omega, alpha = blank(start.y), blank(start.y), blank(start.y), blank(start.y)
    a, ly, lz = blank(start.y), blank(start.y), blank(start.y)
    of_omega, of_alpha = blank(start.y), blank(start.y)
    before = start.y - sheet.dt * start.z  # the position a step before the start, so that its velocity is that
    pour(sheet.omega, omega)
    pour(sheet.alpha, alpha)
    pour(carried.y, ly)
    pour(carried.z, lz)
    f, back = zeros(even(channels) * stride_of(width), y.dtype), zeros(even(channels) * stride_of(width), y.dtype)
    sums = zeros(even(channels) * channels * 9 * lanes, y.dtype)
    totals = np.zeros(sums.size, np.float64)
    steps = frames.shape[0]
    pour(frames[steps - 2] if steps > 1 else start.y, y)
    for t in range(steps - 1, -1, -1):  # back through the step to frame t, from ``y``, which came from ``earlier``
        pour(frames[t - 2] if t > 1 else start.y if t == 1 else before, earlier)
        surround(y, channels, height, width, sheet.boundary)
        add(incoming[t], ly)
        for h in range(height):
            if sheet.tanh:
                convolve_row(y, h, channels, width, sheet.weights, f)
                _bend(f[:size])
            row = row_of(h, channels, width)
            _retreat(
                f[:size], y[row], earlier[row], omega[row], alpha[row], sheet.dt, rate,
                a[row], ly[row], lz[row], of_omega[row], of_alpha[row],
            )  # fmt: skip
        if gradients.coupling.size:
            correlate(a, y, channels, height, width, sums)
            _collect(sums, totals)
        _give_back(a, channels, height, width, sheet.boundary, transposed, back, ly)
        y, earlier = earlier, y
    for h in range(height):
        pour_out_row(ly, h, carried.y)
        pour_out_row(lz, h, carried.z)
        add_out_row(of_omega, h, gradients.omega)
        add_out_row(of_alpha, h, gradients.alpha)
    if gradients.coupling.size:
        add_lanes(totals, lanes, gradients.coupling)


@compiled
def _bend(row: Array) -> None:
    for i in range(row.size):
        row[i] = fast_tanh(row[i])


@compiled
def _advance(pull: Array, omega: Array, alpha: Array, dt: float, y: Array, z: Array, later: Array) -> None:
    """The step, for one row."""
    for i in range(y.size):
        velocity = z[i] + dt * (pull[i] - omega[i] * y[i] - alpha[i] * z[i])
        z[i] = velocity
        later[i] = y[i] + dt * velocity


@compiled
def _retreat(
    f: Array, y: Array, earlier: Array, omega: Array, alpha: Array, dt: float, rate: float,
    a: Array, ly: Array, lz: Array, of_omega: Array, of_alpha: Array,
) -> None:  # fmt: skip
    """The adjoint of :func:`_advance`, all but what comes through the neighbours. With f(u) = u, ``f`` is 0."""
    one = f.dtype.type(1)
    for i in range(y.size):
        velocity = lz[i] + dt * ly[i]
        force = dt * velocity
        a[i] = force * (one - f[i] * f[i])
        of_omega[i] -= force * y[i]
        of_alpha[i] -= force * ((y[i] - earlier[i]) * rate)
        ly[i] -= force * omega[i]
        lz[i] = velocity - force * alpha[i]


@compiled
def _collect(sums: Array, totals: NDArray[np.float64]) -> None:
    """Move the sums of one step to the totals: thousands of float32 steps would lose digits."""
    for k in range(sums.size):
        totals[k] += sums[k]
        sums[k] = 0


@compiled
def _give_back(
    a: Array, channels: int, height: int, width: int, boundary: int, transposed: Array, back: Array, ly: Array
) -> None:
    """Add to ``ly`` what ``a`` gives back through the coupling. ``back`` is scratch for a row."""
    if boundary == CIRCULAR:
        surround(a, channels, height, width, boundary)
    stride, beyond = stride_of(width), 1 if boundary == FREE else 0
    for h in range(-beyond, height + beyond):
        target = min(max(h, 0), height - 1)  # a row beyond a free edge is a copy of the edge
        convolve_row(a, h, channels, width, transposed, back)
        first = first_pixel(target, channels, width)
        for c in range(channels):
            row, to = back[c * stride : c * stride + width], ly[first + c * stride : first + c * stride + width]
            for x in range(width):
                to[x] += row[x]
        if boundary == FREE:
            _give_back_columns(a, h, channels, width, transposed, ly, target)


@compiled
def _give_back_columns(a: Array, h: int, channels: int, width: int, transposed: Array, ly: Array, target: int) -> None:
    """What the pixels just beyond the free left and right edge received, given to the edge they are copies of."""
    stride, outputs = stride_of(width), even(channels)
    edge = first_pixel(target, channels, width)
    for c in range(channels):
        for p in range(3):
            at = first_pixel(h + p - 1, channels, width) + c * stride
            for i in range(channels):
                weight = (c * 9 + p * 3) * outputs + i
                ly[edge + i * stride] += a[at] * transposed[weight + 2 * outputs]
                ly[edge + i * stride + width - 1] += a[at + width - 1] * transposed[weight]
