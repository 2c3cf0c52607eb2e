"""``drumhead sweep``, ``cancel`` and ``runs --watch``: arguments, folders, output and exit codes."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from tests.fork_server import ForkServer
from tests.sweeps.conftest import fake_slurm as fake_slurm
from tests.sweeps.fake_slurm import FakeSlurm

from drumhead.cli import FAILED, OK, USAGE_ERROR, main
from drumhead.runs import Run, lock_folder
from drumhead.sweeps import Failure
from drumhead.sweeps.failure import write_failure

SMALL = [
    *("--recipe", "smoke", "--set", "dataset.canvas=24", "--set", "dataset.cell=5", "--set", "dataset.max-pieces=2"),
    *("--set", "model.width=4", "--accelerator", "cpu"),
]
WATCH = """
import sys
from drumhead.cli import main
sys.exit(main(["runs", arguments[0], "--watch"]))
"""
NAME = "tetrominoes-cnn-2-dataset.canvas=24-dataset.cell=5-dataset.max-pieces=2-model.width=4"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("DRUMHEAD_MNIST_ROOT", raising=False)


def code_of(args: list[str]) -> object:
    try:
        return main(args)
    except SystemExit as stop:
        return stop.code


def test_a_dry_run_lists_and_makes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["sweep", "tetrominoes-cnn-[24]", "--seeds", "0:2", "--recipe", "lite", "--set", "recipe.epochs=2,4"]
    assert main([*args, "--dry-run"]) == OK
    lines = capsys.readouterr().out.splitlines()
    first = "missing 2,500 steps time unknown runs/tetrominoes-cnn-2-recipe.epochs=2-seed0"
    assert lines[0].split() == first.split()
    assert lines[8].split() == ["missing", "data", "data/tetrominoes"]
    assert lines[9] == "8 runs: 8 missing"
    assert lines[10] == "8 runs of unknown time: no similar run in runs has finished an epoch yet"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["tetrominos"], "no experiment or sweep is called 'tetrominos'"),
        (["mnist-cnn-2", "--seeds", "a"], "seeds are numbers and ranges"),
        (["mnist-cnn-2", "--set", "model.steps=5"], "mnist-cnn-2 has no such field"),
        (["mnist-nwm-fft", "mnist-cnn-2", "--set", "model.steps=5"], "mnist-cnn-2 has no such field"),
        (["mnist-cnn-2", "--set", "model.layers=x"], "valid integer"),
        (["mnist-cnn-2", "--workers", "0"], "--workers must be 1 or more"),
        (["mnist-cnn-2", "--nodes", "2"], "needs a cluster"),
        (["mnist-cnn-2", "--partition", "gpu"], "--partition would have no effect with --on local: add --on slurm"),
        (["mnist-cnn-2", "--wait", "--cpus", "2"], "--wait, --cpus would have no effect with --on local"),
        (["mnist-cnn-2", "--on", "slurm", "--workers", "2"], "--workers would have no effect with --on slurm"),
        (["mnist-cnn-2", "--set", "lr=1"], "did you mean recipe.learning-rate?"),
        (["mnist-cnn-2", "--on", "slurm", "--time", "soon"], "time"),
        (["mnist-cnn-2", "--on", "slurm", "--cluster", "none.yaml"], "none.yaml cannot be read"),
        (["mnist-cnn-2", "--data", "cells"], "cells"),
        (["mnist-cnn-2", "--mnist-root", "nowhere"], "nowhere"),
        ([], "give the names of experiments"),
    ],
)
def test_invalid_arguments_are_reported_before_any_work(
    args: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(["sweep", *args]) == USAGE_ERROR
    printed = capsys.readouterr()
    assert said in printed.err + printed.out
    assert not (tmp_path / "runs").exists()


def test_without_slurm_nothing_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["sweep", "tetrominoes-cnn-2", *SMALL, "--on", "slurm"]) == USAGE_ERROR
    assert "this machine has no sbatch" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_another_run_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs" / f"{NAME}-seed1").mkdir(parents=True)
    (tmp_path / "runs" / f"{NAME}-seed1" / "notes.txt").touch()
    assert main(["sweep", "tetrominoes-cnn-2", *SMALL, "--seeds", "0:2"]) == USAGE_ERROR
    assert "contains other files" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_sweep_makes_runs_once_and_then_knows_how_long_they_take(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["sweep", "tetrominoes-cnn-2", *SMALL, "--threads", "1"]
    assert main(args) == OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "1 runs: 1 done"
    run = Run.open(tmp_path / "runs" / f"{NAME}-seed0")
    assert run.state == "done"
    before = {path: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    assert main(args) == OK
    assert {path: path.stat().st_mtime_ns for path in run.folder.iterdir()} == before
    capsys.readouterr()
    assert main([*args, "--seeds", "0:3", "--workers", "2", "--dry-run"]) == OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in lines[:3]] == [["done", "0", "steps"], *[["missing", "4", "steps"]] * 2]
    assert "of training by one worker, about" in lines[-1]
    assert main(["runs"]) == OK
    assert "done" in capsys.readouterr().out


@pytest.mark.parametrize("flag", ["--retry-diverged", "--retry-failed"])  # the second is the flag's earlier name
def test_a_diverged_run_is_retried_only_on_request(flag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    retried: list[bool] = []

    def run_locally(*_: object, retry_diverged: bool, **__: object) -> int:
        retried.append(retry_diverged)
        return OK

    monkeypatch.setattr("drumhead.cli.sweep.prepare", lambda *_, **__: None)
    monkeypatch.setattr("drumhead.cli.sweep.run_locally", run_locally)
    args = ["sweep", "tetrominoes-cnn-2", *SMALL]
    for extra in ([], [flag], [flag.replace("--", "--no-")]):
        assert main([*args, *extra]) == OK
    assert retried == [False, True, False]


def test_on_slurm_jobs_are_submitted_once_listed_and_cancelled(
    fake_slurm: FakeSlurm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "drumhead.yaml").write_text("partition: gpu\ntime: 2:00:00\n")
    args = ["sweep", "tetrominoes-cnn-2", *SMALL, "--seeds", "0:2", "--on", "slurm", "--time", "1:00:00"]
    assert main(args) == OK
    lines = capsys.readouterr().out.splitlines()
    assert f"job 1_0  runs/{NAME}-seed0" in lines
    assert "2 jobs submitted; 2 runs: 2 queued" in lines
    (batch,) = fake_slurm.batches()
    assert "#SBATCH --partition=gpu" in batch
    assert "#SBATCH --time=60" in batch
    assert main(args) == OK
    assert "0 jobs submitted; 2 runs: 2 queued" in capsys.readouterr().out
    assert main(["runs"]) == OK
    assert "queued" in capsys.readouterr().out
    assert main(["cancel"]) == OK
    assert "job 1_1 cancelled" in capsys.readouterr().out
    assert main(["cancel", "runs"]) == OK
    assert capsys.readouterr().out == "Nothing is running or queued in runs.\n"


def test_runs_tell_why_one_does_not_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    for number in range(7):
        folder = tmp_path / "runs" / f"run{number}"
        folder.mkdir(parents=True)
        (folder / "config.json").write_text("{")
        write_failure(folder, Failure(kind="failed", message="no"))
    assert main(["runs"]) == OK
    printed = capsys.readouterr().out
    assert printed.count("unreadable:") == 5
    assert "and 2 more" in printed


def test_watching_tells_of_each_change_until_it_is_interrupted(tmp_path: Path, fork_server: ForkServer) -> None:
    (tmp_path / "runs" / "broken").mkdir(parents=True)
    (tmp_path / "runs" / "broken" / "config.json").write_text("{")
    child = fork_server.start(WATCH, tmp_path / "runs")
    child.wait_for_output("\n")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "config.json").write_text("{")
    (tmp_path / "second").rename(tmp_path / "runs" / "second")  # at once, so that no half-written file is seen
    child.wait_for_output("second")
    os.kill(child.pid, signal.SIGINT)
    assert child.wait() == OK
    assert [line.split()[:2] for line in child.read_output().splitlines()] == [
        ["unreadable", "broken"],
        ["unreadable", "second"],
    ]


def test_cancel_leaves_alone_what_it_cannot_stop(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "runs" / "run"
    with lock_folder(folder):
        (folder / "config.json").write_text("{")
        monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
        assert main(["cancel", str(folder)]) == FAILED
    assert "cancel it on that machine" in capsys.readouterr().out
    assert not (folder / "failed.json").exists()
