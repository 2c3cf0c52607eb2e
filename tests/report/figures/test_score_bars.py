"""Tests of the bars of runs and of published scores."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean, stdev

import pytest
from tests.report.toy_runs import toy_run
from tests.results.rows import OTHER_DATA

from drumhead.published import published_runs
from drumhead.published.datasets import PUBLISHED_DATASETS
from drumhead.report.figures.score_bars import published_bars, run_bars, scored_runs, with_published_bars
from drumhead.report.figures.score_figure import PUBLISHED

PAPER = PUBLISHED_DATASETS["new_tetronimoes"].record


def test_seeds_share_a_bar_but_recipes_and_data_do_not(tmp_path: Path) -> None:
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
    assert bars[0].statistics.values == (0.8, 0.4)  # by seed
    assert bars[0].statistics.mean == fmean([0.4, 0.8])
    assert bars[0].statistics.std == stdev([0.4, 0.8])
    assert bars[1].statistics == (0.2, None, (0.2,))


def test_two_runs_with_the_same_seed_are_refused(tmp_path: Path) -> None:
    runs = [toy_run(tmp_path / name, "tetrominoes-cnn-2", OTHER_DATA, score=0.4) for name in "ab"]
    with pytest.raises(ValueError, match=r"/a and .*/b are the same experiment with the same seed 0"):
        run_bars(runs, "acc")


def test_error_for_runs_without_the_score_gives_their_folder(tmp_path: Path) -> None:
    unfinished = toy_run(tmp_path / "a", "tetrominoes-cnn-2", OTHER_DATA)
    with pytest.raises(ValueError, match=r"/a has no scores yet: it is unfinished"):
        run_bars([unfinished], "acc")
    without_loss = toy_run(tmp_path / "b", "tetrominoes-cnn-2", OTHER_DATA, score=0.4)
    with pytest.raises(ValueError, match="/b has no loss"):
        run_bars([without_loss], "loss")


def test_runs_without_the_score_are_separated_with_the_reason(tmp_path: Path) -> None:
    scored = toy_run(tmp_path / "a", "tetrominoes-cnn-2", OTHER_DATA, score=0.4)
    unfinished = toy_run(tmp_path / "b", "tetrominoes-cnn-2", OTHER_DATA)
    assert scored_runs([scored, unfinished], "acc") == ([scored], [f"{tmp_path}/b has no scores yet: it is unfinished"])
    assert scored_runs([scored], "loss") == ([], [f"{tmp_path}/a has no loss: no image of its test set has foreground"])


def test_published_bars_have_the_published_numbers() -> None:
    bars = {bar[:2]: bar for bar in published_bars("iou_foreground")}
    assert len(bars) == 35
    assert {bar.group for bar in bars.values()} == {PUBLISHED}
    seeds = tuple(run.iou_foreground for run in published_runs() if run.experiment == "tetrominoes-nwm-linear")
    assert bars["Tetrominoes", "NWM linear"].statistics == (fmean(seeds), stdev(seeds), seeds)
    assert len(bars["Multi-MNIST", "U-Net 3"].statistics.values) == 12
    with pytest.raises(ValueError, match=r"mean_iou was not published; published metrics are acc, "):
        published_bars("mean_iou")


def test_published_bars_of_the_same_models_and_data_are_added(tmp_path: Path) -> None:
    published = published_bars("acc")
    (ours,) = run_bars([toy_run(tmp_path / "a", "tetrominoes-cnn-2", PAPER, score=0.4)], "acc")
    same = ours._replace(model="CNN 2")
    bars = with_published_bars([same], published)
    assert [bar[:3] for bar in bars] == [("Tetrominoes", "CNN 2", PUBLISHED), ("Tetrominoes", "CNN 2", "paper")]
    with pytest.raises(ValueError, match="none of these runs is of a published model on the published data"):
        with_published_bars([ours], published)  # its pixel network is smaller
    (elsewhere,) = run_bars([toy_run(tmp_path / "b", "tetrominoes-cnn-2", OTHER_DATA, score=0.4)], "acc")
    with pytest.raises(ValueError, match="leave out --published"):
        with_published_bars([elsewhere._replace(model="CNN 2")], published)
