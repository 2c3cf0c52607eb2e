"""Batches of tensors from a split, and an order of samples that is a pure function of seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from drumhead.data.split import Split

Batch = tuple[torch.Tensor, torch.Tensor]

EVERYTHING = slice(None)


class ShuffleSampler(Sampler[int]):
    """A new order of all samples for each epoch, a pure function of seed and epoch.

    Set ``epoch`` before an epoch starts; training that resumes at some epoch needs no other state.

    Args:
        length: number of samples.
        seed: 0 or more.

    Example:
        >>> shuffle = ShuffleSampler(5, seed=0)
        >>> first = list(shuffle)
        >>> shuffle.epoch = 1
        >>> sorted(shuffle) == sorted(first), list(shuffle) == first
        (True, False)
    """

    def __init__(self, length: int, seed: int) -> None:
        if length < 0 or seed < 0:
            raise ValueError(f"length and seed must be 0 or more; got {length} and {seed}")
        self.length = length
        self.seed = seed
        self.epoch = 0

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng([self.epoch, self.seed]).permutation(self.length)
        return iter(order.tolist())

    def __len__(self) -> int:
        return self.length


class _Batches(Dataset[Batch]):
    """A split whose batches are gathered at once; of the images, a part of each batch."""

    def __init__(self, split: Split, part: slice) -> None:
        self.split = split
        self.part = part

    def __len__(self) -> int:
        return len(self.split.images)

    def __getitems__(self, samples: Sequence[int]) -> Batch:
        return to_tensors(self.split, samples, part=self.part)


def to_tensors(split: Split, samples: Sequence[int], *, part: slice = EVERYTHING) -> Batch:
    """Some samples of a split as tensors: the masks of all, and the images of a part of them.

    Returns:
        Images (batch, channel, height, width), float32 in [0, 1], in channels-last memory; masks (batch,
        height, width), int64.
    """
    chosen = np.asarray(samples, dtype=np.int64)
    images, masks = np.asarray(split.images[chosen[part]]), split.masks[chosen].astype(np.int64)
    # In numpy, on one thread: on a busy machine torch waits longer for its threads than this takes.
    if images.dtype == np.uint8:
        images = np.divide(images, 255, dtype=np.float32)
    return torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(np.asarray(masks))


def image_loader(
    split: Split,
    *,
    batch_size: int,
    order: Sequence[int] | Sampler[int] | None,
    drop_last: bool = False,
    part: slice = EVERYTHING,
) -> DataLoader[Batch]:
    """Batches of a split, as :func:`to_tensors` gives them.

    Args:
        split: images and masks.
        batch_size: samples in a batch; the last may have fewer.
        order: which samples, in which order: numbers, a sampler such as :class:`ShuffleSampler`, or None for all as
            they come.
        drop_last: leave out a last batch with fewer samples.
        part: read the images of this part of each batch only; masks are of the whole batch.

    Example:
        >>> split = Split(np.full((5, 8, 6, 3), 255, np.uint8), np.zeros((5, 8, 6), np.uint8))
        >>> for images, masks in image_loader(split, batch_size=4, order=ShuffleSampler(5, seed=0)):
        ...     print(tuple(images.shape), float(images.max()), tuple(masks.shape))
        (4, 3, 8, 6) 1.0 (4, 8, 6)
        (1, 3, 8, 6) 1.0 (1, 8, 6)
    """
    return DataLoader(
        _Batches(split, part),
        batch_size=batch_size,
        sampler=order,
        drop_last=drop_last,
        collate_fn=_as_gathered,
        # A DataLoader draws a number for its workers each epoch: from here, not from torch's global stream.
        generator=torch.Generator().manual_seed(0),
    )


def _as_gathered(batch: Any) -> Any:
    """In place of collating: ``__getitems__`` has made the batch, not the list DataLoader expects."""
    return batch
