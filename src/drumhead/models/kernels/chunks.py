"""Which pixels of an image are computed together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

CACHE_NUMBERS = 1 << 18
"""Numbers in a chunk's largest matrix: with its neighbours it stays in the caches of one core."""

PARTS = 16
"""Most parts a batch is divided into. The number of threads is left out of it, so that sums do not depend on it."""

Item = TypeVar("Item")


class Chunk(NamedTuple):
    """Some pixels of an image."""

    pixel: slice | Tensor
    """Which: a run of them, or flat pixel numbers, int64, each once."""
    size: int
    """How many."""

    def of(self, rows: Tensor, out: Tensor) -> Tensor:
        """This chunk's columns of ``rows`` ``(..., pixel)`` with the type of ``out``; if they must be copied, in there.

        Args:
            rows: what the pixels of the image have, contiguous.
            out: memory for as many rows of this chunk's size, two-dimensional.
        """
        shape = (*rows.shape[:-1], self.size)
        if isinstance(self.pixel, slice):
            if rows.dtype == out.dtype:
                return rows[..., self.pixel]
            return out.view(shape).copy_(rows[..., self.pixel])
        if rows.dtype == out.dtype:
            return torch.index_select(rows.flatten(0, -2), 1, self.pixel, out=out).view(shape)
        return out.copy_(rows.flatten(0, -2).index_select(1, self.pixel)).view(shape)

    def put(self, values: Tensor, rows: Tensor) -> None:
        """Write this chunk's columns of ``rows`` ``(..., pixel)``."""
        if isinstance(self.pixel, slice):
            rows[..., self.pixel] = values
        else:
            rows.flatten(0, -2).index_copy_(1, self.pixel, values.flatten(0, -2).to(rows.dtype))


def chunks_of(pixels: int, *, size: int, counted: Tensor | None = None) -> list[Chunk]:
    """The pixels of an image in chunks of at most ``size``.

    Args:
        pixels: how many there are.
        size: most pixels in a chunk.
        counted: which are wanted, bool ``(pixel,)``; all by default.
    """
    if counted is None or bool(counted.all()):
        return [Chunk(slice(at, min(at + size, pixels)), min(size, pixels - at)) for at in range(0, pixels, size)]
    return [Chunk(pixel, len(pixel)) for pixel in torch.split(counted.nonzero()[:, 0], size) if len(pixel)]


def chunk_size(rows: int) -> int:
    """How many pixels a chunk has whose largest matrix has that many rows."""
    return max(64, CACHE_NUMBERS // rows // 64 * 64)


def parts_of(items: Sequence[Item]) -> list[Sequence[Item]]:
    """The items in at most ``PARTS`` sequences as long as each other, in order."""
    parts = min(PARTS, len(items))
    return [items[len(items) * part // parts : len(items) * (part + 1) // parts] for part in range(parts)]
