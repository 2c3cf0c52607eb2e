"""What each pixel counts for in the loss: class weights, an ignored label, a sample of pixels in one number."""

from __future__ import annotations

import torch
from torch import Tensor

from drumhead.models.pixel_sample import PixelSample


def pixel_weights(
    masks: Tensor, *, class_weights: Tensor | None = None, ignored_label: int | None = None, dtype: torch.dtype
) -> Tensor:
    """The share of each pixel in the mean loss of a batch, ``(batch, height, width)``; they sum to 1.

    As in ``torch.nn.functional.cross_entropy``: in proportion to the weight of the pixel's class, 0 where ignored,
    and not a number where every pixel is ignored.

    Args:
        masks: class of every pixel, int64 ``(batch, height, width)``.
        class_weights: what a pixel of each class counts for, ``(class,)``; all the same by default.
        ignored_label: the class of pixels that do not count.
        dtype: of the result.

    >>> masks = torch.tensor([[[0, 0, 1, 9]]])
    >>> pixel_weights(masks, class_weights=torch.tensor([1.0, 2.0]), ignored_label=9, dtype=torch.float32)
    tensor([[[0.2500, 0.2500, 0.5000, 0.0000]]])
    """
    weights = torch.ones(masks.shape, dtype=dtype, device=masks.device)
    if class_weights is not None:
        weights = class_weights.detach().to(weights)[known_classes(masks, ignored_label)]
    if ignored_label is not None:
        weights = weights.masked_fill(masks == ignored_label, 0)
    return weights / weights.sum()


def sampled_weights(shares: Tensor, pixels: PixelSample) -> Tensor:
    """Shares of the pixels of a sample, 0 elsewhere, like ``shares``: in expectation over samples they are those.

    A pixel drawn twice counts for both.
    """
    drawn = torch.zeros_like(shares).flatten(1).scatter_add_(1, pixels.pixel, pixels.weight.to(shares))
    return shares * drawn.view_as(shares) * shares[0].numel()


def known_classes(masks: Tensor, ignored_label: int | None) -> Tensor:
    """The masks with class 0 where ignored, so that every number is a class."""
    return masks if ignored_label is None else masks.masked_fill(masks == ignored_label, 0)


def check_masks(masks: Tensor, images: Tensor, *, classes: int, ignored_label: int | None = None) -> None:
    """Raise ``ValueError`` where masks are not int64 ``(batch, height, width)`` of the images, or hold another class.

    The classes are looked at on a CPU alone: elsewhere that would wait for the device.
    """
    expected = (len(images), *images.shape[2:])
    if masks.shape != expected or masks.dtype != torch.int64:
        raise ValueError(f"masks must be int64 {expected} for these images, got {masks.dtype} {tuple(masks.shape)}")
    if masks.device.type != "cpu" or torch.compiler.is_compiling() or not masks.numel():
        return
    lowest, highest = known_classes(masks, ignored_label).aminmax()
    if lowest < 0 or highest >= classes:
        raise ValueError(
            f"masks must hold classes from 0 to {classes - 1}, got {int(lowest)} to {int(highest)}; pixels that should "
            f"not count can have a label of their own, given as ignored_label"
        )
