"""Random samples of pixels, for an unbiased estimate of the loss.

Most pixels of a segmentation image are background and look alike. Half of the draws are among the foreground, and each
is weighted by the inverse of its probability. So the expected loss is the mean cross-entropy over all pixels, and
computing it takes a fraction of the work.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class PixelSample(NamedTuple):
    """A weighted sample of the pixels of each image of a batch."""

    pixel: Tensor
    """Pixel indices ``row * width + column``, int64 ``(batch, sample)``."""
    weight: Tensor
    """The weight of each draw in the loss, float32 ``(batch, sample)``. The expected sum over an image is 1."""


def sample_pixels(masks: Tensor, count: int, *, generator: torch.Generator) -> PixelSample:
    """Draw pixels with replacement: half uniformly from the foreground, half uniformly from the whole image.

    In an image without foreground, all draws are from the whole image.

    Args:
        masks: Class of each pixel, ``(batch, height, width)``.
        count: Number of draws per image.
        generator: A generator on the CPU.

    Raises:
        ValueError: If ``count`` is below 1.

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
    foreground_fraction = torch.where(foreground_pixels > 0, 0.5, 0.0)  # the fraction of draws from the foreground
    from_foreground = foreground_fraction * foreground / foreground_pixels.clamp(min=1)
    probability = from_foreground + (1 - foreground_fraction) / pixels
    pixel = torch.multinomial(probability, count, replacement=True, generator=generator)
    weight = 1 / (count * pixels * probability.gather(1, pixel))
    return PixelSample(pixel.to(masks.device), weight.to(masks.device))
