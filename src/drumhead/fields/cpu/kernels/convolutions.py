"""3x3 and 1x1 convolutions of padded fields, row by row, and their adjoints.

A convolution has two adjoints: the transposed convolution gives the gradient of its input, and the correlation of its
output's gradient with its input gives the gradient of its weights. The inner loops are the tiles of
:mod:`drumhead.fields.cpu.kernels.register_tiles`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import compiled
from drumhead.fields.cpu.kernels.padded_rows import (
    CIRCULAR,
    FREE,
    Array,
    add_span,
    fill_halo,
    padded_width,
    round_up_to_even,
    row_size,
    row_start,
)
from drumhead.fields.cpu.kernels.register_tiles import (
    TAPS_1X1,
    TAPS_3X3,
    VECTOR_BYTES,
    WIDE_VECTORS,
    convolution_tile,
    correlation_tile,
)

ROW_BLOCK_BYTES = 16384
"""Size of the rows that :func:`correlate_3x3` takes at a time: half of a small first-level cache."""

# Each correlates one row of the 3x3 kernel, or the 1x1 kernel, of 4 or 2 output channels with one input channel.
_correlate_3x3_by_4, _correlate_3x3_by_2 = correlation_tile(4), correlation_tile(2)
_correlate_1x1_by_4, _correlate_1x1_by_2 = correlation_tile(4, columns=[0]), correlation_tile(2, columns=[0])


def pack_weights(kernel: NDArray[np.floating], bias: NDArray[np.floating] | None = None) -> NDArray[np.floating]:
    """Return convolution weights in the order in which the tiles read them.

    Args:
        kernel: ``(output, channel, ...)``.
        bias: One number for each output, any shape; None for no bias.

    Returns:
        ``(channel, ..., output)``, flat, followed by the bias if there is one. The number of outputs is rounded up
        to even, with weights of 0.
    """
    outputs = len(kernel)
    rows = np.moveaxis(kernel, 0, -1).reshape(-1, outputs)
    weights = np.zeros((len(rows) + (bias is not None), outputs + outputs % 2), kernel.dtype)
    weights[: len(rows), :outputs] = rows
    if bias is not None:
        weights[-1, :outputs] = bias.reshape(-1)
    return weights.reshape(-1)


def _make_row_convolution(taps: Sequence[tuple[int, int]], *, bias: bool) -> Callable[..., None]:
    """Make a function that convolves a row of the image, four output channels at a time and then two."""
    wide_by_4, wide_by_2 = (convolution_tile(outputs, WIDE_VECTORS, taps=taps, bias=bias) for outputs in (4, 2))
    narrow_by_4, narrow_by_2 = (convolution_tile(outputs, 1, taps=taps, bias=bias) for outputs in (4, 2))

    @compiled
    def convolve_row(
        field: Array, start: int, row_stride: int, inputs: int, width: int, weights: Array, outputs: int,
        out: Array, out_start: int,
    ) -> None:  # fmt: skip
        """Convolve the row of ``field`` that starts at ``start``, and write the result to ``out``.

        Args:
            field: A padded field, its halo filled.
            start: The index of the row's first pixel.
            row_stride: Elements from a row of ``field`` to the next.
            inputs: Input channels.
            width: The image's width.
            weights: Packed by :func:`pack_weights`.
            outputs: Output channels, an even number.
            out: An array in which a row of ``outputs`` channels starts at ``out_start``.
            out_start: The index of that row's first pixel.
        """
        channel_stride, lanes = padded_width(width), VECTOR_BYTES // field.itemsize
        fours = outputs - outputs % 4
        x, end = 0, (width + lanes - 1) // lanes * lanes
        while x < end:
            wide = x + WIDE_VECTORS * lanes <= end
            for o in range(0, fours, 4):
                target = out_start + o * channel_stride + x
                if wide:
                    wide_by_4(field, start + x, inputs, channel_stride, row_stride, weights, o, outputs, out, target)
                else:
                    narrow_by_4(field, start + x, inputs, channel_stride, row_stride, weights, o, outputs, out, target)
            if fours < outputs:
                target = out_start + fours * channel_stride + x
                if wide:
                    wide_by_2(
                        field, start + x, inputs, channel_stride, row_stride, weights, fours, outputs, out, target
                    )
                else:
                    narrow_by_2(
                        field, start + x, inputs, channel_stride, row_stride, weights, fours, outputs, out, target
                    )
            x += WIDE_VECTORS * lanes if wide else lanes

    return convolve_row


convolve_row_3x3 = _make_row_convolution(TAPS_3X3, bias=False)
convolve_row_3x3_biased = _make_row_convolution(TAPS_3X3, bias=True)
convolve_row_1x1 = _make_row_convolution(TAPS_1X1, bias=False)
convolve_row_1x1_biased = _make_row_convolution(TAPS_1X1, bias=True)


@compiled
def convolve_transposed(
    grad_out: Array, outputs: int, grad_in: Array, inputs: int, height: int, width: int, boundary: int,
    transposed: Array, row_scratch: Array,
) -> None:  # fmt: skip
    """Add the gradient of a 3x3 convolution's input, the transposed convolution of ``grad_out``, to ``grad_in``.

    Args:
        grad_out: A padded field of ``outputs`` channels; outside a fixed or free edge it must be 0.
        outputs: Output channels of the convolution.
        grad_in: A padded field of ``inputs`` channels.
        inputs: Input channels of the convolution.
        height, width: The image's size.
        boundary: The convolution's.
        transposed: The kernel with input and output channels exchanged and rotated by 180 degrees, packed.
        row_scratch: Room for one row of ``grad_in``; overwritten.
    """
    if boundary == CIRCULAR:
        fill_halo(grad_out, outputs, height, width, boundary)
    channel_stride, row_stride, padded_inputs = padded_width(width), row_size(outputs, width), round_up_to_even(inputs)
    halo_rows = 1 if boundary == FREE else 0
    for h in range(-halo_rows, height + halo_rows):
        # The halo of a free edge is a copy of the edge, which therefore receives the halo's gradient.
        target = row_start(min(max(h, 0), height - 1), inputs, width)
        start = row_start(h, outputs, width)
        convolve_row_3x3(grad_out, start, row_stride, outputs, width, transposed, padded_inputs, row_scratch, 0)
        for c in range(inputs):
            add_span(row_scratch, c * channel_stride, grad_in, target + c * channel_stride, width)
        if boundary == FREE:
            _add_halo_columns(grad_out, h, outputs, inputs, width, transposed, grad_in, target)


@compiled
def _add_halo_columns(
    grad_out: Array, h: int, outputs: int, inputs: int, width: int, transposed: Array, grad_in: Array, edge: int
) -> None:
    """Add to the left and right pixel of a row the gradient of its free halo, which is a copy of these pixels.

    ``h`` is the row in ``grad_out``; ``edge`` is the start of the row in ``grad_in`` that receives its gradient.
    """
    channel_stride, padded_inputs = padded_width(width), round_up_to_even(inputs)
    for c in range(outputs):
        for p in range(3):
            start = row_start(h + p - 1, outputs, width) + c * channel_stride
            for i in range(inputs):
                weight = (c * 9 + p * 3) * padded_inputs + i
                grad_in[edge + i * channel_stride] += grad_out[start] * transposed[weight + 2 * padded_inputs]
                grad_in[edge + i * channel_stride + width - 1] += grad_out[start + width - 1] * transposed[weight]


@compiled
def correlate_3x3(
    grad_out: Array, outputs: int, field: Array, inputs: int, height: int, width: int, lane_sums: Array
) -> None:
    """Add the gradient of a 3x3 convolution's weights to ``lane_sums``: the correlation of output and input.

    Args:
        grad_out: The gradient of the convolution's output, a padded field that is 0 between its rows.
        outputs: Output channels.
        field: The convolution's input, a padded field, its halo filled.
        inputs: Input channels.
        height, width: The image's size.
        lane_sums: One vector, of which every lane holds a partial sum, for each output, rounded up to even, input
            and tap. They are in blocks of four outputs (two in the last block, if it is not full), and in each block
            ``(input, row of the kernel, output, column of the kernel, lane)``, flat.
    """
    channel_stride, lanes = padded_width(width), VECTOR_BYTES // grad_out.itemsize
    padded_outputs, vectors = round_up_to_even(outputs), (width + lanes - 1) // lanes
    out_stride, field_stride = row_size(outputs, width), row_size(inputs, width)
    fours = padded_outputs - padded_outputs % 4
    block_rows = max(1, ROW_BLOCK_BYTES // (4 * channel_stride * grad_out.itemsize))
    for top in range(0, height, block_rows):
        rows = min(block_rows, height - top)
        out_start, field_start = row_start(top, outputs, width), row_start(top, inputs, width)
        for o in range(0, padded_outputs, 4):
            target, out = o * inputs * 9 * lanes, out_start + o * channel_stride
            for i in range(inputs):
                for p in range(3):
                    near = field_start + (p - 1) * field_stride + i * channel_stride
                    if o < fours:
                        _correlate_3x3_by_4(
                            grad_out, out, out_stride, field, near, field_stride, channel_stride,
                            rows, vectors, lane_sums, target,
                        )  # fmt: skip
                        target += 12 * lanes
                    else:
                        _correlate_3x3_by_2(
                            grad_out, out, out_stride, field, near, field_stride, channel_stride,
                            rows, vectors, lane_sums, target,
                        )  # fmt: skip
                        target += 6 * lanes


@compiled
def correlate_1x1(
    grad_out: Array, out_start: int, out_stride: int, outputs: int,
    field: Array, field_start: int, field_stride: int, inputs: int,
    rows: int, width: int, lane_sums: Array,
) -> None:  # fmt: skip
    """Add the gradient of a 1x1 convolution's weights to ``lane_sums``, for a block of rows.

    Args:
        grad_out: The gradient of the convolution's output, 0 between its rows.
        out_start, out_stride: The index of its first pixel, and elements from a row to the next.
        outputs: Output channels, an even number.
        field, field_start, field_stride, inputs: The same of the convolution's input.
        rows: The number of rows.
        width: The image's width.
        lane_sums: As in :func:`correlate_3x3`, with one row and one column.
    """
    channel_stride, lanes = padded_width(width), VECTOR_BYTES // grad_out.itemsize
    vectors, fours, target = (width + lanes - 1) // lanes, outputs - outputs % 4, 0
    for o in range(0, outputs, 4):
        for i in range(inputs):
            out, near = out_start + o * channel_stride, field_start + i * channel_stride
            if o < fours:
                _correlate_1x1_by_4(
                    grad_out, out, out_stride, field, near, field_stride, channel_stride,
                    rows, vectors, lane_sums, target,
                )  # fmt: skip
                target += 4 * lanes
            else:
                _correlate_1x1_by_2(
                    grad_out, out, out_stride, field, near, field_stride, channel_stride,
                    rows, vectors, lane_sums, target,
                )  # fmt: skip
                target += 2 * lanes


@compiled
def flush_lane_sums(lane_sums: Array, totals: NDArray[np.float64]) -> None:
    """Add the sums of one step to the float64 totals and clear them; float32 sums of all steps would lose digits."""
    for k in range(lane_sums.size):
        totals[k] += lane_sums[k]
        lane_sums[k] = 0


@compiled
def reduce_lanes(totals: NDArray[np.float64], lanes: int, gradient: NDArray[np.float64]) -> None:
    """Sum the totals of :func:`correlate_3x3` or :func:`correlate_1x1` over the lanes, and add them to a gradient.

    ``gradient`` is ``(output, channel, row, column)``.
    """
    outputs, channels, rows, columns = gradient.shape
    fours = round_up_to_even(outputs) - round_up_to_even(outputs) % 4
    for o in range(outputs):
        block, size = (o - o % 4, 4) if o < fours else (fours, 2)
        for i in range(channels):
            for p in range(rows):
                for q in range(columns):
                    index = block * channels * rows * columns + ((i * rows + p) * size + o - block) * columns + q
                    for lane in range(lanes):
                        gradient[o, i, p, q] += totals[index * lanes + lane]
