"""The reduction of the pixel counts of a test set to scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from drumhead.config import Config
from drumhead.scores.counting import Counts, ImageCounts, select_images
from drumhead.string_types import Name


class ClassScores(Config):
    """The scores of one class over the pixels of the whole set. A ratio of 0 to 0 is None."""

    name: Name
    """The name of the class."""
    iou: float | None
    """Intersection over union; None if the class occurs neither in the truth nor in a prediction."""
    recall: float | None
    """Share of the pixels of this class that are predicted as it; None if no pixel is of this class."""
    precision: float | None
    """Share of the pixels predicted as this class that are of it; None if it is never predicted."""
    dice: float | None = None
    """Dice coefficient, which is the F1 score of the pixels: the harmonic mean of recall and precision. None if the
    class occurs neither in the truth nor in a prediction, and in files of earlier versions."""


class Scores(Config):
    """The scores of one set of predictions, all in [0, 1] except the losses (nats per pixel).

    The first six are defined as in the paper: computed per image, then averaged over images. An image without
    foreground counts only for ``acc``, ``iou`` and ``loss``. ``iou`` and ``iou_foreground`` are functions of the
    accuracy of the image, acc / (2 - acc), and ``iou_foreground`` ignores false positives on background; ``mean_iou``
    does not. The foreground scores are None if no image has foreground.

    Pixels with the ignored label count in no score, whatever is predicted there. An image with no other pixels counts
    for nothing.
    """

    acc: float
    """Share of pixels whose predicted class is the true one."""
    acc_foreground: float | None
    """The same over foreground pixels."""
    iou: float
    """Sum over classes of intersections, divided by sum over classes of unions, background included."""
    iou_foreground: float | None
    """The same over foreground pixels."""
    loss: float | None
    """Cross-entropy, mean over pixels; None for predictions without logits."""
    loss_foreground: float | None
    """The same over foreground pixels. Published values average over batches instead of images."""
    mean_iou: float
    """The usual mean IoU: over the pixels of all images, averaged over the classes in truth or prediction."""
    mean_dice: float | None = None
    """The Dice coefficients of the same classes, averaged; None in files of earlier versions."""
    classes: tuple[ClassScores, ...]
    """Scores of each class, background first."""
    images: int
    """The number of images that count: those with at least one pixel that is not ignored."""
    images_without_foreground: int
    """The number of those images that have only background."""
    ignored_images: int = 0
    """The number of further images whose pixels are all ignored."""

    @property
    def collapsed(self) -> bool:
        """Whether every pixel is predicted as background although there is foreground."""
        return self.acc_foreground is not None and all(entry.precision is None for entry in self.classes[1:])


def compute_scores(counts: ImageCounts, class_names: Sequence[str]) -> Scores:
    """Compute all scores from the counts of a test set.

    Args:
        counts: the counts of all images.
        class_names: one name per class, background first.

    Raises:
        ValueError: if there is no image, all pixels of all images are ignored, or there is not one name per class.

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
    has_counted_pixels = counts.pixels > 0
    if not has_counted_pixels.any():
        raise ValueError(f"scores need at least one pixel that is not ignored; got {images} images with none")
    counts = select_images(counts, has_counted_pixels)
    has_foreground = counts.foreground > 0
    foreground, foreground_correct = counts.foreground[has_foreground], counts.foreground_correct[has_foreground]
    class_scores = _class_scores(counts, class_names)
    return Scores(
        acc=float(np.mean(counts.correct / counts.pixels)),
        acc_foreground=_mean_or_none(foreground_correct / foreground),
        iou=float(np.mean(counts.correct / _unions(counts).sum(axis=1))),
        # Restricted to the foreground, truth and prediction both have as many pixels as the foreground.
        iou_foreground=_mean_or_none(foreground_correct / (2 * foreground - foreground_correct)),
        loss=None if counts.loss is None else _mean_or_none(counts.loss / counts.pixels),
        loss_foreground=(
            None
            if counts.foreground_loss is None
            else _mean_or_none(counts.foreground_loss[has_foreground] / foreground)
        ),
        mean_iou=float(np.mean([entry.iou for entry in class_scores if entry.iou is not None])),
        mean_dice=float(np.mean([entry.dice for entry in class_scores if entry.dice is not None])),
        classes=class_scores,
        images=len(counts.truth),
        images_without_foreground=int((~has_foreground).sum()),
        ignored_images=images - len(counts.truth),
    )


def _unions(counts: ImageCounts) -> Counts:
    """Return (image, class): the number of pixels whose true or predicted class it is."""
    return counts.truth + counts.predicted - counts.hits


def _class_scores(counts: ImageCounts, class_names: Sequence[str]) -> tuple[ClassScores, ...]:
    columns = (counts.hits, _unions(counts), counts.truth, counts.predicted)
    totals = zip(class_names, *(column.sum(axis=0).tolist() for column in columns), strict=True)
    return tuple(
        ClassScores(
            name=name,
            iou=_ratio_or_none(hits, union),
            recall=_ratio_or_none(hits, truth),
            precision=_ratio_or_none(hits, predicted),
            dice=_ratio_or_none(2 * hits, truth + predicted),
        )
        for name, hits, union, truth, predicted in totals
    )


def _ratio_or_none(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean_or_none(values: npt.NDArray[np.float64]) -> float | None:
    return float(values.mean()) if values.size else None
