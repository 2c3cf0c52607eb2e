"""Bars of runs: which runs share one, and which published bar stands beside them."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean, stdev

import pytest
from tests.report.toy_runs import toy_run
from tests.results.rows import OTHER_DATA

from drumhead.published import published_scores
from drumhead.published.datasets import PUBLISHED_DATASETS
from drumhead.report.figures.score_bars import beside, published_bars, run_bars
from drumhead.report.figures.score_figure import PUBLISHED

PAPER = PUBLISHED_DATASETS["new_tetronimoes"].record


def test_seeds_share_a_bar_and_recipes_and_data_do_not(tmp_path: Path) -> None:
    runs = [
        toy_run(tmp_path / "a", "tetrominoes-cnn-2", PAPER, seed=7, score=0.4),
        toy_run(tmp_path / "b", "tetrominoes-cnn-2", PAPER, seed=3, score=0.8),
        toy_run(tmp_path / "c", "tetrominoes-cnn-2", PAPER, seed=3, score=0.2, epochs=5),
        toy_run(tmp_path / "d", "tetrominoes-cnn-2", OTHER_DATA, seed=3, score=1.0),
    ]
    bars = run_bars(runs, "acc_foreground")
    model = "CNN 2, pixel widths 8"
    assert [bar[:3] for bar in bars] == [
        ("Tetrominoes", model, "paper"),
        ("Tetrominoes", model, "paper, epochs 5"),
        ("Tetrominoes, data c0ffee", model, "paper"),
    ]
    assert bars[0].summary.values == (0.8, 0.4)  # by seed
    assert bars[0].summary.mean == fmean([0.4, 0.8])
    assert bars[0].summary.std == stdev([0.4, 0.8])
    assert bars[1].summary == (0.2, None, None, None, (0.2,))


def test_a_seed_must_not_count_twice(tmp_path: Path) -> None:
    runs = [toy_run(tmp_path / name, "tetrominoes-cnn-2", OTHER_DATA, score=0.4) for name in "ab"]
    with pytest.raises(ValueError, match=r"/a and .*/b are the same experiment with the same seed 0"):
        run_bars(runs, "acc")


def test_runs_without_the_score_are_named(tmp_path: Path) -> None:
    unfinished = toy_run(tmp_path / "a", "tetrominoes-cnn-2", OTHER_DATA)
    with pytest.raises(ValueError, match=r"/a has no scores yet: it is unfinished"):
        run_bars([unfinished], "acc")
    without_loss = toy_run(tmp_path / "b", "tetrominoes-cnn-2", OTHER_DATA, score=0.4)
    with pytest.raises(ValueError, match="/b has no loss"):
        run_bars([without_loss], "loss")


def test_published_bars_are_the_published_numbers() -> None:
    bars = {bar[:2]: bar for bar in published_bars("iou_foreground")}
    assert len(bars) == len(published_scores()) == 35
    assert {bar.group for bar in bars.values()} == {PUBLISHED}
    score = published_scores()["tetrominoes-nwm-linear"]["iou_foreground"]
    assert bars["Tetrominoes", "NWM linear"].summary == (score.mean, score.std, score.min, score.max, ())
    with pytest.raises(ValueError, match=r"mean_iou was not published; published metrics are acc, "):
        published_bars("mean_iou")


def test_a_published_bar_stands_beside_runs_of_its_model_on_its_data(tmp_path: Path) -> None:
    published = published_bars("acc")
    (ours,) = run_bars([toy_run(tmp_path / "a", "tetrominoes-cnn-2", PAPER, score=0.4)], "acc")
    same = ours._replace(model="CNN 2")
    bars = beside([same], published)
    assert [bar[:3] for bar in bars] == [("Tetrominoes", "CNN 2", PUBLISHED), ("Tetrominoes", "CNN 2", "paper")]
    with pytest.raises(ValueError, match="none of these runs is of a published model on the published data"):
        beside([ours], published)  # its pixel network is smaller
    (elsewhere,) = run_bars([toy_run(tmp_path / "b", "tetrominoes-cnn-2", OTHER_DATA, score=0.4)], "acc")
    with pytest.raises(ValueError, match="leave out --published"):
        beside([elsewhere._replace(model="CNN 2")], published)
