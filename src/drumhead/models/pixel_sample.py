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


def sample_pixels(
    masks: Tensor, count: int, *, generator: torch.Generator, ignored_label: int | None = None
) -> PixelSample:
    """Draw pixels with replacement: half uniformly from the foreground, half uniformly from the whole image.

    In an image without foreground, all draws are from the whole image. The draws are integers, so they are uniform in
    images of any size; sums of float32 probabilities are not, above about a million pixels.

    Args:
        masks: Class of each pixel, ``(batch, height, width)``.
        count: Number of draws per image.
        generator: A generator on the CPU.
        ignored_label: Label of the pixels that the loss ignores, which are not foreground; none by default.

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
    labels = masks.flatten(1).cpu()
    is_foreground = labels != 0
    if ignored_label is not None:
        is_foreground &= labels != ignored_label
    pixels = labels.shape[1]
    foreground_pixels = is_foreground.sum(dim=1, keepdim=True)

    # Each draw takes one random number of 63 bits: the last bit chooses the set, the others a member of the set.
    random = torch.empty(len(labels), count, dtype=torch.int64).random_(generator=generator)
    from_foreground = ((random & 1) == 1) & (foreground_pixels > 0)
    member = (random >> 1) % torch.where(from_foreground, foreground_pixels, pixels)
    foreground_list = is_foreground.nonzero()[:, 1]  # the foreground pixels of the first image, then of the second, ...
    first = foreground_pixels.cumsum(dim=0) - foreground_pixels  # where each image begins in the list
    pixel = member.clone()
    pixel[from_foreground] = foreground_list[(first + member)[from_foreground]]

    is_foreground_draw = is_foreground.gather(1, pixel)
    share = torch.where(foreground_pixels > 0, 0.5, 0.0).double()  # of draws that are from the foreground
    probability = (1 - share) / pixels + is_foreground_draw * share / foreground_pixels.clamp(min=1)
    weight = (1 / (count * pixels * probability)).float()
    return PixelSample(pixel.to(masks.device), weight.to(masks.device))
