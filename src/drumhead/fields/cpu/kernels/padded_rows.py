"""The memory layout of fields inside the kernels: padded rows with a halo.

A padded field is a flat array: rows of the image, in each row the channels, in each channel the pixels. The channels of
a row are ``padded_width`` elements apart, so that a block of rows with all its channels is one contiguous loop. The
halo is one pixel wide. Two padding rows lie above and two below the image, since the adjoint of a free boundary also
convolves the halo's own rows. The halo to the left of a channel's row is the last padding element before it. Padding
elements outside the halo have no meaning. An odd number of channels is rounded up to even by a channel that nothing
reads, for the tiles of :mod:`drumhead.fields.cpu.kernels.register_tiles`.

Images are flat here too: ``(channel, height, width)``, without padding. Contiguous spans are copied between the two
layouts by index, because a slice costs as much as copying many numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import compiled, jitable

Array = NDArray[Any]
"""An array of float32 or float64."""

CIRCULAR, FIXED, FREE = range(3)
"""The boundaries of :mod:`drumhead.fields.boundaries`, in their order."""
ALIGNMENT = 16
"""Rows start at multiples of this number of elements: the lanes of the widest vector."""
ROW_BLOCK_SIZE = 2048
"""Elements of a padded field in a row block: with the arrays that belong to it, it fits in a first-level cache."""


@jitable
def padded_width(width: int) -> int:
    """Return the number of elements from a channel of a row to the next channel."""
    return (width + 2 + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT


@jitable
def round_up_to_even(count: int) -> int:
    """Return ``count`` if it is even, else ``count + 1``."""
    return count + count % 2


@jitable
def row_size(channels: int, width: int) -> int:
    """Return the number of elements from a row of the image to the next row."""
    return round_up_to_even(channels) * padded_width(width)


@compiled
def row_start(row: int, channels: int, width: int) -> int:
    """Return the index of the first pixel of a row; rows -2, -1, height and height + 1 are padding."""
    return ALIGNMENT + (row + 2) * row_size(channels, width)


@compiled
def row_block_height(channels: int, width: int) -> int:
    """Return the number of rows in a block: what is computed of them is still in the L1 cache when it is used."""
    return max(1, ROW_BLOCK_SIZE // row_size(channels, width))


@compiled
def row_block(top: int, rows: int, channels: int, width: int) -> slice:
    """Return the slice of ``rows`` rows, all channels, from row ``top`` on."""
    return slice(row_start(top, channels, width), row_start(top + rows, channels, width))


@compiled
def aligned_zeros(size: int, dtype: Any) -> Array:
    """Return an array of zeros that starts at an address aligned for vector loads."""
    values = np.zeros(size + ALIGNMENT, dtype)
    start = -(values.ctypes.data // values.itemsize) % ALIGNMENT
    return values[start : start + size]


@compiled
def padded_zeros(shape: tuple[int, int, int], dtype: Any) -> Array:
    """Return a padded field of zeros for an image ``(channel, height, width)``."""
    channels, height, width = shape
    return aligned_zeros(2 * ALIGNMENT + (height + 4) * row_size(channels, width), dtype)


@compiled
def copy_to_padded(
    image: Array, field: Array, channels: int, height: int, width: int, first_channel: int = 0, field_channels: int = 0
) -> None:
    """Copy an image into a padded field.

    The field has the image's channels; or ``field_channels`` channels, of which those from ``first_channel`` on are
    the image's.
    """
    for h in range(height):
        for c in range(channels):
            target = row_start(h, field_channels or channels, width) + (first_channel + c) * padded_width(width)
            _copy_span(image, (c * height + h) * width, field, target, width)


@compiled
def add_to_padded(
    image: Array, field: Array, channels: int, height: int, width: int, first_channel: int = 0, field_channels: int = 0
) -> None:
    """Add an image to a padded field, whose channels are as in :func:`copy_to_padded`."""
    for h in range(height):
        for c in range(channels):
            target = row_start(h, field_channels or channels, width) + (first_channel + c) * padded_width(width)
            add_span(image, (c * height + h) * width, field, target, width)


@compiled
def padded_indices(pixels: NDArray[np.int64], channels: int, width: int) -> NDArray[np.int64]:
    """Return the index of each pixel, given by its number in the image, in the first channel of a padded field."""
    indices = np.empty_like(pixels)
    for i in range(pixels.size):
        indices[i] = row_start(pixels[i] // width, channels, width) + pixels[i] % width
    return indices


@compiled
def scatter_add(indices: NDArray[np.int64], values: Array, field: Array, channels: int, width: int) -> None:
    """Add ``values``, ``(channel, pixel)`` and flat, to a padded field at these indices of its first channel."""
    for c in range(channels):
        for i in range(indices.size):
            field[indices[i] + c * padded_width(width)] += values[c * indices.size + i]


@compiled
def copy_from_padded(
    field: Array, top: int, rows: int, image: Array, channels: int, height: int, width: int,
    first_channel: int = 0, field_channels: int = 0,
) -> None:  # fmt: skip
    """Copy ``rows`` rows of a padded field, from row ``top`` on, to an image; channels as in :func:`copy_to_padded`."""
    for h in range(top, top + rows):
        for c in range(channels):
            source = row_start(h, field_channels or channels, width) + (first_channel + c) * padded_width(width)
            _copy_span(field, source, image, (c * height + h) * width, width)


@compiled
def add_from_padded(field: Array, image: Array, channels: int, height: int, width: int) -> None:
    """Add a padded field to an image."""
    for h in range(height):
        for c in range(channels):
            source = row_start(h, channels, width) + c * padded_width(width)
            add_span(field, source, image, (c * height + h) * width, width)


@compiled
def fill_halo(field: Array, channels: int, height: int, width: int, boundary: int) -> None:
    """Set the pixels just outside the image as the boundary requires."""
    channel_stride, zero = padded_width(width), field.dtype.type(0)
    left, right = (width - 1, 0) if boundary == CIRCULAR else (0, width - 1)
    for h in range(height + 1):  # the right end of the last row is the left halo of the row after it
        for c in range(channels):
            start = row_start(h, channels, width) + c * channel_stride
            field[start - 1] = zero if boundary == FIXED else field[start + left]
            field[start + width] = zero if boundary == FIXED else field[start + right]
    if boundary == FIXED:
        return  # the padding rows are 0 from the start
    top, bottom = (height - 1, 0) if boundary == CIRCULAR else (0, height - 1)
    for halo_row, h in ((-1, top), (height, bottom)):
        target, source = row_start(halo_row, channels, width) - 1, row_start(h, channels, width) - 1
        _copy_span(field, source, field, target, channels * channel_stride)


@compiled
def add_span(source: Array, source_start: int, target: Array, target_start: int, count: int) -> None:
    """Add ``count`` contiguous numbers of one array to those of another."""
    s, t = np.uintp(source_start), np.uintp(target_start)  # unsigned, so that no index is checked for being negative
    for x in range(np.uintp(count)):
        target[t + x] += source[s + x]


@compiled
def _copy_span(source: Array, source_start: int, target: Array, target_start: int, count: int) -> None:
    s, t = np.uintp(source_start), np.uintp(target_start)
    for x in range(np.uintp(count)):
        target[t + x] = source[s + x]
