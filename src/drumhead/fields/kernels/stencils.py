"""A 3x3 convolution of a field, row by row, and the correlation that is the gradient of its weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.kernels.compiling import compiled
from drumhead.fields.kernels.rows import Array, even, first_pixel, row_size, stride_of
from drumhead.fields.kernels.tiles import VECTOR_BYTES, WIDE, convolution_tile, correlation_tile

BAND_BYTES = 16384
"""Size of the rows that :func:`correlate` takes at a time: half of a small first-level cache."""

_wide_by_4, _wide_by_2 = convolution_tile(4, WIDE), convolution_tile(2, WIDE)
_narrow_by_4, _narrow_by_2 = convolution_tile(4, 1), convolution_tile(2, 1)
_correlate_4, _correlate_2 = correlation_tile(4), correlation_tile(2)


def packed(coupling: NDArray[np.floating]) -> NDArray[np.floating]:
    """A coupling (output, channel, 3, 3) as ``weights``: (channel, 3, 3, output), outputs made even with 0, flat."""
    outputs, channels = coupling.shape[:2]
    weights = np.zeros((channels, 3, 3, outputs + outputs % 2), coupling.dtype)
    weights[..., :outputs] = coupling.transpose(1, 2, 3, 0)
    return weights.reshape(-1)


@compiled
def convolve_row(field: Array, h: int, channels: int, width: int, weights: Array, out: Array, to: int) -> None:
    """The convolution at row ``h`` of the image, written to ``out`` from ``to`` on in the layout of a row."""
    stride, lanes = stride_of(width), VECTOR_BYTES // field.itemsize
    first, outputs = first_pixel(h, channels, width), even(channels)
    fours = outputs - outputs % 4
    x, end = 0, (width + lanes - 1) // lanes * lanes
    while x < end:
        wide = x + WIDE * lanes <= end
        for o in range(0, fours, 4):
            if wide:
                _wide_by_4(field, first + x, channels, stride, weights, o, outputs, out, to + o * stride + x)
            else:
                _narrow_by_4(field, first + x, channels, stride, weights, o, outputs, out, to + o * stride + x)
        if fours < outputs:
            if wide:
                _wide_by_2(field, first + x, channels, stride, weights, fours, outputs, out, to + fours * stride + x)
            else:
                _narrow_by_2(field, first + x, channels, stride, weights, fours, outputs, out, to + fours * stride + x)
        x += WIDE * lanes if wide else lanes


@compiled
def correlate(a: Array, y: Array, channels: int, height: int, width: int, sums: Array) -> None:
    """Add to ``sums`` the correlation of ``a``, 0 between its rows, with ``y`` at the nine neighbours.

    ``sums`` is flat: blocks of output channels, in each (channel, row of the kernel, output, column, lane); 9 vectors
    for each pair of an :func:`even` output and a channel.
    """
    stride, lanes, outputs = stride_of(width), VECTOR_BYTES // a.itemsize, even(channels)
    size, vectors = row_size(channels, width), (width + lanes - 1) // lanes
    fours = outputs - outputs % 4
    band = max(1, BAND_BYTES // (4 * stride * a.itemsize))
    for top in range(0, height, band):
        rows = min(band, height - top)
        at = first_pixel(top, channels, width)
        for o in range(0, outputs, 4):
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
def add_lanes(sums: NDArray[np.float64], lanes: int, gradient: NDArray[np.float64]) -> None:
    """Add what :func:`correlate` summed to a gradient (output, channel, 3, 3)."""
    channels = gradient.shape[0]
    fours = even(channels) - even(channels) % 4
    for o in range(channels):
        block, outputs = (o - o % 4, 4) if o < fours else (fours, 2)
        for i in range(channels):
            for p in range(3):
                for q in range(3):
                    place = block * channels * 9 + ((i * 3 + p) * outputs + o - block) * 3 + q
                    for lane in range(lanes):
                        gradient[o, i, p, q] += sums[place * lanes + lane]
