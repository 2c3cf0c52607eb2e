"""Which pixels of an image are computed, and how many together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import torch
from torch import Tensor

CACHE_BYTES = 1 << 20
"""Size of the largest matrix of pixels that are computed together: it and its neighbours stay in a core's caches."""

ROUND = 64
"""Numbers of pixels are multiples of it, where there are as many."""

MAX_PARTS = 16
"""Most parts a batch is divided into. The number of threads is left out of it, so that sums do not depend on it."""

Item = TypeVar("Item")


def active_pixels(counted: Tensor) -> Tensor | None:
    """The numbers of the pixels that are wanted; none if all are.

    A few others make up a round number: matrix libraries compile a product anew for every size they have not met.

    Args:
        counted: which are wanted, bool ``(pixel,)``.

    >>> active_pixels(torch.arange(100) < 3).shape, active_pixels(torch.ones(9, dtype=torch.bool))
    (torch.Size([64]), None)
    """
    if bool(counted.all()):
        return None
    wanted = counted.nonzero()[:, 0]
    return torch.cat([wanted, counted.logical_not().nonzero()[: -len(wanted) % ROUND, 0]])


def pixel_block_size(rows: int, *, element_size: int) -> int:
    """How many pixels are computed together whose largest matrix has that many rows."""
    return max(ROUND, CACHE_BYTES // (rows * element_size) // ROUND * ROUND)


def split_evenly(items: Sequence[Item]) -> list[Sequence[Item]]:
    """The items in at most ``MAX_PARTS`` sequences as long as each other, in order."""
    parts = min(MAX_PARTS, len(items))
    return [items[len(items) * part // parts : len(items) * (part + 1) // parts] for part in range(parts)]
