"""The evolution of one image and its adjoint, compiled: every step in one pass over the rows, its state in cache.

The equation is the one of :mod:`drumhead.fields.wave`. The adjoint follows from it: with ``ly`` and ``lz`` the
gradients of the loss with respect to position and velocity, ``u`` the neighbours' pull before the nonlinearity,
and going backward through the step from ``(y, z)``,

    lz <- lz + dt ly
    a   = dt lz f'(u)                     the gradient of u
    grad omega -= dt lz y
    grad alpha -= dt lz z
    grad coupling += a correlated with y
    ly <- ly + frame's gradient - dt lz omega + a convolved with the coupling, transposed
    lz <- lz - dt lz alpha

Nothing but the frames is kept from the way forward: ``z`` is the difference of two frames over dt, and ``f``
is computed again.

Everything that belongs to an image is held as a flat field: rows of the image, in them channels, in them pixels,
``stride`` apart, so that a row is one loop. Two rows lie beyond either edge of the image; what lies beyond the
left edge of a channel's row is the last of the ``stride`` elements before it. Elements between the rows hold
nothing of meaning. All numbers are of one type, float32 or float64.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.compiled import compiled, kernel
from drumhead.fields.fast_tanh import fast_tanh
from drumhead.fields.stencil_tiles import VECTOR_BYTES, WIDE, convolution_tile, correlation_tile

Array = NDArray[np.floating]

CIRCULAR, FIXED, FREE = range(3)
ALIGNED = 16
"""Strides are multiples of it: the elements of the widest vector of float32."""
BAND_BYTES = 16384
"""Size of the rows whose correlation with their neighbours is summed at a time: half of a small first-level cache."""

_wide_by_4, _wide_by_2 = convolution_tile(4, WIDE), convolution_tile(2, WIDE)
_narrow_by_4, _narrow_by_2 = convolution_tile(4, 1), convolution_tile(2, 1)
_correlate_4, _correlate_2 = correlation_tile(4), correlation_tile(2)


@compiled
def _stride(width: int) -> int:
    return (width + 2 + ALIGNED - 1) // ALIGNED * ALIGNED


@compiled
def _first_pixel(row: int, channels: int, stride: int) -> int:
    return ALIGNED + (row + 2) * channels * stride


@compiled
def _row(row: int, channels: int, width: int) -> slice:
    """A row of the image, all channels, in its field."""
    first = _first_pixel(row, channels, _stride(width))
    return slice(first, first + channels * _stride(width))


@compiled
def _zeros(size: int, dtype: Any) -> Array:
    """As many zeros, from an address on at which vectors are read whole."""
    values = np.zeros(size + ALIGNED, dtype)
    start = -(values.ctypes.data // values.itemsize) % ALIGNED
    return values[start : start + size]


@compiled
def _blank(image: Array) -> Array:
    """A field of zeros for an image (channel, height, width)."""
    channels, height, width = image.shape
    return _zeros(2 * ALIGNED + (height + 4) * channels * _stride(width), image.dtype)


@compiled
def _pour(image: Array, field: Array) -> None:
    """Image into field."""
    channels, height, width = image.shape
    stride = _stride(width)
    for h in range(height):
        first = _first_pixel(h, channels, stride)
        for c in range(channels):
            row = field[first + c * stride : first + c * stride + width]
            for x in range(width):
                row[x] = image[c, h, x]


@compiled
def _add(image: Array, field: Array) -> None:
    """Image onto field."""
    channels, height, width = image.shape
    stride = _stride(width)
    for h in range(height):
        first = _first_pixel(h, channels, stride)
        for c in range(channels):
            row = field[first + c * stride : first + c * stride + width]
            for x in range(width):
                row[x] += image[c, h, x]


@compiled
def _pour_out_row(field: Array, h: int, image: Array) -> None:
    """A row of the field into the image."""
    channels, _, width = image.shape
    stride = _stride(width)
    first = _first_pixel(h, channels, stride)
    for c in range(channels):
        row = field[first + c * stride : first + c * stride + width]
        for x in range(width):
            image[c, h, x] = row[x]


@compiled
def _surround(field: Array, channels: int, height: int, width: int, boundary: int) -> None:
    """Set what lies beyond the edges."""
    stride, zero = _stride(width), field.dtype.type(0)
    left, right = (width - 1, 0) if boundary == CIRCULAR else (0, width - 1)
    for h in range(height + 1):  # the end of the last row is beyond the left edge of the next
        for c in range(channels):
            first = _first_pixel(h, channels, stride) + c * stride
            field[first - 1] = zero if boundary == FIXED else field[first + left]
            field[first + width] = zero if boundary == FIXED else field[first + right]
    if boundary == FIXED:
        return  # no one writes to the rows beyond
    top, bottom = (height - 1, 0) if boundary == CIRCULAR else (0, height - 1)
    size = channels * stride
    for beyond, row in ((-1, top), (height, bottom)):
        to, at = _first_pixel(beyond, channels, stride) - 1, _first_pixel(row, channels, stride) - 1
        field[to : to + size] = field[at : at + size]


@compiled
def _convolve_row(field: Array, row: int, channels: int, width: int, weights: Array, out: Array) -> None:
    """The convolution at one row of the image, all channels, ``stride`` apart in ``out``."""
    stride, lanes = _stride(width), VECTOR_BYTES // field.itemsize
    first, padded = _first_pixel(row, channels, stride), channels + channels % 2
    fours = padded - padded % 4
    x, end = 0, (width + lanes - 1) // lanes * lanes
    while x < end:
        wide = x + WIDE * lanes <= end
        for o in range(0, fours, 4):
            if wide:
                _wide_by_4(field, first + x, channels, stride, weights, o, padded, out, o * stride + x)
            else:
                _narrow_by_4(field, first + x, channels, stride, weights, o, padded, out, o * stride + x)
        if fours < padded:
            if wide:
                _wide_by_2(field, first + x, channels, stride, weights, fours, padded, out, fours * stride + x)
            else:
                _narrow_by_2(field, first + x, channels, stride, weights, fours, padded, out, fours * stride + x)
        x += WIDE * lanes if wide else lanes


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


@kernel
def forward(
    y0: Array, omega: Array, alpha: Array, weights: Array, dt: float, boundary: int, bent: bool, frames: Array
) -> None:
    """Fill ``frames`` (time, channel, height, width) with the evolution of one image (channel, height, width).

    ``weights``: the coupling as :func:`drumhead.fields.wave_cpu.packed` gives it. All arrays C-contiguous.
    """
    channels, height, width = y0.shape
    size = channels * _stride(width)
    y, later, z, stiffness, damping = _blank(y0), _blank(y0), _blank(y0), _blank(y0), _blank(y0)
    _pour(y0, y)
    _pour(omega, stiffness)
    _pour(alpha, damping)
    pull = _zeros(size + _stride(width), y0.dtype)
    for t in range(frames.shape[0]):
        _surround(y, channels, height, width, boundary)
        for h in range(height):
            _convolve_row(y, h, channels, width, weights, pull)
            if bent:
                _bend(pull[:size])
            row = _row(h, channels, width)
            _advance(pull[:size], stiffness[row], damping[row], dt, y[row], z[row], later[row])
            _pour_out_row(later, h, frames[t])
        y, later = later, y


@compiled
def _retreat(
    f: Array, y: Array, earlier: Array, omega: Array, alpha: Array, dt: float, rate: float,
    ly: Array, lz: Array, a: Array, grad_omega: Array, grad_alpha: Array,
) -> None:
    """The adjoint of :func:`_advance`, all but what comes through the neighbours."""
    one = f.dtype.type(1)
    for i in range(y.size):
        velocity = lz[i] + dt * ly[i]
        force = dt * velocity
        a[i] = force * (one - f[i] * f[i])
        grad_omega[i] -= force * y[i]
        grad_alpha[i] -= force * ((y[i] - earlier[i]) * rate)
        ly[i] -= force * omega[i]
        lz[i] = velocity - force * alpha[i]


@compiled
def _correlate(a: Array, y: Array, channels: int, height: int, width: int, sums: Array) -> None:
    """Add to ``sums`` the correlation of ``a``, 0 beyond its edges, with ``y`` at the nine neighbours.

    ``sums`` is a flat list of blocks of output channels, in each: (channel, row of the kernel, output, column, lane).
    """
    stride, lanes = _stride(width), VECTOR_BYTES // a.itemsize
    size, vectors = channels * stride, (width + lanes - 1) // lanes
    padded = channels + channels % 2
    fours = padded - padded % 4
    band = max(1, BAND_BYTES // (4 * stride * a.itemsize))
    for top in range(0, height, band):
        rows = min(band, height - top)
        at = _first_pixel(top, channels, stride)
        for o in range(0, padded, 4):
            to = o * channels * 9 * lanes
            for i in range(channels):
                for p in range(3):
                    near = at + (p - 1) * size + i * stride
                    if o < fours:
                        _correlate_4(a, at + o * stride, y, near, stride, size, rows, vectors, sums, to)
                        to += 12 * lanes
                    else:
                        _correlate_2(a, at + o * stride, y, near, stride, size, rows, vectors, sums, to)
                        to += 6 * lanes


@compiled
def _unravel(sums: NDArray[np.float64], lanes: int, grad_coupling: NDArray[np.float64]) -> None:
    """The lanes of :func:`_correlate`, summed, as (output, channel, 3, 3)."""
    channels = grad_coupling.shape[0]
    padded = channels + channels % 2
    fours = padded - padded % 4
    for o in range(channels):
        block, outputs = (o - o % 4, 4) if o < fours else (fours, 2)
        for i in range(channels):
            for p in range(3):
                for q in range(3):
                    place = block * channels * 9 + ((i * 3 + p) * outputs + o - block) * 3 + q
                    grad_coupling[o, i, p, q] = sums[place * lanes : (place + 1) * lanes].sum()


@compiled
def _add_beyond_free_columns(
    a: Array, row: int, channels: int, width: int, transposed: Array, ly: Array, target: int
) -> None:
    """What the pixels just beyond the left and right edge received, given to the edge they are copies of."""
    stride, padded = _stride(width), channels + channels % 2
    edge = _first_pixel(target, channels, stride)
    for o in range(channels):
        for p in range(3):
            first = _first_pixel(row + p - 1, channels, stride) + o * stride
            for i in range(channels):
                at = (o * 9 + p * 3) * padded + i
                ly[edge + i * stride] += a[first] * transposed[at + 2 * padded]
                ly[edge + i * stride + width - 1] += a[first + width - 1] * transposed[at]


@compiled
def _spread_back(
    a: Array, channels: int, height: int, width: int, boundary: int, transposed: Array, out: Array, ly: Array
) -> None:
    """Add to ``ly`` what ``a`` gives back through the coupling. ``out`` is scratch."""
    stride = _stride(width)
    if boundary == CIRCULAR:
        _surround(a, channels, height, width, boundary)
    beyond = 1 if boundary == FREE else 0
    for h in range(-beyond, height + beyond):
        target = min(max(h, 0), height - 1)
        _convolve_row(a, h, channels, width, transposed, out)
        first = _first_pixel(target, channels, stride)
        for c in range(channels):
            row, to = out[c * stride : c * stride + width], ly[first + c * stride : first + c * stride + width]
            for x in range(width):
                to[x] += row[x]
        if boundary == FREE:
            _add_beyond_free_columns(a, h, channels, width, transposed, ly, target)


@kernel
def adjoint(
    y0: Array, omega: Array, alpha: Array, weights: Array, transposed: Array, dt: float, boundary: int, bent: bool,
    frames: Array, incoming: Array, grad_y0: Array, grad_omega: Array, grad_alpha: Array,
    grad_coupling: NDArray[np.float64],
) -> None:
    """Set the four gradients of one image from ``incoming``, the gradient of its ``frames``.

    Arguments as for :func:`forward`; ``transposed``: the coupling turned around, packed; ``grad_coupling`` may
    have no elements, and is then left out.
    """
    channels, height, width = y0.shape
    size, lanes = channels * _stride(width), VECTOR_BYTES // y0.itemsize
    rate = y0.dtype.type(1) / dt if dt != 0 else y0.dtype.type(0)
    y, earlier, stiffness, damping, a = _blank(y0), _blank(y0), _blank(y0), _blank(y0), _blank(y0)
    ly, lz, l_omega, l_alpha = _blank(y0), _blank(y0), _blank(y0), _blank(y0)
    _pour(omega, stiffness)
    _pour(alpha, damping)
    f, out = _zeros(size + _stride(width), y0.dtype), _zeros(size + _stride(width), y0.dtype)
    sums = _zeros((channels + channels % 2) * channels * 9 * lanes, y0.dtype)
    totals = np.zeros(sums.size, np.float64)
    steps = frames.shape[0]
    _pour(frames[steps - 2] if steps > 1 else y0, y)
    for t in range(steps - 1, -1, -1):  # back through the step to frame t, from ``y``, which came from ``earlier``
        _pour(frames[t - 2] if t > 1 else y0, earlier)  # the sheet starts at rest
        _surround(y, channels, height, width, boundary)
        _add(incoming[t], ly)
        for h in range(height):
            if bent:
                _convolve_row(y, h, channels, width, weights, f)
                _bend(f[:size])
            row = _row(h, channels, width)
            _retreat(
                f[:size], y[row], earlier[row], stiffness[row], damping[row], dt, rate,
                ly[row], lz[row], a[row], l_omega[row], l_alpha[row],
            )
        if grad_coupling.size:
            _correlate(a, y, channels, height, width, sums)
            for k in range(sums.size):
                totals[k] += sums[k]
                sums[k] = 0
        _spread_back(a, channels, height, width, boundary, transposed, out, ly)
        y, earlier = earlier, y
    for h in range(height):
        _pour_out_row(ly, h, grad_y0)
        _pour_out_row(l_omega, h, grad_omega)
        _pour_out_row(l_alpha, h, grad_alpha)
    if grad_coupling.size:
        _unravel(totals, lanes, grad_coupling)
