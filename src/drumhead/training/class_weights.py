"""The weights of the classes in the training loss."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data import MAX_CLASSES, Dataset
from drumhead.experiments import Recipe
from drumhead.runs import RunError


def class_weights(recipe: Recipe, dataset: Dataset) -> tuple[float, ...] | None:
    """Return the weight of each class in the loss of a recipe on a dataset; None if all are equal.

    The weights are a function of the recipe and the training masks alone, so a resumed run has the same ones.
    """
    if recipe.class_weights != "balanced":
        return recipe.class_weights
    return balanced_weights(dataset.splits["train"].masks, classes=dataset.classes, ignored_label=dataset.ignored_label)


def balanced_weights(
    masks: Iterable[npt.NDArray[Any]], *, classes: int, ignored_label: int | None = None
) -> tuple[float, ...]:
    """Return weights in inverse proportion to the number of pixels of each class: ``N / (K n_c)`` for class c.

    Here N is the number of pixels that are not ignored, ``n_c`` the number of those of class c, and K the number of
    classes that occur. So the classes that occur have equal total weights, and the mean weight of a pixel is 1. A class
    that does not occur has weight 0.

    Args:
        masks: the mask of each image, ``(height, width)``, integer classes.
        classes: the number of classes, background included.
        ignored_label: the label in the masks of pixels to ignore; none by default.

    >>> balanced_weights(np.array([[[0, 0, 0, 1, 255]]]), classes=3, ignored_label=255)
    (0.6666666666666666, 2.0, 0.0)
    """
    counts = np.zeros(MAX_CLASSES, np.int64)
    for mask in masks:
        counts += np.bincount(np.asarray(mask).ravel(), minlength=MAX_CLASSES)
    if ignored_label is not None:
        counts[ignored_label] = 0
    pixels = counts[:classes].tolist()
    present = sum(count > 0 for count in pixels)
    return tuple(sum(pixels) / (present * count) if count else 0.0 for count in pixels)


def check_pixels_count(recipe: Recipe, dataset: Dataset) -> None:
    """Check that there is a weight for each class, and a pixel to learn from and to score in each split.

    Raises:
        RunError: if there is not.
    """
    weights = recipe.class_weights
    if isinstance(weights, tuple) and len(weights) != dataset.classes:
        raise RunError(
            f"{dataset.folder} has {dataset.classes} classes ({', '.join(dataset.class_names)}), so class weights must "
            f"be {dataset.classes} numbers; got {len(weights)}: give --recipe.class-weights one for each class"
        )
    if dataset.ignored_label is None:
        return
    limits = {"val": recipe.validation_images, "train": recipe.scored_training_images}
    for name, split in dataset.splits.items():
        masks = split.masks[: limits.get(name)]
        if all((mask == dataset.ignored_label).all() for mask in masks):
            which = f"first {len(masks)} {name}" if len(masks) < len(split.masks) else name
            raise RunError(
                f"{dataset.folder}: the {which} masks hold only pixels that do not count (label "
                f"{dataset.ignored_label}); at least one pixel must have a class. Label some"
            )
