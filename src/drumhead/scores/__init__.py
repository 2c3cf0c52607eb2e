"""Scores of a segmentation: pixels are counted per image, then scores are computed from the counts of a test set."""

from __future__ import annotations

from drumhead.scores.background import background_scores
from drumhead.scores.counting import ImageCounts, concatenate, count_logits, count_predictions
from drumhead.scores.model_scores import count_batches, evaluate_model
from drumhead.scores.reduction import ClassScores, Scores, compute_scores

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
