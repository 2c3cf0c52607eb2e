"""How a batch is divided: into micro-batches of a few images, and these into parts that threads work on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

MICRO_BATCH = 2
"""The largest number of images whose states are computed together. With more images, convolutions are faster and take
proportionally more memory."""

MAX_PARTS = 16
"""The largest number of parts of a batch. Since it does not depend on the number of threads, sums over parts do not."""

Item = TypeVar("Item")


def micro_batches(batch: int) -> list[slice]:
    """Return the slices that divide a batch of images; they do not depend on the number of threads.

    >>> micro_batches(4), len(micro_batches(64))
    ([slice(0, 1, None), slice(1, 2, None), slice(2, 3, None), slice(3, 4, None)], 32)
    """
    size = min(MICRO_BATCH, max(1, batch // 4))
    return [slice(start, min(start + size, batch)) for start in range(0, batch, size)]


def split_evenly(items: Sequence[Item]) -> list[Sequence[Item]]:
    """Split a sequence, in order, into at most ``MAX_PARTS`` parts whose lengths differ by at most 1."""
    parts = min(MAX_PARTS, len(items))
    return [items[len(items) * part // parts : len(items) * (part + 1) // parts] for part in range(parts)]
