"""Scores of a segmentation: pixels are counted per image, then scores are computed from the counts of a test set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drumhead.lazy_imports import lazy_imports
from drumhead.scores.background import background_scores
from drumhead.scores.counting import ImageCounts, concatenate, count_logits, count_predictions
from drumhead.scores.reduction import ClassScores, Scores, compute_scores

if TYPE_CHECKING:
    from drumhead.scores.model_scores import count_batches, evaluate_model
else:
    __getattr__, __dir__ = lazy_imports(__name__, {"model_scores": ["count_batches", "evaluate_model"]})

__all__ = [
    "ClassScores",
    "ImageCounts",
    "Scores",
    "background_scores",
    "compute_scores",
    "concatenate",
    "count_batches",
    "count_logits",
    "count_predictions",
    "evaluate_model",
]
