"""Files of results: one row for each run, whatever became of it, and no row twice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import torch
from tests.results.rows import row

from drumhead.data import Dataset, TetrominoConfig, make_dataset
from drumhead.evaluation import evaluate_run
from drumhead.experiments import Experiment, Recipe
from drumhead.models import model_config
from drumhead.results.results_file import ResultRow, background_of, collect_rows, read_rows, result_row, store_rows
from drumhead.runs import DataRecord, Run, RunConfig

BOARDS = TetrominoConfig(canvas=12, cell=2, max_pieces=2, train=4, val=3, test=5, seed=0)


@pytest.fixture
def boards(tmp_path: Path) -> Dataset:
    return make_dataset(BOARDS, tmp_path / "boards")


def make_run(folder: Path, boards: Dataset, *, seed: int = 0, bias: float | None = None, done: bool = True) -> Run:
    """A run with untrained weights and scores; a bias towards background is added to its logits."""
    experiment = Experiment(
        name="tiny", dataset=None, model=model_config("cnn", layers=1), recipe=Recipe(epochs=2), seed=seed
    )
    run = Run.create(
        folder, RunConfig(experiment=experiment, data=DataRecord.from_dataset(boards), versions={}, machine={})
    )
    model = run.new_model()
    if bias is not None:
        with torch.no_grad():
            list(model.parameters())[-1][0] = bias
    run.save_model(model)
    run.write_metrics([{"epoch": 1, "seconds": 1.5}, {"epoch": 2, "seconds": 3.25}])
    if done:
        run.write_scores(evaluate_run(run, boards, accelerator="cpu"))
    return run


def test_a_finished_run(boards: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", boards, seed=7, bias=-1e3)
    scores = run.scores()
    assert scores is not None
    result = result_row(run, scores, background=background_of(boards))
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


def test_a_collapsed_run_is_named(boards: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", boards, bias=1e3)
    result = result_row(run, run.scores())
    assert result.state == "collapsed"
    assert result.acc_foreground == 0


def test_unfinished_and_diverged_runs_are_named_with_the_scores_of_their_weights(
    boards: Dataset, tmp_path: Path
) -> None:
    run = make_run(tmp_path / "run", boards, done=False, bias=1e3)
    scores = evaluate_run(run, boards, accelerator="cpu")
    assert scores.collapsed
    assert result_row(run, scores).state == "unfinished"
    run.write_divergence("the loss is nan")
    assert result_row(run, scores).state == "diverged"
    assert result_row(run, scores).acc == scores.acc


def test_a_run_without_weights_has_a_row_without_scores(boards: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", boards, done=False)
    for path in (run.model_path, run.metrics_path):
        path.unlink()
    run.write_divergence("the loss is nan")
    result = result_row(run, None, background=background_of(boards))
    assert (result.state, result.epochs, result.seconds, result.acc, result.images) == ("diverged", 0, None, None, None)
    assert result.background_acc is not None
    store_rows(tmp_path / "results.csv", [result])
    assert read_rows(tmp_path / "results.csv") == [result.replace(run="run")]


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.csv"
    rows = [
        row(score=1 / 3, variant='linear, "steps" 50').replace(run=str(tmp_path / "new" / "a")),
        row(score=None, state="diverged", seed=1).replace(run=str(tmp_path / "b")),
    ]
    store_rows(path, rows)
    assert read_rows(path) == [rows[0].replace(run="a"), rows[1].replace(run="../b")]


def test_a_row_of_the_same_run_is_replaced_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    store_rows(path, [row(seed=1, score=0.1), row(seed=2, score=0.2)])
    before = path.read_bytes()
    store_rows(path, [row(seed=1, score=0.1)])
    assert path.read_bytes() == before
    store_rows(path, [row(seed=1, score=0.9), row(seed=3, score=0.3)])
    assert [(result.seed, result.acc) for result in read_rows(path)] == [(1, 0.9), (2, 0.2), (3, 0.3)]


def test_the_same_run_by_another_path_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.csv"
    (tmp_path / "runs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    store_rows(path, [row().replace(run=str(tmp_path / "runs" / "a"))])
    monkeypatch.chdir(tmp_path / "runs")
    store_rows(Path("../results.csv"), [row().replace(run="a")])
    store_rows(Path("../results.csv"), [row().replace(run="../link/a")])
    assert [result.run for result in read_rows(path)] == ["runs/a"]


def test_other_splits_and_data_of_a_run_have_rows_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    store_rows(path, [row(), row(split="val"), row(data="e" * 64)])
    assert len(read_rows(path)) == 3


def test_what_is_no_file_of_results_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,loss\n1,0.5\n")
    with pytest.raises(ValueError, match=r"metrics\.csv holds no results of this version: .*run,experiment"):
        store_rows(path, [row()])
    assert path.read_text() == "epoch,loss\n1,0.5\n"


def test_a_damaged_row_is_named_by_its_line(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    store_rows(path, [row(seed=1), row(seed=2)])
    path.write_text(path.read_text().replace("finished", "perfect").replace("perfect", "finished", 1))
    with pytest.raises(ValueError, match=r"results\.csv, line 3, is not a row of results: [\s\S]*state"):
        read_rows(path)


def test_a_failed_write_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.csv"
    store_rows(path, [row(seed=1)])
    before = path.read_bytes()
    monkeypatch.setattr(ResultRow, "model_dump", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        store_rows(path, [row(seed=2)])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["results.csv"]


def test_runs_are_collected_from_folders_and_files_once(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (1, 2):
        make_run(tmp_path / "runs" / str(seed), boards, seed=seed)
    make_run(tmp_path / "runs" / "3", boards, seed=3, done=False)
    monkeypatch.chdir(tmp_path)
    found = collect_rows([Path("runs")])
    assert [(result.run, result.state) for result in found] == [
        ("runs/1", "finished"),
        ("runs/2", "finished"),
        ("runs/3", "unfinished"),
    ]
    assert found[2].acc is None
    assert all(result.background_acc == background_of(boards).acc for result in found)
    (tmp_path / "elsewhere").mkdir()
    store_rows(Path("elsewhere/results.csv"), [found[0].replace(loss=9.0)])
    assert collect_rows([Path("runs/2"), Path("runs"), Path("elsewhere/results.csv")]) == [
        found[1],
        found[0].replace(loss=9.0),
        found[2],
    ]


def test_without_the_data_background_is_not_known(boards: Dataset, tmp_path: Path) -> None:
    make_run(tmp_path / "run", boards)
    shutil.rmtree(boards.folder)
    (result,) = collect_rows([tmp_path / "run"])
    assert result.acc is not None
    assert result.background_acc is None
