"""Images of different sizes in one array: padded at the right and lower edges, with their sizes beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.split import DatasetError

Sizes = npt.NDArray[np.int32]
"""(sample, 2): the height and width of each image."""
Region = tuple[slice, slice]
"""The rows and columns of an array ``(height, width, ...)``."""

LARGE = 500_000_000
"""More pixels than this, of which all but one in ``MAX_PADDING`` are padding, are refused."""
MAX_PADDING = 20
"""The most pixels with padding for each without."""
WHOLE: Region = (slice(None), slice(None))


def region_of(sizes: Sizes | None, sample: int) -> Region:
    """Return the rows and columns of a padded sample that are not padding; sizes are None if nothing is padded."""
    return WHOLE if sizes is None else region(*sizes[sample].tolist())


def region_of_batch(sizes: Sizes | None, samples: npt.NDArray[np.int64]) -> Region:
    """Return the rows and columns that are not padding in at least one of some samples."""
    return WHOLE if sizes is None or not len(samples) else region(*sizes[samples].max(axis=0).tolist())


def region(height: int, width: int) -> Region:
    """Return the first rows and columns of an array.

    >>> np.arange(6).reshape(2, 3)[region(1, 2)].tolist()
    [[0, 1]]
    """
    return slice(height), slice(width)


def check_padding(sizes: Sequence[Sequence[int]], origin: str) -> None:
    """Raise DatasetError if nearly all pixels of many would be padding, before they fill the memory.

    Args:
        sizes: the height and width of each image.
        origin: the folder of the images, for the message.
    """
    height, width = (max(size[axis] for size in sizes) for axis in (0, 1))
    padded, pixels = len(sizes) * height * width, sum(size[0] * size[1] for size in sizes)
    if padded > LARGE and padded > MAX_PADDING * pixels:
        raise DatasetError(
            f"{origin}: images are padded to the largest height and width, {height} x {width} pixels, so "
            f"{1 - pixels / padded:.1%} of {padded:,} pixels would be padding. Resize the large images or cut them "
            "into tiles, or import large and small images as two datasets"
        )


def stack_padded(arrays: list[npt.NDArray[Any]], *, dtype: npt.DTypeLike) -> tuple[npt.NDArray[Any], Sizes]:
    """Return arrays ``(height, width, ...)`` in one array as large as the largest, and the size of each.

    The padding is 0. The list is emptied, so that memory holds the pixels about once.

    >>> stack, sizes = stack_padded([np.ones((1, 2)), np.ones((2, 1))], dtype=np.uint8)
    >>> stack.tolist(), sizes.tolist()
    ([[[1, 1], [0, 0]], [[1, 0], [1, 0]]], [[1, 2], [2, 1]])
    """
    sizes = np.array([array.shape[:2] for array in arrays], np.int32)
    height, width = sizes.max(axis=0).tolist()
    stack = np.zeros((len(arrays), height, width, *arrays[0].shape[2:]), dtype)
    for sample in reversed(range(len(arrays))):
        stack[sample][region_of(sizes, sample)] = arrays.pop()
    return stack, sizes


def pad_to(stack: npt.NDArray[Any], height: int, width: int) -> npt.NDArray[Any]:
    """Return an array ``(sample, height, width, ...)`` with zeros at the right and lower edges, up to a size."""
    rows, columns = height - stack.shape[1], width - stack.shape[2]
    if rows == columns == 0:
        return stack
    return np.pad(stack, [(0, 0), (0, rows), (0, columns), *[(0, 0)] * (stack.ndim - 3)])
