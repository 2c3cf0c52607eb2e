"""Tests of rows of results: every run has one, however it ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.results.untrained_runs import BOARDS, make_run

from drumhead.data import Dataset, make_dataset
from drumhead.evaluation import evaluate_run
from drumhead.results.results_file import add_rows, read_rows
from drumhead.results.rows import baseline_scores, result_row


@pytest.fixture
def boards(tmp_path: Path) -> Dataset:
    return make_dataset(BOARDS, tmp_path / "boards")


def test_row_of_a_finished_run(boards: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", boards, seed=7, bias=-1e3)
    scores = run.scores()
    assert scores is not None
    result = result_row(run, scores, background=baseline_scores(boards))
    assert (result.state, result.model, result.variant, result.recipe, result.seed) == (
        "finished",
        "cnn",
        "1",
        "paper, epochs 2",
        7,
    )
    for name in ("acc", "acc_foreground", "iou", "iou_foreground", "loss", "loss_foreground", "mean_iou"):
        assert getattr(result, name) == getattr(scores, name), name
    assert (result.images, result.images_without_foreground) == (5, scores.images_without_foreground)
    assert (result.parameters, result.epochs, result.seconds) == (run.new_model().parameter_count, 2, 3.25)
    assert result.background_acc == pytest.approx(float((boards.splits["test"].masks == 0).mean()))
    assert result.data == result.trained_on == boards.fingerprint


def test_row_of_a_collapsed_run(boards: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", boards, bias=1e3)
    result = result_row(run, run.scores())
    assert result.state == "collapsed"
    assert result.acc_foreground == 0


def test_rows_of_unfinished_and_diverged_runs_have_the_scores_of_their_weights(boards: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", boards, done=False, bias=1e3)
    scores = evaluate_run(run, boards, accelerator="cpu")
    assert scores.collapsed
    assert result_row(run, scores).state == "unfinished"
    run.write_divergence("the loss is nan")
    assert result_row(run, scores).state == "diverged"
    assert result_row(run, scores).acc == scores.acc


def test_row_of_a_run_without_weights_has_no_scores(boards: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", boards, done=False)
    for path in (run.model_path, run.metrics_path):
        path.unlink()
    run.write_divergence("the loss is nan")
    result = result_row(run, None, background=baseline_scores(boards))
    assert (result.state, result.epochs, result.seconds, result.acc, result.images) == ("diverged", 0, None, None, None)
    assert result.background_acc is not None
    add_rows(tmp_path / "results.csv", [result])
    assert read_rows(tmp_path / "results.csv") == [result.replace(run="run")]
