"""Training whose worker processes are started by the first process, and killed; each test takes a few seconds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from drumhead.data import Dataset
from drumhead.runs import Run, lock_owner
from drumhead.training import ProcessLostError, StepReport, train
from drumhead.training.launching import local_rendezvous

from .multiprocess import in_processes, train_one_rank
from .test_processes import assert_alike
from .tiny_runs import EventRecorder, fit, tiny_experiment

TIMEOUT = 60.0
"""Seconds within which all processes of a training end, on a busy machine."""

needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


def workers_of(parent: int) -> list[int]:
    """Return the process ids of the workers that a process has started."""
    workers = []
    for folder in Path("/proc").iterdir():
        try:
            command, state = (folder / "cmdline").read_text(), (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # not a process, or one that has ended
        if "drumhead.training.worker" in command and state[1] == str(parent):
            workers.append(int(folder.name))
    return workers


class KillWorker(EventRecorder):
    """Kills the worker after a given step."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def stepped(self, report: StepReport) -> None:
        if report.step == self.step:
            (worker,) = workers_of(os.getpid())
            os.kill(worker, signal.SIGKILL)


@needs_proc
def test_a_run_resumes_after_a_worker_is_lost(boards: Dataset, tmp_path: Path) -> None:
    """The environment of the first process is as before, no process is left, and the folder is not locked."""
    folder = tmp_path / "run"

    def first() -> None:
        del os.environ["LOCAL_RANK"], os.environ["MASTER_ADDR"], os.environ["MASTER_PORT"]  # so that it starts a worker
        before, threads = dict(os.environ), torch.get_num_threads()
        with pytest.raises(ProcessLostError, match=r"process 1 of this training \(pid \d+\) was killed by signal 9"):
            train_one_rank(tiny_experiment(), boards, folder, KillWorker(step=8))
        assert workers_of(os.getpid()) == []
        assert lock_owner(folder) is None
        assert len(Run.open(folder).metrics()) == 1
        train_one_rank(tiny_experiment(), boards, folder)
        assert workers_of(os.getpid()) == []
        assert (dict(os.environ), torch.get_num_threads()) == (before, threads)

    in_processes(first)
    assert_alike(
        Run.open(folder), fit(tiny_experiment(), boards, tmp_path / "uninterrupted"), losses=1e-5, weights=1e-4
    )


def test_a_worker_that_cannot_start(boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drumhead.training.workers.sys.executable", "/bin/false")
    with pytest.raises(ProcessLostError, match="ended with exit code 1"):
        train(tiny_experiment(), boards, tmp_path / "run", accelerator="cpu", devices=2)
    assert not (tmp_path / "run").exists()


SHARED = ["--accelerator", "cpu", "--devices", "2"]

COMMAND_LINE = """
import signal, sys
from drumhead.cli import main

# A background job of a shell ignores SIGINT, and so do its children by default.
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main(sys.argv[1:]))
"""


def start_endless(boards: Dataset, folder: Path) -> subprocess.Popen[str]:
    """Start a command line that trains in two processes for ever."""
    recipe = ["--recipe.batch-size", "4", "--recipe.epochs", "100000", "--recipe.steps-per-epoch", "2"]
    arguments = ["train", "tetrominoes-cnn-2", "--data", str(boards.folder), "--out", str(folder), *SHARED, *recipe]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND_LINE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_epochs(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("epoch   2"):
            threading.Thread(target=process.stdout.read, daemon=True).start()
            return
    raise AssertionError(process.stderr.read() if process.stderr else "")


@pytest.mark.slow
@needs_proc
@pytest.mark.parametrize("kill", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_the_first_process_is_killed(kill: str, boards: Dataset, tmp_path: Path) -> None:
    with start_endless(boards, tmp_path / "run") as process:
        wait_for_epochs(process)
        (worker,) = workers_of(process.pid)
        os.kill(process.pid, getattr(signal, kill))
        start = time.monotonic()
        code = process.wait(TIMEOUT)
        while Path(f"/proc/{worker}").exists() and "drumhead" in Path(f"/proc/{worker}/cmdline").read_text():
            assert time.monotonic() - start < TIMEOUT
            time.sleep(0.05)
        assert process.stderr is not None
        errors = process.stderr.read()
    assert "Traceback" not in errors
    if kill == "SIGKILL":
        assert code == -signal.SIGKILL
    else:
        assert code == 130
        assert f"Resume with: drumhead train {tmp_path / 'run'}" in errors
    assert lock_owner(tmp_path / "run") is None
    assert Run.open(tmp_path / "run").state == "unfinished"


@pytest.mark.slow
@needs_proc
def test_the_command_line_reports_a_lost_worker(boards: Dataset, tmp_path: Path) -> None:
    with start_endless(boards, tmp_path / "run") as process:
        wait_for_epochs(process)
        os.kill(workers_of(process.pid)[0], signal.SIGKILL)
        assert process.wait(TIMEOUT) == 1
        assert process.stderr is not None
        errors = process.stderr.read()
    assert "process 1 of this training" in errors
    assert (
        f"was killed by signal 9; the last finished epoch is kept. Resume with: drumhead train {tmp_path / 'run'}"
        in errors
    )
    assert "Traceback" not in errors


ASLEEP = """
import sys, time
from pathlib import Path
from drumhead.data import open_dataset
from drumhead.experiments import Experiment
from drumhead.training import Observer, train, workers

class Sleep(Observer):
    def stepped(self, report):
        print("asleep", flush=True)
        time.sleep(600)

workers.GRACE_SECONDS = 1.0
experiment, data = Experiment.model_validate_json(sys.argv[1]), open_dataset(Path(sys.argv[2]))
train(experiment, data, sys.argv[3], accelerator="cpu", devices=2, observers=[Sleep()])
"""


@pytest.mark.slow
@needs_proc
def test_a_first_process_that_does_not_notice_a_lost_worker_ends_too(boards: Dataset, tmp_path: Path) -> None:
    """The first process sleeps, like one that waits in a call that cannot be interrupted."""
    arguments = [tiny_experiment().model_dump_json(), str(boards.folder), str(tmp_path / "run")]
    command = [sys.executable, "-c", ASLEEP, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == "asleep\n"
        os.kill(workers_of(process.pid)[0], signal.SIGKILL)
        assert process.wait(TIMEOUT) == 1
        assert "this process cannot train without it" in process.stderr.read()


@pytest.mark.slow
def test_two_nodes_of_one_machine(boards: Dataset, tmp_path: Path) -> None:
    """The same command runs on each node with two devices each; the second node prints nothing."""
    arguments = ["tetrominoes-cnn-2", "--recipe", "smoke", "--data", str(boards.folder), "--out", str(tmp_path / "run")]
    address = local_rendezvous()
    nodes = [
        subprocess.Popen(
            [sys.executable, "-m", "drumhead", "train", *arguments, *SHARED, "--nodes", "2"],
            env={**os.environ, **address, "NODE_RANK": number},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in ("0", "1")
    ]
    (first, first_errors), (second, second_errors) = (node.communicate(timeout=120) for node in nodes)
    assert [node.returncode for node in nodes] == [0, 0], first_errors + second_errors
    assert "epoch   2" in first
    assert second == second_errors == ""
    machine = Run.open(tmp_path / "run").config.machine
    assert (machine["devices"], machine["nodes"], machine["strategy"]) == ("2", "2", "ddp")
