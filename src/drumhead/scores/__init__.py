"""Scores of a segmentation: counts per image first, then their average over a test set."""

from __future__ import annotations

from drumhead.scores.counting import ImageCounts, concatenate, count, count_predictions
from drumhead.scores.judging import background_scores, count_batches, evaluate
from drumhead.scores.reduction import ClassScores, Scores, reduce

__all__ = [
    "ClassScores",
    "ImageCounts",
    "Scores",
    "background_scores",
    "concatenate",
    "count",
    "count_batches",
    "count_predictions",
    "evaluate",
    "reduce",
]
