"""The layout in which kernels hold an image's values: rows with surroundings.

A field is a flat array: rows of the image, in them channels, in them pixels, ``stride`` apart, so that a row of
all channels is one loop. Two rows lie beyond either edge of the image; what lies beyond the left edge of a
channel's row is the last of the ``stride`` elements before it. Elements between the rows hold nothing of meaning.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.kernels.compiling import compiled

Array = NDArray[Any]
"""Numbers of one type, float32 or float64."""

CIRCULAR, FIXED, FREE = range(3)
"""The boundaries of :mod:`drumhead.fields.boundaries`, in their order."""
ALIGNED = 16
"""Rows begin at multiples of it: as many numbers as the widest vector holds."""


@compiled
def stride_of(width: int) -> int:
    return (width + 2 + ALIGNED - 1) // ALIGNED * ALIGNED


@compiled
def first_pixel(h: int, channels: int, width: int) -> int:
    """Where row ``h`` of the image begins."""
    return ALIGNED + (h + 2) * channels * stride_of(width)


@compiled
def row_of(h: int, channels: int, width: int) -> slice:
    """Row ``h`` of the image, all channels."""
    first = first_pixel(h, channels, width)
    return slice(first, first + channels * stride_of(width))


@compiled
def zeros(size: int, dtype: Any) -> Array:
    """As many zeros, from an address on at which vectors are read whole."""
    values = np.zeros(size + ALIGNED, dtype)
    start = -(values.ctypes.data // values.itemsize) % ALIGNED
    return values[start : start + size]


@compiled
def blank(image: Array) -> Array:
    """A field of zeros for an image ``(channel, height, width)``."""
    channels, height, width = image.shape
    return zeros(2 * ALIGNED + (height + 4) * channels * stride_of(width), image.dtype)


@compiled
def pour(image: Array, field: Array) -> None:
    """Image into field."""
    channels, height, width = image.shape
    for h in range(height):
        for c in range(channels):
            at = first_pixel(h, channels, width) + c * stride_of(width)
            row = field[at : at + width]
            for x in range(width):
                row[x] = image[c, h, x]


@compiled
def add(image: Array, field: Array) -> None:
    """Image onto field."""
    channels, height, width = image.shape
    for h in range(height):
        for c in range(channels):
            at = first_pixel(h, channels, width) + c * stride_of(width)
            row = field[at : at + width]
            for x in range(width):
                row[x] += image[c, h, x]


@compiled
def pour_out_row(field: Array, h: int, image: Array) -> None:
    """Row ``h`` of the field into the image."""
    channels, _, width = image.shape
    for c in range(channels):
        at = first_pixel(h, channels, width) + c * stride_of(width)
        row = field[at : at + width]
        for x in range(width):
            image[c, h, x] = row[x]


@compiled
def add_out_row(field: Array, h: int, image: Array) -> None:
    """Row ``h`` of the field onto the image's."""
    channels, _, width = image.shape
    for c in range(channels):
        at = first_pixel(h, channels, width) + c * stride_of(width)
        row = field[at : at + width]
        for x in range(width):
            image[c, h, x] += row[x]


@compiled
def surround(field: Array, channels: int, height: int, width: int, boundary: int) -> None:
    """Set what lies one pixel beyond the edges."""
    stride, zero = stride_of(width), field.dtype.type(0)
    left, right = (width - 1, 0) if boundary == CIRCULAR else (0, width - 1)
    for h in range(height + 1):  # the end of the last row is beyond the left edge of the next
        for c in range(channels):
            at = first_pixel(h, channels, width) + c * stride
            field[at - 1] = zero if boundary == FIXED else field[at + left]
            field[at + width] = zero if boundary == FIXED else field[at + right]
    if boundary == FIXED:
        return  # the rows beyond are 0 from the start
    top, bottom = (height - 1, 0) if boundary == CIRCULAR else (0, height - 1)
    for beyond, h in ((-1, top), (height, bottom)):
        to, at = first_pixel(beyond, channels, width) - 1, first_pixel(h, channels, width) - 1
        for k in range(channels * stride):
            field[to + k] = field[at + k]
