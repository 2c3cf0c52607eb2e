"""The layout in which kernels hold an image's values: rows with surroundings.

A field is a flat array: rows of the image, in them channels, in them pixels, ``stride`` apart, so that many rows of
all channels are one loop. Two rows lie beyond either edge of the image; what lies beyond the left edge of a
channel's row is the last of the ``stride`` elements before it. Elements between the rows hold nothing of meaning. An
odd number of channels is made even by one that no one reads, for the tiles of
:mod:`drumhead.fields.cpu.kernels.register_tiles`.

Images are flat here too: ``(channel, height, width)`` end to end. What is between the two is moved in runs by index:
a slice costs as much as many numbers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from drumhead.fields.cpu.kernels.compiling import compiled, jitable

Array = NDArray[Any]
"""Numbers of one type, float32 or float64."""

CIRCULAR, FIXED, FREE = range(3)
"""The boundaries of :mod:`drumhead.fields.boundaries`, in their order."""
ALIGNED = 16
"""Rows begin at multiples of it: as many numbers as the widest vector holds."""
BAND = 2048
"""Numbers of a field to work on at a time: with its companions it stays in a first-level cache."""


@jitable
def stride_of(width: int) -> int:
    return (width + 2 + ALIGNED - 1) // ALIGNED * ALIGNED


@jitable
def even(channels: int) -> int:
    """Channels of a field."""
    return channels + channels % 2


@jitable
def row_size(channels: int, width: int) -> int:
    """Elements from a row of the image to the next."""
    return even(channels) * stride_of(width)


@compiled
def first_pixel(h: int, channels: int, width: int) -> int:
    """Where row ``h`` of the image begins."""
    return ALIGNED + (h + 2) * row_size(channels, width)


@compiled
def row_block_height(channels: int, width: int) -> int:
    """Rows to work on at a time, so that what is made of them is still in the first-level cache when it is used."""
    return max(1, BAND // row_size(channels, width))


@compiled
def row_block(top: int, rows: int, channels: int, width: int) -> slice:
    """So many rows of the image from row ``top`` on, all channels."""
    return slice(first_pixel(top, channels, width), first_pixel(top + rows, channels, width))


@compiled
def zeros(size: int, dtype: Any) -> Array:
    """As many zeros, from an address on at which vectors are read whole."""
    values = np.zeros(size + ALIGNED, dtype)
    start = -(values.ctypes.data // values.itemsize) % ALIGNED
    return values[start : start + size]


@compiled
def empty_padded(shape: tuple[int, int, int], dtype: Any) -> Array:
    """A field of zeros for an image ``(channel, height, width)``."""
    channels, height, width = shape
    return zeros(2 * ALIGNED + (height + 4) * row_size(channels, width), dtype)


@compiled
def pad_in(image: Array, field: Array, channels: int, height: int, width: int, first: int = 0, among: int = 0) -> None:
    """Image into field, whose channels it has, or those from ``first`` on ``among`` so many."""
    for h in range(height):
        for c in range(channels):
            to = first_pixel(h, among or channels, width) + (first + c) * stride_of(width)
            _copy(image, (c * height + h) * width, field, to, width)


@compiled
def add(image: Array, field: Array, channels: int, height: int, width: int, first: int = 0, among: int = 0) -> None:
    """Image onto field, as :func:`pad_in`."""
    for h in range(height):
        for c in range(channels):
            to = first_pixel(h, among or channels, width) + (first + c) * stride_of(width)
            add_run(image, (c * height + h) * width, field, to, width)


@compiled
def places_of(pixels: NDArray[np.int64], channels: int, width: int) -> NDArray[np.int64]:
    """Where pixels of the image, by their numbers, are in the first channel of a field."""
    places = np.empty_like(pixels)
    for i in range(pixels.size):
        places[i] = first_pixel(pixels[i] // width, channels, width) + pixels[i] % width
    return places


@compiled
def add_at(places: NDArray[np.int64], values: Array, field: Array, channels: int, width: int) -> None:
    """Values ``(channel, place)``, end to end, onto those places of a field."""
    for c in range(channels):
        for i in range(places.size):
            field[places[i] + c * stride_of(width)] += values[c * places.size + i]


@compiled
def unpad_out(
    field: Array, top: int, rows: int, image: Array, channels: int, height: int, width: int,
    first: int = 0, among: int = 0,
) -> None:  # fmt: skip
    """So many rows of the field from row ``top`` on into the image, the channels as in :func:`pad_in`."""
    for h in range(top, top + rows):
        for c in range(channels):
            at = first_pixel(h, among or channels, width) + (first + c) * stride_of(width)
            _copy(field, at, image, (c * height + h) * width, width)


@compiled
def add_out(field: Array, image: Array, channels: int, height: int, width: int) -> None:
    """Field onto image."""
    for h in range(height):
        for c in range(channels):
            at = first_pixel(h, channels, width) + c * stride_of(width)
            add_run(field, at, image, (c * height + h) * width, width)


@compiled
def fill_halo(field: Array, channels: int, height: int, width: int, boundary: int) -> None:
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
        _copy(field, at, field, to, channels * stride)


@compiled
def add_run(source: Array, at: int, target: Array, to: int, count: int) -> None:
    """Add a run of numbers to another."""
    at_, to_ = np.uintp(at), np.uintp(to)  # an index that cannot be negative is not looked at twice
    for x in range(np.uintp(count)):
        target[to_ + x] += source[at_ + x]


@compiled
def _copy(source: Array, at: int, target: Array, to: int, count: int) -> None:
    at_, to_ = np.uintp(at), np.uintp(to)
    for x in range(np.uintp(count)):
        target[to_ + x] = source[at_ + x]
