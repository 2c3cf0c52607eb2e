"""Counting, the part of the scores that looks at pixels.

Kept for each image and class: how many pixels are truly of the class, predicted so, and both. Axes: image n, class k.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

Counts = npt.NDArray[np.int64]
Labels = torch.Tensor | npt.NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class ImageCounts:
    """What was counted, one row per image. Class 0 is background; the losses are absent without logits."""

    truth: Counts
    """(image, class): pixels whose true class it is."""
    predicted: Counts
    """(image, class): pixels whose predicted class it is."""
    hits: Counts
    """(image, class): pixels where both hold."""
    loss: npt.NDArray[np.float64] | None = None
    """(image,): cross-entropy in nats, summed over all pixels."""
    foreground_loss: npt.NDArray[np.float64] | None = None
    """(image,): cross-entropy in nats, summed over foreground pixels."""

    @property
    def pixels(self) -> Counts:
        """(image,): pixels in all."""
        return _over_classes(self.truth)

    @property
    def correct(self) -> Counts:
        """(image,): pixels given their true class."""
        return _over_classes(self.hits)

    @property
    def foreground(self) -> Counts:
        """(image,): pixels whose true class is not 0."""
        return _over_classes(self.truth[:, 1:])

    @property
    def foreground_correct(self) -> Counts:
        """(image,): foreground pixels given their true class."""
        return _over_classes(self.hits[:, 1:])


def count_logits(logits: torch.Tensor, masks: torch.Tensor) -> ImageCounts:
    """Count a batch of predictions: each pixel gets its class of largest logit (the first, of equals).

    Args:
        logits: (batch, class, height, width), float.
        masks: (batch, height, width), integer classes.

    Raises:
        ValueError: shapes that do not fit, or a class out of range.
        FloatingPointError: logits that give no finite loss.
    """
    if logits.ndim != 4:
        raise ValueError(f"logits must be (batch, class, height, width); got shape {tuple(logits.shape)}")
    counts = count_predictions(logits.argmax(dim=1), masks, classes=logits.shape[1])
    masks = masks.to(logits.device, torch.long)
    # To the CPU before the sum in float64, which not every device has.
    losses = torch.nn.functional.cross_entropy(logits.float(), masks, reduction="none").detach().cpu()
    foreground = losses.where(masks.cpu() != 0, 0.0)
    totals, foreground_totals = (x.sum(dim=(1, 2), dtype=torch.float64).numpy() for x in (losses, foreground))
    if not np.isfinite(totals).all():
        image = int(np.flatnonzero(~np.isfinite(totals))[0])
        raise FloatingPointError(
            f"the loss of every image must be finite; image {image} of the batch gave {totals[image]}. "
            "Its logits hold NaN or infinite values: the weights have probably diverged"
        )
    return ImageCounts(
        truth=counts.truth,
        predicted=counts.predicted,
        hits=counts.hits,
        loss=totals,
        foreground_loss=foreground_totals,
    )


def count_predictions(predictions: Labels, masks: Labels, *, classes: int) -> ImageCounts:
    """Count a batch of predictions that have no logits, so no losses.

    Args:
        predictions: (batch, height, width), integer classes.
        masks: (batch, height, width), integer classes.
        classes: how many classes there are, background included.

    Raises:
        ValueError: shapes that differ or hold no pixel, labels not integer, or a class out of range.

    Example:
        >>> counts = count_predictions(np.array([[[0, 1, 1]]]), np.array([[[0, 1, 0]]]), classes=2)
        >>> counts.truth, counts.predicted, counts.hits
        (array([[2, 1]]), array([[1, 2]]), array([[1, 1]]))
    """
    predicted, truth = _labels(predictions, "predictions", classes), _labels(masks, "masks", classes)
    if predicted.shape != truth.shape:
        raise ValueError(
            f"predictions and masks must have one shape; got {predicted.shape} and {truth.shape} (batch, height, width)"
        )
    return ImageCounts(
        truth=_histogram(truth, np.ones_like(truth, dtype=bool), classes),
        predicted=_histogram(predicted, np.ones_like(truth, dtype=bool), classes),
        hits=_histogram(truth, truth == predicted, classes),
    )


def concatenate(parts: Sequence[ImageCounts]) -> ImageCounts:
    """The counts of several batches as one, in order. Losses are kept only if every part has them.

    Raises:
        ValueError: no parts, or parts with different numbers of classes.
    """
    classes = sorted({part.truth.shape[1] for part in parts})
    if len(classes) != 1:
        raise ValueError(f"counts to join must be at least one, of one number of classes; got {classes}")
    losses = [part.loss for part in parts if part.loss is not None]
    foreground_losses = [part.foreground_loss for part in parts if part.foreground_loss is not None]
    return ImageCounts(
        truth=np.concatenate([part.truth for part in parts]),
        predicted=np.concatenate([part.predicted for part in parts]),
        hits=np.concatenate([part.hits for part in parts]),
        loss=np.concatenate(losses) if len(losses) == len(parts) else None,
        foreground_loss=np.concatenate(foreground_losses) if len(foreground_losses) == len(parts) else None,
    )


def _labels(labels: Labels, name: str, classes: int) -> npt.NDArray[Any]:
    """Labels as a checked array on the CPU."""
    array = labels.detach().cpu().numpy() if isinstance(labels, torch.Tensor) else np.asarray(labels)
    if array.ndim != 3 or not all(array.shape[1:]) or array.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be integer classes (batch, height, width) with at least one pixel; "
            f"got {array.dtype} of shape {array.shape}"
        )
    if array.size and (array.min() < 0 or array.max() >= classes):
        raise ValueError(
            f"{name} must lie in 0 to {classes - 1}, one of {classes} classes; "
            f"got values from {array.min()} to {array.max()}"
        )
    return array


def _histogram(labels: npt.NDArray[Any], where: npt.NDArray[np.bool_], classes: int) -> Counts:
    """(image, class): how many pixels of each image have each class, among those chosen."""
    images = len(labels)
    cell_NHW = labels.astype(np.int64) + classes * np.arange(images)[:, None, None]
    return np.bincount(cell_NHW[where], minlength=images * classes).reshape(images, classes)


def _over_classes(counts: Counts) -> Counts:
    totals: Counts = counts.sum(axis=1)
    return totals
