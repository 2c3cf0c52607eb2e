"""Pixel counts, from which scores are computed.

For each image and class they are the number of pixels whose true class it is, whose predicted class it is, and both.
Pixels with the ignored label are in none of the counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

Counts = npt.NDArray[np.int64]
Labels: TypeAlias = "torch.Tensor | npt.NDArray[Any]"


@dataclass(frozen=True, kw_only=True)
class ImageCounts:
    """The counts of a set of images, one row per image, without ignored pixels. Class 0 is background."""

    truth: Counts
    """(image, class): the number of pixels whose true class it is."""
    predicted: Counts
    """(image, class): the number of pixels whose predicted class it is."""
    hits: Counts
    """(image, class): the number of pixels whose true and predicted class it is (true positives)."""
    loss: npt.NDArray[np.float64] | None = None
    """(image,): cross-entropy in nats, summed over all pixels that are not ignored; None without logits."""
    foreground_loss: npt.NDArray[np.float64] | None = None
    """(image,): cross-entropy in nats, summed over foreground pixels; None without logits."""

    @property
    def pixels(self) -> Counts:
        """(image,): the number of pixels that are not ignored."""
        return _sum_over_classes(self.truth)

    @property
    def correct(self) -> Counts:
        """(image,): the number of pixels whose predicted class is the true one."""
        return _sum_over_classes(self.hits)

    @property
    def foreground(self) -> Counts:
        """(image,): the number of pixels whose true class is not 0."""
        return _sum_over_classes(self.truth[:, 1:])

    @property
    def foreground_correct(self) -> Counts:
        """(image,): the number of foreground pixels whose predicted class is the true one."""
        return _sum_over_classes(self.hits[:, 1:])


def count_logits(logits: torch.Tensor, masks: torch.Tensor, *, ignored_label: int | None = None) -> ImageCounts:
    """Count a batch of logits. The predicted class of a pixel is that of its largest logit, the first of equal ones.

    Args:
        logits: (batch, class, height, width), float.
        masks: (batch, height, width), integer classes.
        ignored_label: the label in the masks of pixels that count nowhere; none by default.

    Raises:
        ValueError: if the shapes do not fit, or a class is out of range.
        FloatingPointError: if the loss of an image is not finite.
    """
    import torch  # only here, because the import takes seconds
    from torch.nn.functional import cross_entropy

    if logits.ndim != 4:
        raise ValueError(f"logits must be (batch, class, height, width); got shape {tuple(logits.shape)}")
    counts = count_predictions(logits.argmax(dim=1), masks, classes=logits.shape[1], ignored_label=ignored_label)
    masks = masks.to(logits.device, torch.long)
    # The losses move to the CPU first, because not every device has the float64 of the sums.
    is_ignored = torch.zeros_like(masks, dtype=torch.bool) if ignored_label is None else masks == ignored_label
    losses = cross_entropy(logits.float(), masks.masked_fill(is_ignored, 0), reduction="none").detach()
    losses = losses.masked_fill(is_ignored, 0).cpu()
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


def count_predictions(
    predictions: Labels, masks: Labels, *, classes: int, ignored_label: int | None = None
) -> ImageCounts:
    """Count a batch of predicted classes, without losses.

    Args:
        predictions: (batch, height, width), integer classes.
        masks: (batch, height, width), integer classes.
        classes: the number of classes, background included.
        ignored_label: the label in the masks of pixels that count nowhere; none by default.

    Raises:
        ValueError: if the shapes differ or have no pixel, labels are not integers, or a class is out of range.

    Example:
        >>> prediction, truth = np.array([[[0, 1, 1, 1]]]), np.array([[[0, 1, 0, 255]]])
        >>> counts = count_predictions(prediction, truth, classes=2, ignored_label=255)
        >>> counts.truth, counts.predicted, counts.hits
        (array([[2, 1]]), array([[1, 2]]), array([[1, 1]]))
    """
    predicted, truth = _labels(predictions, "predictions", classes), _labels(masks, "masks", classes, ignored_label)
    if predicted.shape != truth.shape:
        raise ValueError(
            f"predictions and masks must have one shape; got {predicted.shape} and {truth.shape} (batch, height, width)"
        )
    counted = np.ones_like(truth, dtype=bool) if ignored_label is None else truth != ignored_label
    return ImageCounts(
        truth=_histogram(truth, counted, classes),
        predicted=_histogram(predicted, counted, classes),
        hits=_histogram(truth, counted & (truth == predicted), classes),
    )


def concatenate(parts: Sequence[ImageCounts]) -> ImageCounts:
    """Return the counts of several batches as one, in order. Losses are kept only if every part has them.

    Raises:
        ValueError: if there are no parts, or parts with different numbers of classes.
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


def select_images(counts: ImageCounts, chosen: npt.NDArray[np.bool_]) -> ImageCounts:
    """Return the counts of the images for which ``chosen``, (image,), is true."""
    return ImageCounts(
        truth=counts.truth[chosen],
        predicted=counts.predicted[chosen],
        hits=counts.hits[chosen],
        loss=None if counts.loss is None else counts.loss[chosen],
        foreground_loss=None if counts.foreground_loss is None else counts.foreground_loss[chosen],
    )


def _labels(labels: Labels, name: str, classes: int, ignored_label: int | None = None) -> npt.NDArray[Any]:
    """Return labels as an array on the CPU, or raise ``ValueError`` if they are not valid."""
    array = np.asarray(labels) if isinstance(labels, np.ndarray) else labels.detach().cpu().numpy()
    if array.ndim != 3 or not all(array.shape[1:]) or array.dtype.kind not in "iu":
        raise ValueError(
            f"{name} must be integer classes (batch, height, width) with at least one pixel; "
            f"got {array.dtype} of shape {array.shape}"
        )
    counted = array if ignored_label is None else array[array != ignored_label]
    if counted.size and (counted.min() < 0 or counted.max() >= classes):
        ignored = "" if ignored_label is None else f", or be the ignored label {ignored_label}"
        raise ValueError(
            f"{name} must lie in 0 to {classes - 1}, one of {classes} classes{ignored}; "
            f"got values from {counted.min()} to {counted.max()}"
        )
    return array


def _histogram(labels: npt.NDArray[Any], where: npt.NDArray[np.bool_], classes: int) -> Counts:
    """Return (image, class): the number of pixels of each class in each image, among those where ``where`` is true."""
    images = len(labels)
    bin_NHW = labels.astype(np.int64) + classes * np.arange(images)[:, None, None]
    return np.bincount(bin_NHW[where], minlength=images * classes).reshape(images, classes)


def _sum_over_classes(counts: Counts) -> Counts:
    totals: Counts = counts.sum(axis=1)
    return totals
