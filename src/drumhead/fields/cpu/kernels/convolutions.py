"""Convolutions of a field row by row, 3x3 or of each pixel alone, what they give back, and their weights' gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import compiled
from drumhead.fields.cpu.kernels.padded_rows import (
    CIRCULAR,
    FREE,
    Array,
    add_run,
    even,
    fill_halo,
    first_pixel,
    row_size,
    stride_of,
)
from drumhead.fields.cpu.kernels.register_tiles import (
    POINT,
    TAPS,
    VECTOR_BYTES,
    WIDE,
    convolution_tile,
    correlation_tile,
)

BAND_BYTES = 16384
"""Size of the rows that :func:`correlate` takes at a time: half of a small first-level cache."""

_correlate_4, _correlate_2 = correlation_tile(4), correlation_tile(2)
_total_4, _total_2 = correlation_tile(4, columns=[0]), correlation_tile(2, columns=[0])


def packed(kernel: NDArray[np.floating], bias: NDArray[np.floating] | None = None) -> NDArray[np.floating]:
    """A kernel (output, channel, ...) as ``weights``: (channel, ..., output), outputs made even with 0, flat.

    The bias, if there is one, comes last.
    """
    outputs = len(kernel)
    rows = np.moveaxis(kernel, 0, -1).reshape(-1, outputs)
    weights = np.zeros((len(rows) + (bias is not None), outputs + outputs % 2), kernel.dtype)
    weights[: len(rows), :outputs] = rows
    if bias is not None:
        weights[-1, :outputs] = bias.reshape(-1)
    return weights.reshape(-1)


def _in_tiles(taps: Sequence[tuple[int, int]], *, bias: bool) -> Callable[..., None]:
    """A function that convolves the pixels of a row, four outputs at a time and then two."""
    wide_by_4, wide_by_2 = (convolution_tile(outputs, WIDE, taps=taps, bias=bias) for outputs in (4, 2))
    narrow_by_4, narrow_by_2 = (convolution_tile(outputs, 1, taps=taps, bias=bias) for outputs in (4, 2))

    @compiled
    def convolve(
        field: Array, at: int, row: int, inputs: int, width: int, weights: Array, outputs: int, out: Array, to: int
    ) -> None:
        """The convolution of ``inputs`` channels at the row that begins at ``at``, rows being ``row`` elements apart.

        Written to ``out`` in the layout of a row, ``outputs``, an even number, channels from ``to`` on.
        """
        stride, lanes = stride_of(width), VECTOR_BYTES // field.itemsize
        fours = outputs - outputs % 4
        x, end = 0, (width + lanes - 1) // lanes * lanes
        while x < end:
            wide = x + WIDE * lanes <= end
            for o in range(0, fours, 4):
                there = to + o * stride + x
                if wide:
                    wide_by_4(field, at + x, inputs, stride, row, weights, o, outputs, out, there)
                else:
                    narrow_by_4(field, at + x, inputs, stride, row, weights, o, outputs, out, there)
            if fours < outputs:
                there = to + fours * stride + x
                if wide:
                    wide_by_2(field, at + x, inputs, stride, row, weights, fours, outputs, out, there)
                else:
                    narrow_by_2(field, at + x, inputs, stride, row, weights, fours, outputs, out, there)
            x += WIDE * lanes if wide else lanes

    return convolve


convolve_row, convolve_row_biased = _in_tiles(TAPS, bias=False), _in_tiles(TAPS, bias=True)
map_row, map_row_biased = _in_tiles(POINT, bias=False), _in_tiles(POINT, bias=True)


@compiled
def convolve_transposed(
    a: Array, outputs: int, values: Array, inputs: int, height: int, width: int, boundary: int,
    transposed: Array, back: Array,
) -> None:  # fmt: skip
    """Add to ``values`` what ``a``, the gradient of a convolution's outputs, gives back to its inputs.

    ``a`` must be 0 beyond a fixed or free edge. ``transposed``: the kernel with its channels exchanged and turned by
    180 degrees. ``back`` holds a row for a while.
    """
    if boundary == CIRCULAR:
        fill_halo(a, outputs, height, width, boundary)
    stride, row, padded = stride_of(width), row_size(outputs, width), even(inputs)
    beyond = 1 if boundary == FREE else 0
    for h in range(-beyond, height + beyond):
        to = first_pixel(min(max(h, 0), height - 1), inputs, width)  # beyond a free edge is a copy of the edge
        convolve_row(a, first_pixel(h, outputs, width), row, outputs, width, transposed, padded, back, 0)
        for c in range(inputs):
            add_run(back, c * stride, values, to + c * stride, width)
        if boundary == FREE:
            _give_back_columns(a, h, outputs, inputs, width, transposed, values, to)


@compiled
def _give_back_columns(
    a: Array, h: int, outputs: int, inputs: int, width: int, transposed: Array, values: Array, edge: int
) -> None:
    """What the pixels just beyond the free left and right edge received, given to the edge they are copies of.

    ``edge``: where the row of the edge begins.
    """
    stride, padded = stride_of(width), even(inputs)
    for c in range(outputs):
        for p in range(3):
            at = first_pixel(h + p - 1, outputs, width) + c * stride
            for i in range(inputs):
                weight = (c * 9 + p * 3) * padded + i
                values[edge + i * stride] += a[at] * transposed[weight + 2 * padded]
                values[edge + i * stride + width - 1] += a[at + width - 1] * transposed[weight]


@compiled
def correlate(a: Array, outputs: int, y: Array, inputs: int, height: int, width: int, sums: Array) -> None:
    """Add to ``sums`` the correlation of ``a``, 0 between its rows, with ``y`` at the nine neighbours.

    ``sums`` is flat: blocks of output channels, in each (channel, row of the kernel, output, column, lane); 9 vectors
    for each pair of an :func:`even` output and a channel.
    """
    stride, lanes, padded = stride_of(width), VECTOR_BYTES // a.itemsize, even(outputs)
    row, near_row, vectors = row_size(outputs, width), row_size(inputs, width), (width + lanes - 1) // lanes
    fours = padded - padded % 4
    band = max(1, BAND_BYTES // (4 * stride * a.itemsize))
    for top in range(0, height, band):
        rows = min(band, height - top)
        at, first = first_pixel(top, outputs, width), first_pixel(top, inputs, width)
        for o in range(0, padded, 4):
            to = o * inputs * 9 * lanes
            for i in range(inputs):
                for p in range(3):
                    near = first + (p - 1) * near_row + i * stride
                    if o < fours:
                        _correlate_4(a, at + o * stride, row, y, near, near_row, stride, rows, vectors, sums, to)
                        to += 12 * lanes
                    else:
                        _correlate_2(a, at + o * stride, row, y, near, near_row, stride, rows, vectors, sums, to)
                        to += 6 * lanes


@compiled
def correlate_points(
    a: Array, at: int, row: int, outputs: int, y: Array, near: int, near_row: int, inputs: int,
    rows: int, width: int, sums: Array,
) -> None:  # fmt: skip
    """Add to ``sums`` the products, summed over pixels, of channels of ``a``, 0 between its rows, with those of ``y``.

    ``outputs``, an even number, times ``inputs``, over so many rows, ``row`` and ``near_row`` elements apart, from
    ``at`` and ``near`` on. ``sums`` is flat: blocks of output channels, in each (channel, output, lane).
    """
    stride, lanes = stride_of(width), VECTOR_BYTES // a.itemsize
    vectors, fours, to = (width + lanes - 1) // lanes, outputs - outputs % 4, 0
    for o in range(0, outputs, 4):
        for i in range(inputs):
            if o < fours:
                _total_4(a, at + o * stride, row, y, near + i * stride, near_row, stride, rows, vectors, sums, to)
                to += 4 * lanes
            else:
                _total_2(a, at + o * stride, row, y, near + i * stride, near_row, stride, rows, vectors, sums, to)
                to += 2 * lanes


@compiled
def collect(sums: Array, totals: NDArray[np.float64]) -> None:
    """Move the sums of one step to the totals: thousands of float32 steps would lose digits."""
    for k in range(sums.size):
        totals[k] += sums[k]
        sums[k] = 0


@compiled
def add_lanes(totals: NDArray[np.float64], lanes: int, gradient: NDArray[np.float64]) -> None:
    """Add what :func:`correlate` or :func:`correlate_points` summed to a gradient (output, channel, row, column)."""
    outputs, channels, rows, columns = gradient.shape
    fours = even(outputs) - even(outputs) % 4
    for o in range(outputs):
        block, size = (o - o % 4, 4) if o < fours else (fours, 2)
        for i in range(channels):
            for p in range(rows):
                for q in range(columns):
                    place = block * channels * rows * columns + ((i * rows + p) * size + o - block) * columns + q
                    for lane in range(lanes):
                        gradient[o, i, p, q] += totals[place * lanes + lane]
