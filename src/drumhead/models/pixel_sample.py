"""Training on a part of the pixels, without bias.

Most pixels of a segmentation image are background and alike. A sample of pixels, half of the draws among the
foreground, weighted by the inverse of their probability, gives a loss whose expectation is the mean
cross-entropy over all pixels, at a fraction of the work.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class PixelSample(NamedTuple):
    """Some pixels of each image of a batch."""

    pixel: Tensor
    """Flat pixel numbers (``row * width + column``), int64 ``(batch, sample)``."""
    weight: Tensor
    """What each counts for in the loss, float32 ``(batch, sample)``: the expected sum over an image is 1."""


def sample_pixels(masks: Tensor, count: int, *, generator: torch.Generator) -> PixelSample:
    """Draw pixels with replacement: half evenly from the foreground, half evenly from the image.

    An image without foreground is drawn from evenly.

    Args:
        masks: class of every pixel, ``(batch, height, width)``.
        count: draws per image.
        generator: where the draws come from, a CPU generator.

    Raises:
        ValueError: if ``count`` is below 1.

    >>> masks = torch.zeros(1, 4, 4, dtype=torch.int64)
    >>> masks[0, 1, 2] = 3
    >>> sample = sample_pixels(masks, 1000, generator=torch.Generator().manual_seed(0))
    >>> bool(0.4 < (sample.pixel == 6).float().mean() < 0.7)
    True
    """
    if count < 1:
        raise ValueError(f"count must be at least 1, got {count}")
    foreground = (masks.flatten(1) != 0).cpu().float()
    pixels = foreground.shape[1]
    foreground_pixels = foreground.sum(dim=1, keepdim=True)
    share = torch.where(foreground_pixels > 0, 0.5, 0.0)
    probability = share * foreground / foreground_pixels.clamp(min=1) + (1 - share) / pixels
    pixel = torch.multinomial(probability, count, replacement=True, generator=generator)
    weight = 1 / (count * pixels * probability.gather(1, pixel))
    return PixelSample(pixel.to(masks.device), weight.to(masks.device))
