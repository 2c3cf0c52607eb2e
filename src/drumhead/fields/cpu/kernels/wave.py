"""The compiled evolution of one image and its adjoint: each step is one pass over blocks of rows, which stay in cache.

The equation and its adjoint are in :mod:`drumhead.fields.wave`.

The forward pass keeps nothing but the frames: in the backward pass ``z`` is the difference of two frames divided by
``dt``, and ``f(u)`` is recomputed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import compiled, kernel
from drumhead.fields.cpu.kernels.convolutions import (
    convolve_row_3x3,
    convolve_transposed,
    correlate_3x3,
    flush_lane_sums,
    reduce_lanes,
)
from drumhead.fields.cpu.kernels.fast_tanh import tanh_
from drumhead.fields.cpu.kernels.padded_rows import (
    Array,
    add_from_padded,
    add_to_padded,
    aligned_zeros,
    copy_from_padded,
    copy_to_padded,
    fill_halo,
    padded_indices,
    padded_zeros,
    round_up_to_even,
    row_block,
    row_block_height,
    row_size,
    row_start,
    scatter_add,
)
from drumhead.fields.cpu.kernels.register_tiles import VECTOR_BYTES


class OscillatorGrid(NamedTuple):
    """The parameters of one image's oscillators; all arrays are C-contiguous and of one dtype."""

    omega: Array
    """Stiffness, ``(channel, height, width)``."""
    alpha: Array
    """Damping, ``(channel, height, width)``."""
    coupling: Array
    """The coupling, packed by :func:`drumhead.fields.cpu.kernels.convolutions.pack_weights`."""
    dt: float
    """The length of a step, a scalar of the arrays' dtype."""
    boundary: int
    """The boundary's number in :mod:`drumhead.fields.cpu.kernels.padded_rows`."""
    tanh: bool
    """Whether the nonlinearity is tanh; else there is none."""


class WaveArrays(NamedTuple):
    """Position and velocity of one image's oscillators, or gradients of the two, ``(channel, height, width)``."""

    y: Array
    z: Array


class PreviousPositions(NamedTuple):
    """The last two positions before the first frame, ``(channel, height, width)``: they give the velocity there."""

    last: Array
    second_last: Array


class ParameterGradients(NamedTuple):
    """The arrays to which one image's gradients of the parameters are added."""

    omega: Array
    """``(channel, height, width)``."""
    alpha: Array
    """``(channel, height, width)``."""
    coupling: NDArray[np.float64]
    """``(channel, channel, 3, 3)``; with no elements, this gradient is not computed."""


@kernel
def wave_forward(grid: OscillatorGrid, state: WaveArrays, frames: Array) -> None:
    """Fill ``frames``, ``(time, channel, height, width)``, from a state, and overwrite the state with the last one."""
    channels, height, width = state.y.shape
    shape, dtype = state.y.shape, state.y.dtype
    y, y_next, z = padded_zeros(shape, dtype), padded_zeros(shape, dtype), padded_zeros(shape, dtype)
    omega, alpha, pull = padded_zeros(shape, dtype), padded_zeros(shape, dtype), padded_zeros(shape, dtype)
    copy_to_padded(state.y.reshape(-1), y, channels, height, width)
    copy_to_padded(state.z.reshape(-1), z, channels, height, width)
    copy_to_padded(grid.omega.reshape(-1), omega, channels, height, width)
    copy_to_padded(grid.alpha.reshape(-1), alpha, channels, height, width)
    block_height = row_block_height(channels, width)
    for t in range(frames.shape[0]):
        frame = frames[t].reshape(-1)
        fill_halo(y, channels, height, width, grid.boundary)
        for top in range(0, height, block_height):
            rows = min(block_height, height - top)
            block = row_block(top, rows, channels, width)
            _convolve_tanh(y, top, rows, channels, width, grid, pull)
            _forward_step(pull[block], omega[block], alpha[block], grid.dt, y[block], z[block], y_next[block])
            copy_from_padded(y_next, top, rows, frame, channels, height, width)
        y, y_next = y_next, y
    copy_from_padded(y, 0, height, state.y.reshape(-1), channels, height, width)
    copy_from_padded(z, 0, height, state.z.reshape(-1), channels, height, width)


@kernel
def wave_adjoint(
    grid: OscillatorGrid, transposed: Array, previous: PreviousPositions, frames: Array, grad_frames: Array,
    pixels: NDArray[np.int64], grad_state: WaveArrays, gradients: ParameterGradients,
) -> None:  # fmt: skip
    """Compute the gradients of one image's parameters and first state from those of its frames and last state.

    Args:
        grid: The parameters.
        transposed: The coupling with its channels exchanged and its kernels rotated by 180 degrees, packed.
        previous: The last two positions before the first frame.
        frames: The frames that :func:`wave_forward` filled, ``(time, channel, height, width)``.
        grad_frames: The gradient of the frames, ``(time, channel, pixel)``.
        pixels: The pixels' numbers in the image; with no elements, ``grad_frames`` has all pixels, in order.
        grad_state: The gradient of the state after the last frame, through what follows it; overwritten with the
            gradient of the state before the first frame.
        gradients: The gradients of the parameters are added to these.
    """
    channels, height, width = previous.last.shape
    shape, dtype, lanes = previous.last.shape, previous.last.dtype, VECTOR_BYTES // previous.last.itemsize
    inverse_dt = dtype.type(1) / grid.dt
    y, y_before, lu, f = (
        padded_zeros(shape, dtype),
        padded_zeros(shape, dtype),
        padded_zeros(shape, dtype),
        padded_zeros(shape, dtype),
    )
    omega, alpha, ly, lz = (
        padded_zeros(shape, dtype),
        padded_zeros(shape, dtype),
        padded_zeros(shape, dtype),
        padded_zeros(shape, dtype),
    )
    grad_omega, grad_alpha = padded_zeros(shape, dtype), padded_zeros(shape, dtype)
    copy_to_padded(grid.omega.reshape(-1), omega, channels, height, width)
    copy_to_padded(grid.alpha.reshape(-1), alpha, channels, height, width)
    copy_to_padded(grad_state.y.reshape(-1), ly, channels, height, width)
    copy_to_padded(grad_state.z.reshape(-1), lz, channels, height, width)
    last, second_last = previous.last.reshape(-1), previous.second_last.reshape(-1)
    row_scratch = aligned_zeros(row_size(channels, width), dtype)
    lane_sums = aligned_zeros(round_up_to_even(channels) * channels * 9 * lanes, dtype)
    totals = np.zeros(lane_sums.size, np.float64)
    indices = padded_indices(pixels, channels, width)
    steps, block_height = frames.shape[0], row_block_height(channels, width)
    copy_to_padded(frames[steps - 2].reshape(-1) if steps > 1 else last, y, channels, height, width)
    for t in range(steps - 1, -1, -1):  # backward through the step from y, which came from y_before, to frame t
        before = frames[t - 2].reshape(-1) if t > 1 else last if t == 1 else second_last
        copy_to_padded(before, y_before, channels, height, width)
        fill_halo(y, channels, height, width, grid.boundary)
        if pixels.size:
            scatter_add(indices, grad_frames[t].reshape(-1), ly, channels, width)
        else:
            add_to_padded(grad_frames[t].reshape(-1), ly, channels, height, width)
        for top in range(0, height, block_height):
            rows = min(block_height, height - top)
            block = row_block(top, rows, channels, width)
            if grid.tanh:
                _convolve_tanh(y, top, rows, channels, width, grid, f)
            _backward_step(
                f[block], y[block], y_before[block], omega[block], alpha[block], grid.dt, inverse_dt,
                lu[block], ly[block], lz[block], grad_omega[block], grad_alpha[block],
            )  # fmt: skip
        if gradients.coupling.size:
            correlate_3x3(lu, channels, y, channels, height, width, lane_sums)
            flush_lane_sums(lane_sums, totals)
        convolve_transposed(lu, channels, ly, channels, height, width, grid.boundary, transposed, row_scratch)
        y, y_before = y_before, y
    copy_from_padded(ly, 0, height, grad_state.y.reshape(-1), channels, height, width)
    copy_from_padded(lz, 0, height, grad_state.z.reshape(-1), channels, height, width)
    add_from_padded(grad_omega, gradients.omega.reshape(-1), channels, height, width)
    add_from_padded(grad_alpha, gradients.alpha.reshape(-1), channels, height, width)
    if gradients.coupling.size:
        reduce_lanes(totals, lanes, gradients.coupling)


@compiled
def _convolve_tanh(y: Array, top: int, rows: int, channels: int, width: int, grid: OscillatorGrid, pull: Array) -> None:
    """Compute the neighbours' pull, after the nonlinearity, on ``rows`` rows from row ``top`` on."""
    row_stride, outputs = row_size(channels, width), round_up_to_even(channels)
    for h in range(top, top + rows):
        start = row_start(h, channels, width)
        convolve_row_3x3(y, start, row_stride, channels, width, grid.coupling, outputs, pull, start)
    if grid.tanh:
        tanh_(pull[row_block(top, rows, channels, width)])


@compiled
def _forward_step(pull: Array, omega: Array, alpha: Array, dt: float, y: Array, z: Array, y_next: Array) -> None:
    """Take the step for a block of rows: overwrite ``z`` and ``y_next``."""
    for i in range(y.size):
        velocity = z[i] + dt * (pull[i] - omega[i] * y[i] - alpha[i] * z[i])
        z[i] = velocity
        y_next[i] = y[i] + dt * velocity


@compiled
def _backward_step(
    f: Array, y: Array, y_before: Array, omega: Array, alpha: Array, dt: float, inverse_dt: float,
    lu: Array, ly: Array, lz: Array, grad_omega: Array, grad_alpha: Array,
) -> None:  # fmt: skip
    """Go backward through the step for a block of rows, but for the transposed coupling's part of ``ly``.

    ``f`` is tanh(u), or 0 without a nonlinearity, so that 1 - f^2 is the derivative in either case.
    """
    one = f.dtype.type(1)
    for i in range(y.size):
        grad_velocity = lz[i] + dt * ly[i]
        grad_force = dt * grad_velocity
        lu[i] = grad_force * (one - f[i] * f[i])
        grad_omega[i] -= grad_force * y[i]
        grad_alpha[i] -= grad_force * ((y[i] - y_before[i]) * inverse_dt)
        ly[i] -= grad_force * omega[i]
        lz[i] = grad_velocity - grad_force * alpha[i]
