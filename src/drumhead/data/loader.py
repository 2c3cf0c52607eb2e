"""Batches of tensors from a split, in an order of samples that is a pure function of seed and epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from drumhead.data.padding import region_of_batch
from drumhead.data.split import Split

Batch = tuple[torch.Tensor, torch.Tensor]

ALL = slice(None)


class ShuffleSampler(Sampler[int]):
    """Shuffles all samples anew for each epoch; the order is a pure function of seed and epoch.

    Set ``epoch`` before an epoch starts; to resume training at some epoch, no other state is needed.

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


class _BatchDataset(Dataset[Batch]):
    """A split that returns whole batches, with the images of a slice of each batch."""

    def __init__(self, split: Split, image_slice: slice) -> None:
        self.split = split
        self.image_slice = image_slice

    def __len__(self) -> int:
        return len(self.split.images)

    def __getitems__(self, samples: Sequence[int]) -> Batch:
        return to_tensors(self.split, samples, image_slice=self.image_slice)


def to_tensors(split: Split, samples: Sequence[int], *, image_slice: slice = ALL) -> Batch:
    """Convert samples of a split to tensors. Images of different sizes are padded to the largest of these samples.

    Args:
        split: images and masks.
        samples: indices of the samples.
        image_slice: convert only the images of this slice of the samples; masks are of all samples.

    Returns:
        Images (batch, channel, height, width), float32 in [0, 1], in channels-last memory; masks (batch,
        height, width), int64.
    """
    indices = np.asarray(samples, dtype=np.int64)
    # In C order, whatever that of the arrays: torch sums in the order of memory.
    rows, columns = region_of_batch(split.sizes, indices)
    images = np.ascontiguousarray(split.images[indices[image_slice], rows, columns])
    masks = split.masks[indices, rows, columns].astype(np.int64, order="C")
    # NumPy divides on one thread: on a busy machine, torch waits longer for its threads than the division takes.
    if images.dtype == np.uint8:
        images = np.divide(images, 255, dtype=np.float32)
    return torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(np.asarray(masks))


def image_loader(
    split: Split,
    *,
    batch_size: int,
    order: Sequence[int] | Sampler[int] | None,
    drop_last: bool = False,
    image_slice: slice = ALL,
) -> DataLoader[Batch]:
    """Return a DataLoader of batches as :func:`to_tensors` returns them.

    Args:
        split: images and masks.
        batch_size: number of samples in a batch; the last batch may have fewer.
        order: indices of the samples in order, or a sampler such as :class:`ShuffleSampler`; None: all samples in
            their stored order.
        drop_last: omit a last batch with fewer samples.
        image_slice: read only the images of this slice of each batch; masks are of the whole batch.

    Example:
        >>> split = Split(np.full((5, 8, 6, 3), 255, np.uint8), np.zeros((5, 8, 6), np.uint8))
        >>> for images, masks in image_loader(split, batch_size=4, order=ShuffleSampler(5, seed=0)):
        ...     print(tuple(images.shape), float(images.max()), tuple(masks.shape))
        (4, 3, 8, 6) 1.0 (4, 8, 6)
        (1, 3, 8, 6) 1.0 (1, 8, 6)
    """
    return _data_loader(split, image_slice, batch_size=batch_size, sampler=order, drop_last=drop_last)


def unpadded_loader(
    split: Split, *, batch_size: int, samples: int | None = None, batches: slice = ALL
) -> DataLoader[Batch]:
    """Return a DataLoader of batches of images of one size each, as :func:`to_tensors` returns them.

    So no image is padded, and what a model computes for an image does not depend on the others. Images of one size are
    in their stored order.

    Args:
        split: images and masks.
        batch_size: the largest number of samples in a batch.
        samples: only the first samples of the split; None: all.
        batches: only a slice of the batches.

    Example:
        >>> sizes = np.array([[8, 6], [4, 6], [8, 6]], np.int32)
        >>> split = Split(np.zeros((3, 8, 6, 1), np.uint8), np.zeros((3, 8, 6), np.uint8), sizes)
        >>> [tuple(masks.shape) for _, masks in unpadded_loader(split, batch_size=8)]
        [(2, 8, 6), (1, 4, 6)]
    """
    by_size: dict[tuple[int, ...], list[int]] = {}
    for sample in range(len(split.images))[:samples]:
        size = () if split.sizes is None else tuple(split.sizes[sample].tolist())
        by_size.setdefault(size, []).append(sample)
    all_batches = [
        group[start : start + batch_size] for group in by_size.values() for start in range(0, len(group), batch_size)
    ]
    return _data_loader(split, ALL, batch_sampler=all_batches[batches])


def _data_loader(split: Split, image_slice: slice, **options: Any) -> DataLoader[Batch]:
    # A DataLoader draws a seed for its workers each epoch: from this generator, not from torch's global one.
    generator = torch.Generator().manual_seed(0)
    return DataLoader(_BatchDataset(split, image_slice), collate_fn=_return_batch, generator=generator, **options)


def _return_batch(batch: Any) -> Any:
    """Replace collation: ``__getitems__`` returns a batch, not the list of samples that DataLoader expects."""
    return batch
