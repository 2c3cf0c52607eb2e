"""Which pixels of an image are computed together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

CACHE_NUMBERS = 1 << 18
"""Numbers in a chunk's largest matrix: with its neighbours it stays in the caches of one core."""

ROUND = 64
"""Sizes of chunks are multiples of it, where there are as many pixels."""

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
        """This chunk's columns of ``rows`` ``(..., pixel)``, as ``out`` has them; a view where nothing is to be copied.

        Args:
            rows: what the pixels of the image have, contiguous.
            out: memory for them.
        """
        if isinstance(self.pixel, slice):
            return rows[..., self.pixel] if rows.dtype == out.dtype else out.copy_(rows[..., self.pixel])
        chosen = torch.index_select(
            rows.flatten(0, -2), 1, self.pixel, out=out.flatten(0, -2) if rows.dtype == out.dtype else None
        )
        return out if rows.dtype == out.dtype else out.copy_(chosen.view(out.shape))

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
        size: most pixels in a chunk, a multiple of ``ROUND``.
        counted: which are wanted, bool ``(pixel,)``; all by default. A few others make up a round number: matrix
            libraries compile a product anew for every size they have not met.
    """
    if counted is None or bool(counted.all()):
        return [Chunk(slice(at, min(at + size, pixels)), min(size, pixels - at)) for at in range(0, pixels, size)]
    wanted = counted.nonzero()[:, 0]
    others = counted.logical_not().nonzero()[: -len(wanted) % ROUND, 0]
    return [Chunk(pixel, len(pixel)) for pixel in torch.split(torch.cat([wanted, others]), size) if len(pixel)]


def chunk_size(rows: int) -> int:
    """How many pixels a chunk has whose largest matrix has that many rows."""
    return max(ROUND, CACHE_NUMBERS // rows // ROUND * ROUND)


def parts_of(items: Sequence[Item]) -> list[Sequence[Item]]:
    """The items in at most ``PARTS`` sequences as long as each other, in order."""
    parts = min(PARTS, len(items))
    return [items[len(items) * part // parts : len(items) * (part + 1) // parts] for part in range(parts)]
