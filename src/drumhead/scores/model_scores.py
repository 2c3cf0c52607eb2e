"""The scores of a model on batches of images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from drumhead.modes import evaluation_mode
from drumhead.scores.counting import ImageCounts, concatenate, count_logits
from drumhead.scores.reduction import Scores, compute_scores


def evaluate_model(
    model: torch.nn.Module,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    class_names: Sequence[str],
    *,
    ignored_label: int | None = None,
) -> Scores:
    """Return the scores of a model on all batches, in evaluation mode and without gradients.

    No random numbers are drawn, and every module is left in the mode it was in.

    Args:
        model: maps images (batch, channel, height, width) to logits (batch, class, height, width).
        batches: pairs of images and masks, which are moved to the device of the model.
        class_names: one name per class, background first.
        ignored_label: the label in the masks of pixels that count nowhere; none by default.

    Raises:
        ValueError: if there is no batch, or as in :func:`count_logits` and :func:`compute_scores`.
        FloatingPointError: as in :func:`count_logits`.
    """
    parts = count_batches(model, batches, ignored_label=ignored_label)
    if not parts:
        raise ValueError("scores need at least one batch; got none")
    return compute_scores(concatenate(parts), class_names)


def count_batches(
    model: torch.nn.Module,
    batches: Iterable[tuple[torch.Tensor, torch.Tensor]],
    *,
    ignored_label: int | None = None,
) -> list[ImageCounts]:
    """Return the counts of each batch; the arguments are those of :func:`evaluate_model`."""
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    with evaluation_mode(model), torch.inference_mode():
        return [
            count_logits(model(images.to(device)), masks.to(device), ignored_label=ignored_label)
            for images, masks in batches
        ]
