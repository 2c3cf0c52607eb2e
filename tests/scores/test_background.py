"""The scores of predicting background everywhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drumhead.scores import background_scores

NAMES = ["background", "square", "disc"]


def test_background_scores_of_more_images_than_a_chunk() -> None:
    masks = np.random.default_rng(0).integers(0, 3, (600, 4, 4)).astype(np.uint8)
    scores = background_scores(masks, NAMES)
    assert scores.images == 600
    assert scores.acc == pytest.approx(float((masks == 0).mean()))
    assert scores.acc_foreground == 0
    assert scores == background_scores(torch.from_numpy(masks), NAMES)


def test_at_least_one_image_is_required() -> None:
    with pytest.raises(ValueError, match="at least one image"):
        background_scores(torch.zeros(0, 4, 4, dtype=torch.long), NAMES)
