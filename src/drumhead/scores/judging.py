"""The scores of a model on batches, and of predicting background everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch

from drumhead.modes import evaluation_mode
from drumhead.scores.counting import ImageCounts, Labels, concatenate, count, count_predictions
from drumhead.scores.reduction import Scores, reduce

CHUNK = 256  # images counted at a time: bounds the memory a whole test set of masks takes


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
    parts = count_batches(model, batches)
    if not parts:
        raise ValueError("scores need at least one batch; got none")
    return reduce(concatenate(parts), class_names)


def count_batches(model: torch.nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> list[ImageCounts]:
    """The counts of each batch, from which :func:`evaluate` makes the scores; arguments and errors as there."""
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    with evaluation_mode(model), torch.inference_mode():
        return [count(model(images.to(device)), masks.to(device)) for images, masks in batches]


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
