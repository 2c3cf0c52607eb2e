"""Scores of a segmentation: counts per image first, then their average over a test set.

Counting and reduction are separate. :func:`count` looks at pixels and keeps, for each image and class, how
many pixels are truly of the class, predicted so, and both; :func:`reduce` makes every score from those.
Axes: image n, class k.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from drumhead.config import Config
from drumhead.modes import evaluation_mode

Counts = npt.NDArray[np.int64]
Labels = torch.Tensor | npt.NDArray[Any]

CHUNK = 256  # images counted at a time: bounds the memory a whole test set of masks takes


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


class ClassScores(Config):
    """How one class fared over the whole set. A ratio of nothing to nothing is None."""

    name: str
    iou: float | None
    """Intersection over union; None if the class occurs neither in the truth nor in a prediction."""
    recall: float | None
    """Accuracy on the pixels of this class; None if no pixel is truly of it."""
    precision: float | None
    """Share of the pixels given this class that are of it; None if it was never predicted."""


class Scores(Config):
    """The scores of one set of predictions, all in [0, 1] but the losses (nats per pixel).

    The first six are the published ones: of each image, then averaged over images. An image without
    foreground counts for ``acc``, ``iou`` and ``loss`` alone. ``iou`` and ``iou_foreground`` are functions of
    the accuracy of the image, acc / (2 - acc), and ``iou_foreground`` cannot see false positives on
    background; ``mean_iou`` can. The foreground scores are None if no image has foreground.
    """

    acc: float
    """Share of pixels given their true class."""
    acc_foreground: float | None
    """The same over foreground pixels."""
    iou: float
    """Sum over classes of intersections, divided by sum over classes of unions, background counted."""
    iou_foreground: float | None
    """The same on foreground pixels alone."""
    loss: float | None
    """Cross-entropy, mean over pixels; None for predictions without logits."""
    loss_foreground: float | None
    """The same over foreground pixels. Published values average over batches instead of images."""
    mean_iou: float
    """The usual one: pixels of all images together, mean over the classes in truth or prediction."""
    classes: tuple[ClassScores, ...]
    """Scores of each class, background first."""
    images: int
    """How many images were scored."""
    images_without_foreground: int
    """How many of them have background only."""


def count(logits: torch.Tensor, masks: torch.Tensor) -> ImageCounts:
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


def reduce(counts: ImageCounts, class_names: Sequence[str]) -> Scores:
    """Every score, from the counts of a test set.

    Args:
        counts: of all its images.
        class_names: one per class, background first.

    Raises:
        ValueError: no image, or not one name per class.

    Example:
        >>> counts = count_predictions(np.array([[[0, 1, 1]]]), np.array([[[0, 1, 0]]]), classes=2)
        >>> scores = reduce(counts, ["background", "square"])
        >>> round(scores.acc, 3), scores.acc_foreground, scores.iou, scores.mean_iou
        (0.667, 1.0, 0.5, 0.5)
    """
    images, classes = counts.truth.shape
    if images == 0:
        raise ValueError("scores need at least one image; got none")
    if len(class_names) != classes:
        raise ValueError(f"class_names must name each of the {classes} classes; got {list(class_names)}")
    seen = counts.foreground > 0
    foreground, foreground_correct = counts.foreground[seen], counts.foreground_correct[seen]
    by_class = _classes(counts, class_names)
    return Scores(
        acc=float(np.mean(counts.correct / counts.pixels)),
        acc_foreground=_mean(foreground_correct / foreground),
        iou=float(np.mean(counts.correct / _unions(counts).sum(axis=1))),
        # On foreground pixels truth and prediction are as large as the foreground.
        iou_foreground=_mean(foreground_correct / (2 * foreground - foreground_correct)),
        loss=None if counts.loss is None else _mean(counts.loss / counts.pixels),
        loss_foreground=(None if counts.foreground_loss is None else _mean(counts.foreground_loss[seen] / foreground)),
        mean_iou=float(np.mean([entry.iou for entry in by_class if entry.iou is not None])),
        classes=by_class,
        images=images,
        images_without_foreground=int(images - seen.sum()),
    )


def evaluate(
    model: torch.nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]], class_names: Sequence[str]
) -> Scores:
    """The scores of a model on all batches, in evaluation mode and without gradients.

    Draws from no random generator and leaves every module in the mode it was in.

    Args:
        model: images (batch, channel, height, width) in, logits (batch, class, height, width) out.
        batches: pairs of images and masks; moved to where the model is.
        class_names: one per class, background first.

    Raises:
        ValueError, FloatingPointError: as :func:`count` and :func:`reduce`.
    """
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    with evaluation_mode(model), torch.inference_mode():
        parts = [count(model(images.to(device)), masks.to(device)) for images, masks in batches]
    if not parts:
        raise ValueError("scores need at least one batch; got none")
    return reduce(concatenate(parts), class_names)


def background_scores(masks: Labels, class_names: Sequence[str]) -> Scores:
    """The scores of predicting background everywhere, which any model has to beat.

    Args:
        masks: (image, height, width), integer classes.
        class_names: one per class, background first.

    Example:
        >>> masks = np.array([[[0, 0], [0, 1]]])
        >>> scores = background_scores(masks, ["background", "square"])
        >>> scores.acc, scores.acc_foreground, scores.mean_iou, scores.loss
        (0.75, 0.0, 0.375, None)
    """
    chunks = [masks[start : start + CHUNK] for start in range(0, max(len(masks), 1), CHUNK)]
    parts = [count_predictions(np.zeros(chunk.shape, np.uint8), chunk, classes=len(class_names)) for chunk in chunks]
    return reduce(concatenate(parts), class_names)


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


def _unions(counts: ImageCounts) -> Counts:
    """(image, class): pixels that are of the class by truth, prediction or both."""
    return counts.truth + counts.predicted - counts.hits


def _classes(counts: ImageCounts, class_names: Sequence[str]) -> tuple[ClassScores, ...]:
    columns = (counts.hits, _unions(counts), counts.truth, counts.predicted)
    totals = zip(class_names, *(column.sum(axis=0).tolist() for column in columns), strict=True)
    return tuple(
        ClassScores(
            name=name,
            iou=_ratio(hits, union),
            recall=_ratio(hits, truth),
            precision=_ratio(hits, predicted),
        )
        for name, hits, union, truth, predicted in totals
    )


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    return float(values.mean()) if values.size else None
