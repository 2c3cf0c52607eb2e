"""Which pixels of an image are computed, and how many of them at once: a block of pixels."""

from __future__ import annotations

import torch
from torch import Tensor

CACHE_BYTES = 1 << 20
"""The largest size of a matrix for one block: with the matrices beside it, it stays in the caches of a core."""

PIXEL_MULTIPLE = 64
"""Numbers of pixels are rounded to a multiple of this where the image has enough pixels."""


def active_pixels(active: Tensor) -> Tensor | None:
    """Return the indices of the pixels to compute, int64; None if they are all pixels.

    They are the active pixels and a few others that make up a multiple of 64: matrix libraries compile a product anew
    for every size that they have not met.

    Args:
        active: Whether each pixel is needed, bool ``(pixel,)``.

    >>> active_pixels(torch.arange(100) < 3).shape, active_pixels(torch.ones(9, dtype=torch.bool))
    (torch.Size([64]), None)
    """
    if bool(active.all()):
        return None
    pixels = active.nonzero()[:, 0]
    return torch.cat([pixels, active.logical_not().nonzero()[: -len(pixels) % PIXEL_MULTIPLE, 0]])


def pixel_block_size(rows: int, *, element_size: int) -> int:
    """Return the number of pixels in a block.

    Args:
        rows: Rows of the largest matrix, whose columns are the pixels.
        element_size: Bytes per element.
    """
    return max(PIXEL_MULTIPLE, CACHE_BYTES // (rows * element_size) // PIXEL_MULTIPLE * PIXEL_MULTIPLE)
