"""The published scores of predicting background everywhere identify the published test sets."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.data import TETROMINO_CLASSES, TetrominoConfig, make_tetrominoes
from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES, is_published_test_set
from drumhead.published.scores import published_runs
from drumhead.scores import background_scores


def test_every_published_dataset_has_background_scores() -> None:
    assert {run.dataset for run in published_runs()} == set(PUBLISHED_BACKGROUND_SCORES)


def test_no_published_run_is_worse() -> None:
    """No accuracy is below that of background everywhere, and no loss of a run that collapsed is far from its own."""
    for run in published_runs():
        background = PUBLISHED_BACKGROUND_SCORES[run.dataset]
        assert run.acc > background.acc - 1e-6
        assert run.loss < background.loss + 0.002
        if run.collapsed:
            assert run.loss == pytest.approx(background.loss, rel=0.05)
            assert run.loss_foreground == pytest.approx(background.loss_foreground, rel=0.06)


def test_another_name_or_other_scores_are_not_the_published_test_set() -> None:
    acc, iou, *_ = PUBLISHED_BACKGROUND_SCORES["mnist"]
    assert is_published_test_set("mnist", acc=acc, iou=iou)
    assert is_published_test_set("mnist", acc=0.8673762226, iou=0.7685087604)
    assert not is_published_test_set("tetrominoes", acc=acc, iou=iou)
    assert not is_published_test_set("my_cells", acc=acc, iou=iou)
    assert not is_published_test_set("mnist", acc=acc + 1e-5, iou=iou)
    assert not is_published_test_set("mnist", acc=acc, iou=iou - 1e-5)


@pytest.mark.slow
def test_the_tetromino_test_set_is_the_published_one() -> None:
    masks = make_tetrominoes(TetrominoConfig())["test"].masks
    scores = background_scores(masks, TETROMINO_CLASSES)
    assert scores.acc == PUBLISHED_BACKGROUND_SCORES["tetrominoes"].acc
    assert is_published_test_set("tetrominoes", acc=scores.acc, iou=scores.iou)
    counts = np.array([np.bincount(mask.ravel(), minlength=len(TETROMINO_CLASSES)) for mask in masks])
    nats = -np.log(counts.sum(axis=0) / counts.sum())
    published = PUBLISHED_BACKGROUND_SCORES["tetrominoes"]
    assert (counts @ nats / counts.sum(axis=1)).mean() == pytest.approx(published.loss, rel=1e-12)
    foreground = counts[:, 1:]
    assert (foreground @ nats[1:] / foreground.sum(axis=1)).mean() == pytest.approx(
        published.loss_foreground, rel=1e-12
    )
    another = make_tetrominoes(TetrominoConfig(seed=0, train=1, val=1, test=1000))
    scores = background_scores(another["test"].masks, TETROMINO_CLASSES)
    assert not is_published_test_set("tetrominoes", acc=scores.acc, iou=scores.iou)
