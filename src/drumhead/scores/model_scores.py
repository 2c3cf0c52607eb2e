"""The scores of a model on batches of images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch

from drumhead.modes import evaluation_mode
from drumhead.scores.counting import ImageCounts, concatenate, count_logits
from drumhead.scores.reduction import Scores, compute_scores


def evaluate_model(
    model: torch.nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]], class_names: Sequence[str]
) -> Scores:
    """The scores of a model on all batches, in evaluation mode and without gradients.

    Draws from no random generator and leaves every module in the mode it was in.

    Args:
        model: images (batch, channel, height, width) in, logits (batch, class, height, width) out.
        batches: pairs of images and masks; moved to where the model is.
        class_names: one per class, background first.

    Raises:
        ValueError, FloatingPointError: as :func:`count_logits` and :func:`compute_scores`.
    """
    parts = count_batches(model, batches)
    if not parts:
        raise ValueError("scores need at least one batch; got none")
    return compute_scores(concatenate(parts), class_names)


def count_batches(model: torch.nn.Module, batches: Iterable[tuple[torch.Tensor, torch.Tensor]]) -> list[ImageCounts]:
    """The counts of each batch, from which :func:`evaluate_model` makes the scores; arguments and errors as there."""
    device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
    with evaluation_mode(model), torch.inference_mode():
        return [count_logits(model(images.to(device)), masks.to(device)) for images, masks in batches]
