"""The scores of predicting background everywhere: the baseline of every score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drumhead.scores.counting import Labels, concatenate, count_predictions
from drumhead.scores.reduction import Scores, compute_scores

CHUNK_IMAGES = 256
"""Images counted at a time, which bounds the memory that the counts of a whole test set take."""


def background_scores(masks: Labels, class_names: Sequence[str], *, ignored_label: int | None = None) -> Scores:
    """Return the scores of predicting background everywhere, which any model has to beat.

    Args:
        masks: (image, height, width), integer classes.
        class_names: one name per class, background first.
        ignored_label: the label in the masks of pixels that count nowhere; none by default.

    Example:
        >>> masks = np.array([[[0, 0], [0, 1]]])
        >>> scores = background_scores(masks, ["background", "square"])
        >>> scores.acc, scores.acc_foreground, scores.mean_iou, scores.loss
        (0.75, 0.0, 0.375, None)
    """
    chunks = [masks[start : start + CHUNK_IMAGES] for start in range(0, max(len(masks), 1), CHUNK_IMAGES)]
    parts = [
        count_predictions(np.zeros(chunk.shape, np.uint8), chunk, classes=len(class_names), ignored_label=ignored_label)
        for chunk in chunks
    ]
    return compute_scores(concatenate(parts), class_names)
