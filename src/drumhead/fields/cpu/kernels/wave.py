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

from drumhead.fields.cpu.kernels.compiling import compiled, kernel
from drumhead.fields.cpu.kernels.convolutions import add_lanes, collect, convolve_row, convolve_transposed, correlate
from drumhead.fields.cpu.kernels.fast_tanh import tanh_
from drumhead.fields.cpu.kernels.padded_rows import (
    Array,
    add,
    add_at,
    add_out,
    empty_padded,
    even,
    fill_halo,
    first_pixel,
    pad_in,
    places_of,
    row_block,
    row_block_height,
    row_size,
    unpad_out,
    zeros,
)
from drumhead.fields.cpu.kernels.register_tiles import VECTOR_BYTES


class OscillatorGrid(NamedTuple):
    """One image's oscillators; all arrays C-contiguous and of one type."""

    omega: Array
    """Stiffness, ``(channel, height, width)``, as the next."""
    alpha: Array
    weights: Array
    """The coupling, as :func:`drumhead.fields.cpu.kernels.convolutions.packed` gives it."""
    dt: float
    """A scalar of the arrays' type."""
    boundary: int
    tanh: bool


class State(NamedTuple):
    """Position and velocity of one image's oscillators, ``(channel, height, width)``; or gradients of the two."""

    y: Array
    z: Array


class Past(NamedTuple):
    """The last two positions before some frames, ``(channel, height, width)``: their difference is the velocity."""

    y: Array
    earlier: Array


class Gradients(NamedTuple):
    """Where the gradients of one image go; all added to."""

    omega: Array
    """``(channel, height, width)``, as the next."""
    alpha: Array
    coupling: NDArray[np.float64]
    """``(channel, channel, 3, 3)``; left out if it has no elements."""


@kernel
def forward(sheet: OscillatorGrid, state: State, frames: Array) -> None:
    """Fill ``frames``, ``(time, channel, height, width)``, from a state, and move that to their end."""
    channels, height, width = state.y.shape
    shape, kind = state.y.shape, state.y.dtype
    y, later, z = empty_padded(shape, kind), empty_padded(shape, kind), empty_padded(shape, kind)
    omega, alpha, pull = empty_padded(shape, kind), empty_padded(shape, kind), empty_padded(shape, kind)
    pad_in(state.y.reshape(-1), y, channels, height, width)
    pad_in(state.z.reshape(-1), z, channels, height, width)
    pad_in(sheet.omega.reshape(-1), omega, channels, height, width)
    pad_in(sheet.alpha.reshape(-1), alpha, channels, height, width)
    most = row_block_height(channels, width)
    for t in range(frames.shape[0]):
        frame = frames[t].reshape(-1)
        fill_halo(y, channels, height, width, sheet.boundary)
        for top in range(0, height, most):
            rows = min(most, height - top)
            band = row_block(top, rows, channels, width)
            _convolve_tanh(y, top, rows, channels, width, sheet, pull)
            _forward_step(pull[band], omega[band], alpha[band], sheet.dt, y[band], z[band], later[band])
            unpad_out(later, top, rows, frame, channels, height, width)
        y, later = later, y
    unpad_out(y, 0, height, state.y.reshape(-1), channels, height, width)
    unpad_out(z, 0, height, state.z.reshape(-1), channels, height, width)


@kernel
def adjoint(
    sheet: OscillatorGrid, transposed: Array, past: Past, frames: Array, incoming: Array, pixels: NDArray[np.int64],
    carried: State, gradients: Gradients,
) -> None:  # fmt: skip
    """Find the gradients of one image from ``incoming``, the gradient of its ``frames``, back to before them.

    ``incoming`` is ``(time, channel, pixel)``, at those ``pixels``, or if they are none at all of the image.
    ``transposed``: the coupling with its channels exchanged and its kernels turned by 180 degrees, packed.
    ``carried``: the gradient of the state at the end, by what comes later; becomes that of the state before the frames.
    """
    channels, height, width = past.y.shape
    shape, kind, lanes = past.y.shape, past.y.dtype, VECTOR_BYTES // past.y.itemsize
    rate = kind.type(1) / sheet.dt
    y, earlier, a, f = (
        empty_padded(shape, kind),
        empty_padded(shape, kind),
        empty_padded(shape, kind),
        empty_padded(shape, kind),
    )
    omega, alpha, ly, lz = (
        empty_padded(shape, kind),
        empty_padded(shape, kind),
        empty_padded(shape, kind),
        empty_padded(shape, kind),
    )
    grad_omega, grad_alpha = empty_padded(shape, kind), empty_padded(shape, kind)
    pad_in(sheet.omega.reshape(-1), omega, channels, height, width)
    pad_in(sheet.alpha.reshape(-1), alpha, channels, height, width)
    pad_in(carried.y.reshape(-1), ly, channels, height, width)
    pad_in(carried.z.reshape(-1), lz, channels, height, width)
    first, before = past.y.reshape(-1), past.earlier.reshape(-1)
    back = zeros(row_size(channels, width), kind)
    sums = zeros(even(channels) * channels * 9 * lanes, kind)
    totals = np.zeros(sums.size, np.float64)
    places = places_of(pixels, channels, width)
    steps, most = frames.shape[0], row_block_height(channels, width)
    pad_in(frames[steps - 2].reshape(-1) if steps > 1 else first, y, channels, height, width)
    for t in range(steps - 1, -1, -1):  # back through the step to frame t, from ``y``, which came from ``earlier``
        pad_in(frames[t - 2].reshape(-1) if t > 1 else first if t == 1 else before, earlier, channels, height, width)
        fill_halo(y, channels, height, width, sheet.boundary)
        if pixels.size:
            add_at(places, incoming[t].reshape(-1), ly, channels, width)
        else:
            add(incoming[t].reshape(-1), ly, channels, height, width)
        for top in range(0, height, most):
            rows = min(most, height - top)
            band = row_block(top, rows, channels, width)
            if sheet.tanh:
                _convolve_tanh(y, top, rows, channels, width, sheet, f)
            _backward_step(
                f[band], y[band], earlier[band], omega[band], alpha[band], sheet.dt, rate,
                a[band], ly[band], lz[band], grad_omega[band], grad_alpha[band],
            )  # fmt: skip
        if gradients.coupling.size:
            correlate(a, channels, y, channels, height, width, sums)
            collect(sums, totals)
        convolve_transposed(a, channels, ly, channels, height, width, sheet.boundary, transposed, back)
        y, earlier = earlier, y
    unpad_out(ly, 0, height, carried.y.reshape(-1), channels, height, width)
    unpad_out(lz, 0, height, carried.z.reshape(-1), channels, height, width)
    add_out(grad_omega, gradients.omega.reshape(-1), channels, height, width)
    add_out(grad_alpha, gradients.alpha.reshape(-1), channels, height, width)
    if gradients.coupling.size:
        add_lanes(totals, lanes, gradients.coupling)


@compiled
def _convolve_tanh(
    y: Array, top: int, rows: int, channels: int, width: int, sheet: OscillatorGrid, pull: Array
) -> None:
    """The neighbours' pull on so many rows from row ``top`` on."""
    row, outputs = row_size(channels, width), even(channels)
    for h in range(top, top + rows):
        at = first_pixel(h, channels, width)
        convolve_row(y, at, row, channels, width, sheet.weights, outputs, pull, at)
    if sheet.tanh:
        tanh_(pull[row_block(top, rows, channels, width)])


@compiled
def _forward_step(pull: Array, omega: Array, alpha: Array, dt: float, y: Array, z: Array, later: Array) -> None:
    """The step, for some rows."""
    for i in range(y.size):
        velocity = z[i] + dt * (pull[i] - omega[i] * y[i] - alpha[i] * z[i])
        z[i] = velocity
        later[i] = y[i] + dt * velocity


@compiled
def _backward_step(
    f: Array, y: Array, earlier: Array, omega: Array, alpha: Array, dt: float, rate: float,
    a: Array, ly: Array, lz: Array, grad_omega: Array, grad_alpha: Array,
) -> None:  # fmt: skip
    """The adjoint of :func:`_forward_step`, all but what comes through the neighbours. With f(u) = u, ``f`` is 0."""
    one = f.dtype.type(1)
    for i in range(y.size):
        velocity = lz[i] + dt * ly[i]
        force = dt * velocity
        a[i] = force * (one - f[i] * f[i])
        grad_omega[i] -= force * y[i]
        grad_alpha[i] -= force * ((y[i] - earlier[i]) * rate)
        ly[i] -= force * omega[i]
        lz[i] = velocity - force * alpha[i]
