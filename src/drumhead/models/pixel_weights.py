"""The weight of each pixel in the loss, from class weights, an ignored label and a sample of pixels."""

from __future__ import annotations

import torch
from torch import Tensor

from drumhead.fields.engine import observation_reason
from drumhead.models.pixel_sample import PixelSample


def pixel_weights(
    masks: Tensor, *, class_weights: Tensor | None = None, ignored_label: int | None = None, dtype: torch.dtype
) -> Tensor:
    """Return the weight of each pixel in the mean loss of a batch, ``(batch, height, width)``; the weights sum to 1.

    The mean is that of ``torch.nn.functional.cross_entropy``: weights are proportional to the weight of the pixel's
    class, and 0 where the pixel is ignored. If every pixel is ignored, they are NaN.

    Args:
        masks: Class of each pixel, int64 ``(batch, height, width)``.
        class_weights: Relative weight of each class, ``(class,)``; equal by default.
        ignored_label: Label of the pixels to ignore; none by default.
        dtype: The dtype of the result.

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


def sampled_weights(weights: Tensor, pixels: PixelSample) -> Tensor:
    """Return the weights for a loss on a sample of pixels, 0 at pixels that were not drawn.

    Their expectation over samples is ``weights``. A pixel that was drawn twice counts twice.

    Args:
        weights: The weights for the loss on all pixels, ``(batch, height, width)``.
        pixels: The sample.
    """
    drawn = torch.zeros_like(weights).flatten(1).scatter_add_(1, pixels.pixel, pixels.weight.to(weights))
    return weights * drawn.view_as(weights) * weights[0].numel()


def known_classes(masks: Tensor, ignored_label: int | None) -> Tensor:
    """Return the masks with class 0 in place of the ignored label, so that every value is a class."""
    return masks if ignored_label is None else masks.masked_fill(masks == ignored_label, 0)


def check_masks(masks: Tensor, images: Tensor, *, classes: int, ignored_label: int | None = None) -> None:
    """Check the shape, dtype and values of masks.

    The values are checked only on a CPU: on other devices that would wait for the device.

    Raises:
        ValueError: If masks are not int64 ``(batch, height, width)`` for these images, or hold a value that is neither
            a class nor the ignored label.
    """
    expected = (len(images), *images.shape[2:])
    if masks.shape != expected or masks.dtype != torch.int64:
        raise ValueError(f"masks must be int64 {expected} for these images, got {masks.dtype} {tuple(masks.shape)}")
    unknown = masks.device.type != "cpu" or torch.compiler.is_compiling() or observation_reason() is not None
    if unknown or not masks.numel():
        return
    lowest, highest = known_classes(masks, ignored_label).aminmax()
    if lowest < 0 or highest >= classes:
        raise ValueError(
            f"masks must hold classes from 0 to {classes - 1}, got {int(lowest)} to {int(highest)}; pixels that should "
            f"not count can have a label of their own, given as ignored_label"
        )
