"""Every score, from the counts of a test set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from drumhead.config import Config
from drumhead.scores.counting import Counts, ImageCounts
from drumhead.string_types import Name


class ClassScores(Config):
    """How one class fared over the whole set. A ratio of nothing to nothing is None."""

    name: Name
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

    @property
    def collapsed(self) -> bool:
        """Whether every pixel was predicted background although there is foreground to find."""
        return self.acc_foreground is not None and all(entry.precision is None for entry in self.classes[1:])


def compute_scores(counts: ImageCounts, class_names: Sequence[str]) -> Scores:
    """Every score, from the counts of a test set.

    Args:
        counts: of all its images.
        class_names: one per class, background first.

    Raises:
        ValueError: no image, or not one name per class.

    Example:
        >>> from drumhead.scores import count_predictions
        >>> counts = count_predictions(np.array([[[0, 1, 1]]]), np.array([[[0, 1, 0]]]), classes=2)
        >>> scores = compute_scores(counts, ["background", "square"])
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
