"""Pixels with the ignored label count in no score; every score of a small case is computed by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from drumhead.scores import (
    Scores,
    background_scores,
    compute_scores,
    concatenate,
    count_logits,
    count_predictions,
    evaluate_model,
)

NAMES = ["background", "square", "disc"]
X = 255
"""The ignored label."""
TRUTH = [[[0, 1], [X, 1]], [[2, X], [0, 0]], [[X, X], [X, X]]]
PREDICTION = [[[0, 1], [2, 0]], [[1, 1], [0, 1]], [[2, 1], [0, 1]]]


def logits_of(prediction: list[Any]) -> torch.Tensor:
    """Return logits of three classes with probability 1/2 for the predicted class and 1/4 for the two others."""
    classes = torch.nn.functional.one_hot(torch.tensor(prediction), 3).permute(0, 3, 1, 2)
    return math.log(2) * classes.float()


def score(prediction: list[Any] = PREDICTION, truth: list[Any] = TRUTH, label: int = X) -> Scores:
    return compute_scores(count_logits(logits_of(prediction), torch.tensor(truth), ignored_label=label), NAMES)


def test_counts_by_hand() -> None:
    counts = count_predictions(np.array(PREDICTION), np.array(TRUTH), classes=3, ignored_label=X)
    assert counts.truth.tolist() == [[1, 2, 0], [2, 0, 1], [0, 0, 0]]
    assert counts.predicted.tolist() == [[2, 1, 0], [1, 2, 0], [0, 0, 0]]
    assert counts.hits.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 0]]
    assert counts.pixels.tolist() == [3, 3, 0]
    assert counts.correct.tolist() == [2, 1, 0]
    assert counts.foreground.tolist() == [2, 1, 0]
    assert counts.foreground_correct.tolist() == [1, 0, 0]


def test_scores_by_hand() -> None:
    scores = score()
    assert scores.acc == pytest.approx((2 / 3 + 1 / 3) / 2)
    assert scores.acc_foreground == pytest.approx((1 / 2 + 0) / 2)
    assert scores.iou == pytest.approx((2 / 4 + 1 / 5) / 2)  # unions: 2 + 2 + 0, and 2 + 2 + 1
    assert scores.iou_foreground == pytest.approx((1 / 3 + 0) / 2)
    # The loss is log 2 where the prediction is right and 2 log 2 where it is wrong.
    assert scores.loss == pytest.approx((4 / 3 + 5 / 3) / 2 * math.log(2))
    assert scores.loss_foreground == pytest.approx((3 / 2 + 2) / 2 * math.log(2))
    assert scores.mean_iou == pytest.approx((2 / 4 + 1 / 4 + 0 / 1) / 3)
    assert [(entry.iou, entry.recall, entry.precision) for entry in scores.classes] == [
        (2 / 4, 2 / 3, 2 / 3),
        (1 / 4, 1 / 2, 1 / 3),
        (0, 0, None),  # the disc is predicted only where the truth is ignored
    ]
    assert [entry.dice for entry in scores.classes] == [4 / 6, 2 / 5, 0]
    assert scores.mean_dice == pytest.approx((4 / 6 + 2 / 5 + 0) / 3)
    assert (scores.images, scores.images_without_foreground, scores.ignored_images) == (2, 0, 1)


def test_background_everywhere_by_hand() -> None:
    scores = background_scores(np.array(TRUTH), NAMES, ignored_label=X)
    assert scores.acc == pytest.approx((1 / 3 + 2 / 3) / 2)
    assert scores.acc_foreground == scores.iou_foreground == 0
    assert scores.iou == pytest.approx((1 / 5 + 2 / 4) / 2)
    assert scores.mean_iou == pytest.approx((3 / 6 + 0 + 0) / 3)
    assert (scores.images, scores.images_without_foreground, scores.ignored_images) == (2, 0, 1)


def test_what_is_predicted_at_ignored_pixels_does_not_matter() -> None:
    other = torch.tensor(PREDICTION)
    ignored = torch.tensor(TRUTH) == X
    assert score(torch.where(ignored, (other + 1) % 3, other).tolist()) == score()
    logits = logits_of(PREDICTION)
    logits[ignored[:, None].expand_as(logits)] = math.nan
    counts = count_logits(logits, torch.tensor(TRUTH), ignored_label=X)
    assert compute_scores(counts, NAMES) == score()


@pytest.mark.parametrize("label", [3, 254, -1])
def test_the_number_of_the_label_does_not_matter(label: int) -> None:
    truth = torch.tensor(TRUTH)
    assert score(truth=torch.where(truth == X, label, truth).tolist(), label=label) == score()


def test_an_ignored_image_changes_no_score() -> None:
    assert score().replace(ignored_images=0) == score(PREDICTION[:2], TRUTH[:2])


def test_an_image_whose_foreground_is_ignored_has_no_foreground() -> None:
    scores = score([[[0, 1]], [[1, 1]]], [[[0, X]], [[1, 0]]])
    assert (scores.acc, scores.acc_foreground) == ((1 + 1 / 2) / 2, 1)
    assert (scores.images, scores.images_without_foreground, scores.ignored_images) == (2, 1, 0)


def test_the_label_may_be_one_of_the_class_numbers() -> None:
    """The class then occurs in no truth, and its predictions elsewhere are wrong."""
    scores = score([[[0, 1, 2, 2]]], [[[0, 1, 2, 1]]], label=2)
    assert scores.acc == 2 / 3
    assert scores.acc_foreground == 1 / 2
    assert [entry.iou for entry in scores.classes] == [1, 1 / 2, 0]


def test_a_model_is_scored_in_batches_as_at_once() -> None:
    images, masks = logits_of(PREDICTION), torch.tensor(TRUTH)
    batches = [(images[i : i + 1], masks[i : i + 1]) for i in range(3)]
    assert evaluate_model(torch.nn.Identity(), batches, NAMES, ignored_label=X) == score()
    parts = [count_logits(*batch, ignored_label=X) for batch in batches]
    assert compute_scores(concatenate(parts), NAMES) == score()


def test_one_pixel_must_count() -> None:
    with pytest.raises(ValueError, match="at least one pixel that is not ignored; got 2 images with none"):
        score([[[0]], [[1]]], [[[X]], [[X]]])


def test_other_labels_are_refused() -> None:
    with pytest.raises(
        ValueError, match=r"masks must lie in 0 to 2, .* or be the ignored label 255; got values from 0 to 254"
    ):
        count_predictions(np.array([[[0, 1, 1]]]), np.array([[[0, X, 254]]]), classes=3, ignored_label=X)
    with pytest.raises(ValueError, match="predictions must lie in 0 to 2"):
        count_predictions(np.array([[[X]]]), np.array([[[X]]]), classes=3, ignored_label=X)
    with pytest.raises(ValueError, match="masks must lie in 0 to 2, one of 3 classes; got values from 0 to 255"):
        count_predictions(np.array(PREDICTION), np.array(TRUTH), classes=3)


def test_scores_of_earlier_versions_have_no_ignored_images() -> None:
    stored = score().model_dump(mode="json")
    del stored["ignored_images"]
    assert Scores.model_validate(stored).ignored_images == 0
