"""Class weights: as numbers, and in inverse proportion to the pixels of each class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drumhead.data import Dataset
from drumhead.runs import RunError
from drumhead.training.class_weights import balanced_weights, class_weights

from .tiny_runs import DEMO, assert_same_training, fit, last_weights, same_weights, tiny_experiment


def test_balanced_weights_by_hand() -> None:
    masks = np.array([[[0, 0, 0, 0, 0], [0, 1, 1, 3, 255]], [[255] * 5] * 2], np.uint8)
    # 6 pixels of class 0, 2 of class 1, none of class 2, 1 of class 3: 9 in all, of three classes that occur.
    weights = balanced_weights(masks, classes=4, ignored_label=255)
    assert weights == pytest.approx((9 / 18, 9 / 6, 0, 9 / 3))
    assert sum(weight * count for weight, count in zip(weights, (6, 2, 0, 1), strict=True)) == pytest.approx(9)


def test_balanced_weights_are_those_of_the_training_masks(boards: Dataset) -> None:
    counts = np.bincount(np.asarray(boards.splits["train"].masks).ravel(), minlength=6)
    expected = [counts.sum() / (np.count_nonzero(counts) * count) if count else 0 for count in counts.tolist()]
    assert class_weights(tiny_experiment(class_weights="balanced").recipe, boards) == pytest.approx(expected)
    assert class_weights(tiny_experiment(class_weights="1,4,2,1,1,1").recipe, boards) == (1, 4, 2, 1, 1, 1)
    assert class_weights(tiny_experiment().recipe, boards) is None


def test_only_ratios_of_weights_matter(boards: Dataset, tmp_path: Path) -> None:
    weights = (1, 4, 2, 1, 8, 1)
    one, double, none = (
        fit(tiny_experiment(**{**DEMO, "epochs": 1, "class_weights": each}), boards, tmp_path / str(number))
        for number, each in enumerate((weights, [2 * weight for weight in weights], None))
    )
    assert_same_training(one, double)
    assert not same_weights(last_weights(one), last_weights(none))


def test_there_is_a_weight_for_each_class(boards: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"has 6 classes \(background, I, .*must be 6 numbers; got 3"):
        fit(tiny_experiment(class_weights=(1, 4, 2)), boards, tmp_path / "run")
    assert not (tmp_path / "run").exists()
