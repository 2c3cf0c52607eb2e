"""The published scores of predicting background everywhere identify the published test sets."""

from __future__ import annotations

import pytest

from drumhead.data import TETROMINO_CLASSES, TetrominoConfig, make_tetrominoes
from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES, is_published_test_set
from drumhead.published.scores import published_scores
from drumhead.scores import background_scores


def test_every_published_dataset_has_background_scores() -> None:
    datasets = {name.rsplit("-", 2)[0].replace("-", "_") for name in published_scores()}
    assert datasets == set(PUBLISHED_BACKGROUND_SCORES)


def test_no_published_run_is_much_worse() -> None:
    """The lowest accuracy of ten runs equals that of background everywhere, to the two published digits."""
    lowest = published_scores()["tetrominoes-cnn-32"]["acc"].min
    assert lowest == round(PUBLISHED_BACKGROUND_SCORES["tetrominoes"].acc, 2)


def test_another_name_or_other_scores_are_not_the_published_test_set() -> None:
    acc, iou = PUBLISHED_BACKGROUND_SCORES["mnist"]
    assert is_published_test_set("mnist", acc=acc, iou=iou)
    assert is_published_test_set("mnist", acc=0.8673762226, iou=0.7685087604)
    assert not is_published_test_set("tetrominoes", acc=acc, iou=iou)
    assert not is_published_test_set("my_cells", acc=acc, iou=iou)
    assert not is_published_test_set("mnist", acc=acc + 1e-5, iou=iou)
    assert not is_published_test_set("mnist", acc=acc, iou=iou - 1e-5)


@pytest.mark.slow
def test_the_tetromino_test_set_is_the_published_one() -> None:
    scores = background_scores(make_tetrominoes(TetrominoConfig())["test"].masks, TETROMINO_CLASSES)
    assert scores.acc == PUBLISHED_BACKGROUND_SCORES["tetrominoes"].acc
    assert is_published_test_set("tetrominoes", acc=scores.acc, iou=scores.iou)
    another = make_tetrominoes(TetrominoConfig(seed=0, train=1, val=1, test=1000))
    scores = background_scores(another["test"].masks, TETROMINO_CLASSES)
    assert not is_published_test_set("tetrominoes", acc=scores.acc, iou=scores.iou)
