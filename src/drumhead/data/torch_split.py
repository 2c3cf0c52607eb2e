"""A split of a dataset as a dataset of PyTorch, for a training loop of your own."""

from __future__ import annotations

import torch
from torch.utils.data import Dataset

from drumhead.data.loader import to_tensors
from drumhead.data.split import Split


class TorchSplit(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """The samples of a split, each an image and the classes of its pixels.

    Images of different sizes are padded at the right and lower edges to the largest of the dataset, so that they fit
    into one batch; the padding has the ignored label.

    Args:
        split: images and masks.

    Example:
        >>> import numpy as np
        >>> from torch.utils.data import DataLoader
        >>> samples = TorchSplit(Split(np.full((5, 8, 6, 3), 255, np.uint8), np.zeros((5, 8, 6), np.uint8)))
        >>> image, mask = samples[4]
        >>> image.shape, image.dtype, float(image.max()), mask.shape, mask.dtype
        (torch.Size([3, 8, 6]), torch.float32, 1.0, torch.Size([8, 6]), torch.int64)
        >>> [len(images) for images, masks in DataLoader(samples, batch_size=2)]
        [2, 2, 1]
    """

    def __init__(self, split: Split) -> None:
        self.split = split

    def __len__(self) -> int:
        return len(self.split.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return an image ``(channel, height, width)``, float32 in [0, 1], and its classes ``(height, width)``, int64.

        Raises:
            IndexError: if there is no such sample.
        """
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample must be from 0 to {len(self) - 1}; got {index}")
        images, masks = to_tensors(self.split._replace(sizes=None), [index])
        return images[0], masks[0]

    def __repr__(self) -> str:
        images = self.split.images
        return f"TorchSplit({len(images)} samples, {images.shape[3]} x {images.shape[1]} x {images.shape[2]})"
