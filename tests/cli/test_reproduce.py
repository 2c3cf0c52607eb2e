"""``drumhead reproduce`` and ``drumhead report``: arguments, folders and exit codes."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.cli import FAILED, INTERRUPTED, OK, USAGE_ERROR, main
from drumhead.runs import DataRecord
from drumhead.sweeps import execution
from drumhead.training import TrainingDivergedError, train

SMOKE = ["reproduce", "all", "--recipe", "smoke", "--no-theory"]


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DRUMHEAD_MNIST_ROOT", raising=False)


def test_a_dry_run_lists_and_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reproduce", "tables", "--recipe", "lite", "--only", "tetrominoes-cnn-*", "--dry-run"]) == OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["missing", "reproduction/lite/runs/tetrominoes-cnn-2-seed7500"]
    assert lines[-2].split() == ["missing", "data/tetrominoes"]
    assert lines[-1] == "5 runs: 5 missing"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("args", [["tables", "--only", "squares"], ["--seeds", "0"], ["pictures"]])
def test_invalid_arguments_are_reported_before_any_work(args: list[str], tmp_path: Path) -> None:
    try:
        code: object = main(["reproduce", *args])
    except SystemExit as stop:
        code = stop.code
    assert code == USAGE_ERROR
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_smoke_makes_everything_and_the_second_time_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = [*SMOKE, "--only", "tetrominoes-cnn-2", "polygons-nwm-fft", "mnist-cnn-2"]
    assert main(args) == OK
    printed = capsys.readouterr().out
    out = tmp_path / "reproduction" / "smoke"
    assert "skipped: no data: MNIST's four IDX files are not in" in printed
    assert "2 of 3 runs are done, recipe smoke." in printed
    assert {path.name for path in (out / "tables").iterdir()} == {"scores.md", "scores.csv", "scores.tex"}
    assert "recipe smoke" in (out / "tables" / "scores.md").read_text()
    figures = {path.name.split("-")[0] for path in (out / "figures").iterdir()}
    assert figures == {"scores", "training", "samples", "waves", "polygons"}
    assert all("smoke" in path.name for path in (out / "figures").iterdir())
    page = (out / "report.html").read_text()
    assert "recipe smoke" in page
    assert "recipe paper" not in page
    weights = sorted(out.rglob("model.safetensors"))
    before = [path.stat().st_mtime_ns for path in weights]
    assert main(args) == OK
    assert [path.stat().st_mtime_ns for path in weights] == before
    assert len(before) == 2


@pytest.mark.slow
def test_a_diverged_run_is_named_at_the_end_and_ctrl_c_stops(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    args = [*SMOKE, "--only", "tetrominoes-cnn-2", "tetrominoes-cnn-4"]

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    def failing(experiment, *others, **settings):  # type: ignore[no-untyped-def]
        if experiment.name == "tetrominoes-cnn-2":
            raise TrainingDivergedError("the loss of step 1 is nan")
        return train(experiment, *others, **settings)

    monkeypatch.setattr(execution, "train", stopped)
    assert main(args) == INTERRUPTED
    assert "the same command resumes" in capsys.readouterr().err
    monkeypatch.setattr(execution, "train", failing)
    assert main(args) == FAILED
    printed = capsys.readouterr().out
    assert "failed: diverged: the loss of step 1 is nan\n  reproduction/smoke/runs/tetrominoes-cnn-2-seed" in printed
    assert "1 of 2 runs are done" in printed
    assert (tmp_path / "reproduction" / "smoke" / "report.html").is_file()


def test_report_of_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = DataRecord.from_dataset(toy_dataset(tmp_path / "data"))
    toy_run(tmp_path / "runs" / "cnn", "tetrominoes-cnn-2", data, score=0.5)
    assert main(["report", "--out", "page", "--no-theory", "--no-movies"]) == OK
    assert capsys.readouterr().out.splitlines()[-1].startswith("wrote page/report.html (0.")
    html = (tmp_path / "page" / "report.html").read_text()
    assert "runs/cnn" in html
    assert 'id="theory"' not in html
    assert main(["report", "nowhere"]) == USAGE_ERROR
    assert not (tmp_path / "report").exists()
