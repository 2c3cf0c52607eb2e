"""From runs to a file of results to tables, as a user types it."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
import torch
from tests.results.rows import row

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.data import Dataset, TetrominoConfig, make_dataset
from drumhead.experiments import Experiment, Recipe
from drumhead.models import Segmenter, model_config
from drumhead.results.results_file import add_rows, read_rows
from drumhead.runs import DataRecord, Run, RunConfig
from drumhead.scores import background_scores

BOARDS = TetrominoConfig(canvas=12, cell=2, max_pieces=2, train=4, val=3, test=5, seed=0)


def make_run(folder: Path, data: Dataset, *, layers: int = 1, seed: int = 0, epochs: int = 2) -> Run:
    """A run that was trained to the end, and never predicts background."""
    experiment = Experiment(
        name=f"tiny-{layers}",
        dataset=None,
        model=model_config("cnn", layers=layers, pixel_widths=(4,)),
        recipe=Recipe(epochs=epochs),
        seed=seed,
    )
    run = Run.create(
        folder, RunConfig(experiment=experiment, data=DataRecord.from_dataset(data), versions={}, machine={})
    )
    set_background(run, run.new_model(), -5.0)
    run.write_metrics([{"epoch": epochs, "seconds": 2.5, "val_loss": 0.5}])
    run.write_scores(background_scores(data.splits["test"].masks, data.class_names))  # until it is evaluated
    return run


def set_background(run: Run, model: Segmenter, bias: float) -> None:
    """Keep a model as a run's weights, with another bias of its background logits."""
    with torch.no_grad():
        list(model.parameters())[-1][0] = bias
    run.save_model(model)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with runs of two models and three seeds, one of which diverged before it had weights."""
    boards = make_dataset(BOARDS, tmp_path / "boards")
    for layers in (1, 2):
        for seed in (1, 2, 3):
            make_run(tmp_path / "runs" / f"{layers}-{seed}", boards, layers=layers, seed=seed)
    failed = Run.open(tmp_path / "runs" / "2-3")
    for path in (failed.scores_path, failed.model_path, failed.metrics_path):
        path.unlink()
    failed.write_divergence("the loss is nan in epoch 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def evaluate(*args: str) -> int:
    return main(["evaluate", *args, "--accelerator", "cpu"])


def test_every_run_has_a_row_whatever_became_of_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    collapsed = Run.open(place / "runs" / "1-1")
    set_background(collapsed, collapsed.load_model(), 1e3)
    (place / "runs" / "1-2" / "scores.json").unlink()
    assert evaluate("runs", "--out", "results.csv") == OK
    rows = {row.run: row for row in read_rows(place / "results.csv")}
    assert {name: row.state for name, row in rows.items()} == {
        "runs/1-1": "collapsed",
        "runs/1-2": "unfinished",
        "runs/1-3": "finished",
        "runs/2-1": "finished",
        "runs/2-2": "finished",
        "runs/2-3": "diverged",
    }
    assert rows["runs/1-1"].acc == rows["runs/1-1"].background_acc
    assert rows["runs/1-2"].acc is not None
    assert (rows["runs/2-3"].acc, rows["runs/2-3"].epochs, rows["runs/2-3"].parameters > 0) == (None, 0, True)
    printed = capsys.readouterr().out
    assert "runs/1-1 collapsed: it predicts background everywhere" in printed
    assert "runs/1-2 is unfinished, with 1 epochs done" in printed
    assert "runs/2-3 diverged: the loss is nan in epoch 1; it has no weights to score" in printed


def test_evaluating_again_changes_nothing_and_adds_what_is_new(place: Path) -> None:
    assert evaluate("runs/1-1", "runs/1-2", "--out", "results.csv") == OK
    before = (place / "results.csv").read_bytes()
    assert evaluate("runs/1-2", "--out", "results.csv") == OK
    assert (place / "results.csv").read_bytes() == before
    assert evaluate("runs", "--out", "results.csv") == OK
    assert (place / "results.csv").read_bytes().startswith(before)
    assert len(read_rows(place / "results.csv")) == 6
    assert evaluate("runs/1-1", "--split", "val", "--out", "results.csv") == OK
    assert [row.split for row in read_rows(place / "results.csv")] == ["test"] * 6 + ["val"]


def test_a_diverged_run_keeps_no_scores(place: Path) -> None:
    run = Run.open(place / "runs" / "1-1")
    run.scores_path.unlink()
    run.write_divergence("the loss is nan in epoch 2")
    assert evaluate("runs/1-1", "--out", "results.csv") == OK
    assert run.state == "diverged"
    (row,) = read_rows(place / "results.csv")
    assert row.state == "diverged"
    assert row.acc is not None


def test_a_file_of_something_else_is_refused_before_the_work(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "notes.csv").write_text("a,b\n")
    scores = (place / "runs" / "1-1" / "scores.json").read_bytes()
    assert evaluate("runs", "--out", "notes.csv") == USAGE_ERROR
    assert "notes.csv is not a results file" in capsys.readouterr().err
    assert (place / "runs" / "1-1" / "scores.json").read_bytes() == scores


def test_a_folder_without_a_run_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("runs", "boards") == USAGE_ERROR
    assert "boards is not a run folder" in capsys.readouterr().err


def test_json_has_the_scored_runs(place: Path) -> None:
    assert evaluate("runs", "--json", "scores.json") == OK
    assert len(json.loads((place / "scores.json").read_text())) == 5


def test_runs_that_diverged_are_listed_so(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == OK
    assert "diverged" in capsys.readouterr().out


def test_a_table_of_runs_and_of_their_results_is_one(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("runs", "--out", "results.csv") == OK
    capsys.readouterr()
    assert main(["table"]) == OK
    of_runs = capsys.readouterr().out
    assert main(["table", "results.csv"]) == OK
    assert capsys.readouterr().out == of_runs
    assert "background everywhere" in of_runs
    assert "diverged, and excluded from the means: CNN 2, pixel widths 4 (seed 3)." in of_runs


def test_means_are_of_the_runs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("runs") == OK
    capsys.readouterr()
    assert main(["table", "--format", "csv"]) == OK
    lines = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    (line,) = (each for each in lines if each["variant"].startswith("1") and each["metric"] == "loss")
    losses = [scores.loss for seed in (1, 2, 3) if (scores := Run.open(f"runs/1-{seed}").scores()) is not None]
    assert float(line["mean"]) == pytest.approx(sum(loss for loss in losses if loss is not None) / 3)
    assert (line["recipe"], line["runs"]) == ("paper, epochs 2", "3")


def test_other_recipes_and_data_have_tables_of_their_own(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = make_dataset(BOARDS.replace(seed=5), place / "other")
    make_run(place / "runs" / "other", other)
    make_run(place / "runs" / "longer", make_dataset(BOARDS, place / "same"), epochs=9)
    assert main(["table", "runs", "--format", "markdown"]) == OK
    printed = capsys.readouterr().out
    titles = [line for line in printed.splitlines() if line.endswith("mean ± standard deviation**")]
    assert len(titles) == 3
    assert sum("recipe paper, epochs 9" in title for title in titles) == 1
    assert sum(f"({other.fingerprint[:8]})" in title for title in titles) == 1


def test_a_pair_is_compared_seed_by_seed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "--pair", "cnn-1-pixel-widths-4", "CNN 2, pixel widths 4"]) == OK
    printed = capsys.readouterr().out
    assert "n = 2 pairs, with seeds 1, 2." in printed
    assert "the smallest p that 2 pairs can give is 0.5" in printed
    assert main(["table", "--pair", "CNN 1", "CNN 2, pixel widths 4"]) == USAGE_ERROR
    assert (
        "no model is called 'CNN 1'; there are: CNN 1, pixel widths 4; CNN 2, pixel widths 4" in capsys.readouterr().err
    )


def test_a_pair_without_shared_seeds_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    places = ["runs/1-1", "runs/1-2", "runs/2-1"]
    assert main(["table", *places, "--pair", "cnn-1-pixel-widths-4", "cnn-2-pixel-widths-4"]) == USAGE_ERROR
    assert "at least two seeds" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["terminal", "markdown", "csv", "latex"])
def test_a_file_holds_what_is_printed(format: str, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "--published", "--format", format]) == OK
    printed = capsys.readouterr().out
    assert main(["table", "--published", "--format", format, "--out", "new/table"]) == OK
    written = (place / "new" / "table").read_text()
    assert "0.67" in printed or "0.66" in printed
    if format != "terminal":  # a file is wider
        assert written == printed
    assert capsys.readouterr().out == ""


def test_no_runs_are_said_to_be_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for format in ("terminal", "csv"):
        assert main(["table", str(tmp_path / "empty"), "--format", format]) == OK
        assert "There is no run in" in capsys.readouterr().err
    assert main(["table", str(tmp_path / "nowhere")]) == USAGE_ERROR
    assert "nowhere" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--published", "--claims"])
def test_pairs_are_of_ones_own_runs(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", flag, "--pair", "NWM linear", "CNN 8"]) == USAGE_ERROR
    assert "--pair compares runs seed by seed, without --published or --claims" in capsys.readouterr().err


def test_claims_of_published_runs_and_of_a_file_of_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["table", "--published", "--claims", "--format", "csv"]) == OK
    lines = list(csv.DictReader(StringIO(capsys.readouterr().out)))
    assert [line["verdict"] for line in lines if not line["comparison"]].count("supported") == 6
    rows = [row(seed=seed, score=0.9 + seed / 100, recipe="lite") for seed in range(3)]
    rows += [row("cnn", "8", seed=seed, score=0.5 + seed / 100, recipe="lite") for seed in range(3)]
    add_rows("results.csv", rows)
    assert main(["table", "results.csv", "--claims", "--format", "markdown"]) == OK
    printed = capsys.readouterr().out
    assert "**The paper's claims, our runs, recipe lite**" in printed
    assert printed.count("| supported |") == 1


def test_claims_need_runs_on_the_papers_data(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["table", "--claims"]) == USAGE_ERROR
    assert "none of these runs was trained on the paper's data" in capsys.readouterr().err
