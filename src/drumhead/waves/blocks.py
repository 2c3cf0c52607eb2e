"""Blocks of frames and of sites, so that long or large movies need little memory beyond their results."""

from __future__ import annotations

from collections.abc import Iterator

BLOCK_VALUES = 1_000_000
"""About the number of values in a block: 8 MB of float64."""


def blocks(count: int, values_each: int) -> Iterator[slice]:
    """Return slices that cover ``count`` frames (or sites) of ``values_each`` values, in blocks of about a million.

    >>> [(each.start, each.stop) for each in blocks(7, 400_000)]
    [(0, 2), (2, 4), (4, 6), (6, 7)]
    """
    step = max(1, BLOCK_VALUES // max(1, values_each))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))
