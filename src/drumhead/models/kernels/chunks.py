"""Which pixels are computed together."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

CACHE_BYTES = 1 << 20
"""Size of a chunk's largest matrix: with its neighbours it stays in the caches of one core."""

PARTS = 16
"""Most parts a batch is divided into. The number of threads is left out of it, so that sums do not depend on it."""


class Chunk(NamedTuple):
    """Some pixels of one image."""

    image: int
    """Number of the image in the batch."""
    pixel: slice | Tensor
    """Which of its pixels: a run of them, or flat pixel numbers, int64, each once."""
    size: int
    """How many."""

    def take(self, rows: Tensor, *, out: Callable[[], Tensor]) -> Tensor:
        """This chunk's columns of ``rows`` ``(..., pixel)``: a view for a run of pixels, a copy for others.

        Args:
            rows: what the pixels of the image have, contiguous.
            out: gives the matrix for the copy, with as many rows and this chunk's size.
        """
        if isinstance(self.pixel, slice):
            return rows[..., self.pixel]
        return torch.index_select(rows.flatten(0, -2), 1, self.pixel, out=out()).view(*rows.shape[:-1], self.size)


def chunks_of(batch: int, pixels: int, *, size: int, counted: Tensor | None = None) -> list[Chunk]:
    """The pixels of a batch in chunks of at most ``size``.

    Args:
        batch: number of images.
        pixels: in each image.
        size: most pixels in a chunk.
        counted: which are wanted, bool ``(batch, pixel)``; all by default.
    """
    if counted is None or bool(counted.all()):
        starts = range(0, pixels, size)
        runs = [slice(start, min(start + size, pixels)) for start in starts]
        return [Chunk(image, run, run.stop - run.start) for image in range(batch) for run in runs]
    wanted = [row.nonzero()[:, 0] for row in counted]
    return [
        Chunk(image, pixel, len(pixel))
        for image in range(batch)
        for pixel in wanted[image].split(size)
        if len(pixel)  # an empty tensor splits into one empty piece
    ]


def chunk_size(rows: int, *, element_size: int) -> int:
    """How many pixels a chunk has whose largest matrix has that many rows."""
    return max(64, CACHE_BYTES // (rows * element_size) // 64 * 64)


def parts_of(chunks: list[Chunk]) -> list[list[Chunk]]:
    """The chunks in at most ``PARTS`` lists as long as each other, in order."""
    parts = min(PARTS, len(chunks))
    return [chunks[len(chunks) * part // parts : len(chunks) * (part + 1) // parts] for part in range(parts)]
