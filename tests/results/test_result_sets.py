"""Tests of grouping results: they are averaged over seeds and over nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from tests.results.rows import DATA, row

from drumhead.results.result_sets import ResultSet, result_sets


def only(sets: list[ResultSet]) -> ResultSet:
    (result_set,) = sets
    return result_set


def test_scores_are_averaged_over_seeds() -> None:
    result_set = only(result_sets([row(seed=2, score=0.4), row(seed=1, score=0.2), row("cnn", "8", score=0.9)]))
    assert [results.label for results in result_set.models] == ["NWM linear", "CNN 8"]
    nwm = result_set.models[0]
    assert nwm.values("acc") == {1: 0.2, 2: 0.4}
    summary = nwm.summary("mean_iou")
    assert summary is not None
    assert summary.mean == pytest.approx(0.3)
    assert summary.runs == 2


@pytest.mark.parametrize(
    "other",
    [
        {"recipe": "lite"},
        {"dataset": "my_cells"},
        {"data": "e" * 64},
        {"trained_on": "e" * 64},
        {"split": "val"},
    ],
)
def test_results_that_differ_are_in_different_sets(other: dict[str, Any]) -> None:
    separate_sets = result_sets([row(score=0.2), row(score=0.8, **other)])
    assert len(separate_sets) == 2
    assert sorted(result_set.models[0].summary("acc").mean for result_set in separate_sets) == [0.2, 0.8]  # type: ignore[union-attr]


def test_models_that_differ_in_any_field_are_separate() -> None:
    result_set = only(result_sets([row(), row(variant="linear, steps 50")]))
    assert [results.label for results in result_set.models] == ["NWM linear", "NWM linear, steps 50"]


def test_means_include_collapsed_runs_but_not_diverged_or_unfinished_ones() -> None:
    rows = [
        row(seed=0, score=0.6),
        row(seed=1, score=0.0, state="collapsed"),
        row(seed=2, score=0.9, state="unfinished"),
        row(seed=3, score=None, state="diverged"),
        row(seed=4, score=0.9, state="diverged"),
    ]
    (results,) = only(result_sets(rows)).models
    assert results.values("acc") == {0: 0.6, 1: 0.0}
    assert {
        state: [row.seed for row in results.in_state(state)] for state in ("collapsed", "diverged", "unfinished")
    } == {
        "collapsed": [1],
        "diverged": [3, 4],
        "unfinished": [2],
    }


def test_a_model_with_only_failed_runs_has_no_summary() -> None:
    (results,) = only(result_sets([row(score=None, state="diverged")])).models
    assert results.summary("acc") is None


def test_two_runs_with_the_same_seed_are_refused() -> None:
    copy = row(seed=3).replace(run="runs/copy")
    with pytest.raises(ValueError, match=r"runs/nwm-linear-3-paper and runs/copy are both .* with seed 3"):
        result_sets([row(seed=3), copy])


def test_only_the_published_test_set_is_published() -> None:
    assert only(result_sets([row()])).is_published
    for other in ({"background_acc": 0.8}, {"background_acc": None}, {"split": "val"}, {"dataset": "mnist"}):
        assert not only(result_sets([row(**other)])).is_published


def test_background_scores_come_from_any_row_that_has_them() -> None:
    result_set = only(result_sets([row(background_acc=None), row("cnn", "8", score=None, state="diverged")]))
    assert result_set.background["acc"] == pytest.approx(0.855583984375)
    assert result_set.background["acc_foreground"] == 0
    assert only(result_sets([row(background_acc=None)])).background == {}


def test_images_without_foreground_have_no_foreground_score() -> None:
    result_set = only(result_sets([row(images=5, images_without_foreground=5)]))
    assert result_set.background["acc_foreground"] is None


def test_published_datasets_and_recipe_come_first() -> None:
    rows = [row(dataset="cells"), row(dataset="mnist"), row(recipe="demo"), row(data="0" * 64), row()]
    order = [
        (result_set.key.dataset, result_set.key.recipe, result_set.key.data[0]) for result_set in result_sets(rows)
    ]
    assert order == [
        ("tetrominoes", "paper", "0"),
        ("tetrominoes", "paper", DATA[0]),
        ("tetrominoes", "demo", DATA[0]),
        ("mnist", "paper", DATA[0]),
        ("cells", "paper", DATA[0]),
    ]
