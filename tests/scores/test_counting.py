"""The pixel counts of each image."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from drumhead.scores import ImageCounts, compute_scores, concatenate, count_logits, count_predictions

NAMES = ["background", "square", "disc"]


def test_loss_is_summed_in_float64() -> None:
    # Summed in float32, a million equal losses have an error in the sixth digit.
    logits = torch.zeros(1, 3, 1000, 1000)
    counts = count_logits(logits, torch.ones(1, 1000, 1000, dtype=torch.uint8))
    assert counts.loss is not None
    assert counts.loss[0] == pytest.approx(1e6 * float(np.float32(math.log(3))), rel=1e-12)


def test_counts_are_exposed_per_image() -> None:
    counts = count_predictions(np.array([[[1, 1, 0]], [[0, 0, 0]]]), np.array([[[1, 2, 0]], [[0, 0, 0]]]), classes=3)
    assert counts.pixels.tolist() == [3, 3]
    assert counts.correct.tolist() == [2, 3]
    assert counts.foreground.tolist() == [2, 0]
    assert counts.foreground_correct.tolist() == [1, 0]


def test_batches_joined_equal_one_batch() -> None:
    generator = torch.Generator().manual_seed(0)
    logits, masks = (
        torch.randn(7, 3, 4, 5, generator=generator),
        torch.randint(3, (7, 4, 5), generator=generator),
    )
    parts = [count_logits(x, y) for x, y in zip(torch.split(logits, 3), torch.split(masks, 3), strict=True)]
    assert compute_scores(concatenate(parts), NAMES) == compute_scores(count_logits(logits, masks), NAMES)


def test_losses_are_absent_if_any_part_has_none() -> None:
    masks = torch.zeros(1, 2, 2, dtype=torch.long)
    joined = concatenate([count_logits(torch.zeros(1, 3, 2, 2), masks), count_predictions(masks, masks, classes=3)])
    assert joined.loss is None
    assert joined.foreground_loss is None
    assert compute_scores(joined, NAMES).loss is None


def test_counts_are_frozen() -> None:
    counts = count_predictions(np.zeros((1, 1, 1), int), np.zeros((1, 1, 1), int), classes=2)
    assert isinstance(counts, ImageCounts)
    with pytest.raises(AttributeError):
        counts.loss = None  # type: ignore[misc]


def test_invalid_input_is_rejected() -> None:
    masks = torch.zeros(2, 4, 4, dtype=torch.long)
    with pytest.raises(ValueError, match=r"one shape; got \(2, 4, 5\) and \(2, 4, 4\)"):
        count_logits(torch.zeros(2, 3, 4, 5), masks)
    with pytest.raises(ValueError, match=r"masks must lie in 0 to 2.*from 0 to 3"):
        count_predictions(masks, torch.full((2, 4, 4), 3).triu(), classes=3)
    with pytest.raises(ValueError, match=r"masks must be integer.*float32"):
        count_predictions(masks, masks.float(), classes=3)
    with pytest.raises(ValueError, match=r"logits must be \(batch, class, height, width\)"):
        count_logits(torch.zeros(3, 4, 5), masks)
    with pytest.raises(ValueError, match=r"one number of classes; got \[2, 3\]"):
        concatenate([count_predictions(masks, masks, classes=k) for k in (2, 3)])
