"""Scores agree with hand-computed cases and with an independent slow implementation."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from drumhead.scores import Scores, compute_scores, count_logits, count_predictions

NAMES = ["background", "square", "disc"]


def score(prediction: list[Any], truth: list[Any], names: list[str] = NAMES) -> Scores:
    counts = count_predictions(np.array(prediction), np.array(truth), classes=len(names))
    return compute_scores(counts, names)


def by_class(scores: Scores) -> list[tuple[float | None, float | None, float | None]]:
    return [(entry.iou, entry.recall, entry.precision) for entry in scores.classes]


def test_by_hand() -> None:
    # Of 4 pixels, one of class 0 and one of class 1 are right; a 1 is predicted as 2, and a 0 as 1.
    scores = score([[[0, 1], [2, 1]]], [[[0, 1], [1, 0]]])
    assert scores.acc == 1 / 2
    assert scores.iou == 2 / 6  # unions: background 2, square 3, disc 1
    assert scores.acc_foreground == 1 / 2
    assert scores.iou_foreground == 1 / 3  # on two pixels: square 2, disc 1
    assert by_class(scores) == [(1 / 2, 1 / 2, 1.0), (1 / 3, 1 / 2, 1 / 2), (0.0, None, 0.0)]
    assert scores.mean_iou == pytest.approx((1 / 2 + 1 / 3 + 0) / 3)
    assert [entry.dice for entry in scores.classes] == [2 / 3, 1 / 2, 0.0]  # 2 hits / (truth + predicted)
    assert scores.mean_dice == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert (scores.images, scores.images_without_foreground) == (1, 0)


def test_perfect() -> None:
    scores = score([[[0, 1], [2, 2]]], [[[0, 1], [2, 2]]])
    assert (scores.acc, scores.acc_foreground, scores.iou, scores.iou_foreground) == (1, 1, 1, 1)
    assert scores.mean_iou == 1
    assert by_class(scores) == [(1, 1, 1)] * 3


def test_all_wrong() -> None:
    scores = score([[[1, 2], [1, 0]]], [[[0, 1], [2, 2]]])
    assert (scores.acc, scores.acc_foreground, scores.iou, scores.iou_foreground) == (0, 0, 0, 0)
    assert scores.mean_iou == 0
    assert by_class(scores) == [(0, 0, 0)] * 3


def test_background_predicted_everywhere() -> None:
    scores = score([[[0, 0], [0, 0]]], [[[0, 0], [0, 1]]])
    assert (scores.acc, scores.acc_foreground, scores.iou, scores.iou_foreground) == (3 / 4, 0, 3 / 5, 0)
    assert by_class(scores) == [(3 / 4, 1, 3 / 4), (0, 0, None), (None, None, None)]
    assert scores.mean_iou == 3 / 8  # the disc occurs nowhere, so it is not in the mean
    assert [entry.dice for entry in scores.classes] == [6 / 7, 0, None]
    assert scores.mean_dice == 3 / 7


def test_scores_of_earlier_versions_have_no_dice() -> None:
    values = score([[[0, 1]]], [[[0, 1]]]).model_dump()
    del values["mean_dice"]
    values["classes"] = [{name: value for name, value in each.items() if name != "dice"} for each in values["classes"]]
    old = Scores.model_validate(values)
    assert (old.mean_iou, old.mean_dice, old.classes[0].dice) == (1, None, None)


def test_no_foreground_anywhere_has_no_foreground_scores() -> None:
    scores = score([[[0, 1]], [[0, 0]]], [[[0, 0]], [[0, 0]]])
    assert (scores.acc, scores.iou) == (3 / 4, (1 / 3 + 1) / 2)
    assert scores.acc_foreground is None
    assert scores.iou_foreground is None
    assert (scores.images, scores.images_without_foreground) == (2, 2)
    assert by_class(scores) == [(3 / 4, 3 / 4, 1), (0, None, 0), (None, None, None)]
    assert "NaN" not in scores.model_dump_json()


def test_no_background_at_all() -> None:
    scores = score([[[1, 2]]], [[[1, 1]]])
    assert (scores.acc, scores.acc_foreground, scores.iou, scores.iou_foreground) == (
        1 / 2,
        1 / 2,
        1 / 3,
        1 / 3,
    )
    assert by_class(scores) == [(None, None, None), (1 / 2, 1 / 2, 1), (0, None, 0)]


@pytest.mark.parametrize(("prediction", "truth", "value"), [(1, 1, 1.0), (0, 1, 0.0), (2, 1, 0.0)])
def test_one_pixel(prediction: int, truth: int, value: float) -> None:
    scores = score([[[prediction]]], [[[truth]]])
    assert (scores.acc, scores.acc_foreground, scores.iou, scores.iou_foreground) == (value,) * 4
    assert scores.mean_iou == value


def test_an_image_without_foreground_does_not_count_for_foreground_scores() -> None:
    scores = score([[[1, 0]], [[0, 0]]], [[[1, 1]], [[0, 0]]])
    assert (scores.acc, scores.acc_foreground) == (3 / 4, 1 / 2)
    assert (scores.iou, scores.iou_foreground) == ((1 / 3 + 1) / 2, 1 / 3)
    assert scores.images_without_foreground == 1


def test_false_positives_lower_mean_iou_but_not_the_foreground_scores() -> None:
    truth = [[[0, 0, 0, 1]]]
    honest, greedy = score([[[0, 0, 0, 1]]], truth), score([[[1, 1, 1, 1]]], truth)
    assert honest.iou_foreground == greedy.iou_foreground == 1
    assert greedy.mean_iou == 1 / 8 < honest.mean_iou


def slow_iou(pairs: list[tuple[int, int]]) -> float:
    """Return the sum of intersections over the sum of unions, computed with sets of pixels."""
    intersection = union = 0
    for label in {label for pair in pairs for label in pair}:
        truth = {pixel for pixel, (t, _) in enumerate(pairs) if t == label}
        predicted = {pixel for pixel, (_, p) in enumerate(pairs) if p == label}
        intersection += len(truth & predicted)
        union += len(truth | predicted)
    return intersection / union


def slow_loss(logits: list[float], label: int) -> float:
    top = max(logits)
    return top + math.log(sum(math.exp(value - top) for value in logits)) - logits[label]


def slow_scores(logits: torch.Tensor, masks: torch.Tensor, ignored_label: int) -> dict[str, Any]:
    """Compute every score from lists of the pixels that are not ignored, in plain Python."""
    whole: list[tuple[float, float, float]] = []
    foreground: list[tuple[float, float, float]] = []
    everything: list[tuple[int, int]] = []
    for image, mask in zip(logits.permute(0, 2, 3, 1).tolist(), masks.tolist(), strict=True):
        lines = zip(image, mask, strict=True)
        everywhere = [pair for line, line_labels in lines for pair in zip(line, line_labels, strict=True)]
        kept = [(pixel, label) for pixel, label in everywhere if label != ignored_label]
        pixels, labels = [pixel for pixel, _ in kept], [label for _, label in kept]
        pairs = [(t, pixel.index(max(pixel))) for t, pixel in zip(labels, pixels, strict=True)]
        losses = [slow_loss(pixel, t) for t, pixel in zip(labels, pixels, strict=True)]
        everything += pairs
        for rows, keep in ((whole, lambda t: True), (foreground, lambda t: t != 0)):
            chosen = [pair for pair in pairs if keep(pair[0])]
            if chosen:
                right = sum(t == p for t, p in chosen) / len(chosen)
                loss = sum(x for x, (t, _) in zip(losses, pairs, strict=True) if keep(t)) / len(chosen)
                rows.append((right, slow_iou(chosen), loss))
    ious = []
    for label in sorted({label for pair in everything for label in pair}):
        both = sum(t == p == label for t, p in everything)
        ious.append(both / sum(label in pair for pair in everything))
    mean = [sum(column) / len(column) for column in zip(*whole, strict=True)]
    fore = [sum(c) / len(c) for c in zip(*foreground, strict=True)] if foreground else [None] * 3
    return {
        "acc": mean[0],
        "iou": mean[1],
        "loss": mean[2],
        "acc_foreground": fore[0],
        "iou_foreground": fore[1],
        "loss_foreground": fore[2],
        "mean_iou": sum(ious) / len(ious),
    }


@pytest.mark.parametrize("ignored", [False, True], ids=["all pixels", "ignored pixels"])
@pytest.mark.parametrize("seed", range(8))
def test_agrees_with_the_slow_implementation(seed: int, ignored: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    classes, height, width = 2 + seed, 3 + seed, 7
    logits = 3 * torch.randn(5, classes, height, width, generator=generator)
    masks = torch.randint(classes, (5, height, width), generator=generator)
    masks[seed % 5] = 0
    if ignored:
        masks[torch.rand(masks.shape, generator=generator) < 0.4] = 77
        masks[(seed + 1) % 5] = 77
    names = [str(label) for label in range(classes)]
    scores = compute_scores(count_logits(logits, masks, ignored_label=77 if ignored else None), names)
    assert (scores.images, scores.ignored_images) == ((4, 1) if ignored else (5, 0))
    for name, value in slow_scores(logits, masks, ignored_label=77).items():
        assert getattr(scores, name) == pytest.approx(value, rel=1e-5), name


@pytest.mark.parametrize("seed", range(4))
def test_published_ious_are_functions_of_the_accuracies(seed: int) -> None:
    generator = np.random.default_rng(seed)
    for _ in range(20):
        truth, prediction = generator.integers(0, 4, (2, 1, 5, 6))
        scores = compute_scores(count_predictions(prediction, truth, classes=4), list("abcd"))
        assert scores.acc_foreground is not None
        assert scores.iou == pytest.approx(scores.acc / (2 - scores.acc), abs=1e-12)
        assert scores.iou_foreground == pytest.approx(scores.acc_foreground / (2 - scores.acc_foreground))
        foreground = [(t, p) for t, p in zip(truth.ravel().tolist(), prediction.ravel().tolist(), strict=True) if t]
        assert scores.iou_foreground == pytest.approx(slow_iou(foreground))


def test_scores_survive_json() -> None:
    scores = score([[[0, 0]]], [[[0, 0]]])
    assert Scores.model_validate_json(scores.model_dump_json()) == scores
    assert json.loads(scores.model_dump_json())["acc_foreground"] is None


def test_each_class_needs_a_name() -> None:
    masks = np.zeros((2, 4, 4), int)
    with pytest.raises(ValueError, match=r"each of the 3 classes; got \['a'\]"):
        compute_scores(count_predictions(masks, masks, classes=3), ["a"])


@pytest.mark.parametrize(
    ("prediction", "truth", "collapsed"),
    [
        ([[[0, 0]]], [[[0, 1]]], True),
        ([[[0, 1]]], [[[0, 1]]], False),
        ([[[2, 0]]], [[[0, 1]]], False),  # no foreground pixel is right, but not every pixel is predicted as background
        ([[[0, 0]]], [[[0, 0]]], False),  # there is no foreground
    ],
)
def test_collapsed_means_background_predicted_everywhere(
    prediction: list[Any], truth: list[Any], collapsed: bool
) -> None:
    scores = score(prediction, truth)
    assert scores.collapsed is collapsed
    assert "collapsed" not in scores.model_dump()
