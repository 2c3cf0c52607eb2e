"""Sweeps on one machine, with real processes: whichever process dies, nothing is lost or trained twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.training.tiny_runs import assert_same_training, fit, tiny_experiment

from drumhead.data import Dataset
from drumhead.runs import LockOwner, Run, lock_owner
from drumhead.sweeps import PlannedRun, WorkersDiedError, cancel, local_sweep, read_failure, run_status
from drumhead.sweeps.local import LocalSweep, worker_gpus
from drumhead.training import Devices

CPU = Devices(accelerator="cpu")
COMMAND = """
import signal, sys, time
from pathlib import Path
from drumhead.sweeps import PlannedRun, local_sweep
from drumhead.training import Devices
from tests.training.tiny_runs import tiny_experiment
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.default_int_handler)  # as on the command line
out, data, workers, *epochs = sys.argv[1:]
plan = [
    PlannedRun(tiny_experiment("cnn", seed=seed, epochs=int(each)), Path(out) / f"seed{seed}", Path(data))
    for seed, each in enumerate(epochs)
]
with local_sweep(plan, out=Path(out), workers=int(workers), threads=1, devices=Devices(accelerator="cpu")) as sweep:
    while sweep.poll():
        time.sleep(0.05)
"""
ENDLESS_EPOCHS = 10**6


def plan_of(out: Path, boards: Dataset, *epochs: int) -> list[PlannedRun]:
    return [
        PlannedRun(tiny_experiment("cnn", seed=seed, epochs=each), out / f"seed{seed}", boards.folder)
        for seed, each in enumerate(epochs)
    ]


def wait_until(condition: Callable[[], object], *, seconds: float = 200.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not become true in time"
        time.sleep(0.02)


def wait_until_finished(sweep: LocalSweep) -> None:
    wait_until(lambda: not sweep.poll())


def wait_for_training(
    planned: PlannedRun, *, after: LockOwner | None = None, sweep: LocalSweep | None = None
) -> LockOwner:
    """Wait until a process trains a run and has finished an epoch; return the process.

    Args:
        planned: the run.
        after: an earlier process, which does not count.
        sweep: a sweep to poll while waiting.
    """
    owners: list[LockOwner] = []

    def is_training() -> bool:
        assert sweep is None or sweep.poll()
        current = lock_owner(planned.folder)
        metrics = planned.folder / "metrics.csv"
        is_new = current is not None and (after is None or current.token != after.token)
        owners[:] = [current] if current and is_new and metrics.is_file() else []
        return bool(owners)

    wait_until(is_training)
    return owners[0]


def log_headings(planned: PlannedRun) -> int:
    """Return how many processes wrote to the log of a run."""
    return (planned.folder / "log.txt").read_text().count("--- ")


def starts(planned: PlannedRun) -> int:
    """Return how often a run was started or resumed."""
    lines = (planned.folder / "log.txt").read_text().splitlines()
    return sum(line == "starting" or line.startswith("resuming") for line in lines)


@pytest.fixture
def start(tmp_path: Path, boards: Dataset) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """A function that starts a sweep in a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def start_one(workers: int, *epochs: int) -> subprocess.Popen[str]:
        arguments = [str(tmp_path), str(boards.folder), str(workers), *map(str, epochs)]
        root = str(Path(__file__).parents[2])
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([root, os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-c", COMMAND, *arguments]
        started.append(subprocess.Popen(command, text=True, stderr=subprocess.PIPE, env=environment))
        return started[-1]

    yield start_one
    for process in started:
        process.kill()
        process.communicate()


def test_workers_train_all_runs_with_the_results_of_single_trainings(boards: Dataset, tmp_path: Path) -> None:
    plan = plan_of(tmp_path / "runs", boards, 2, 2, 2)
    with local_sweep(plan, out=tmp_path / "runs", workers=2, threads=1, devices=CPU) as sweep:
        wait_until_finished(sweep)
    for planned in plan:
        run = Run.open(planned.folder)
        assert run.config.machine["threads"] == "1"
        assert starts(planned) == 1
        assert lock_owner(planned.folder) is None
    assert_same_training(Run.open(plan[2].folder), fit(plan[2].experiment, boards, tmp_path / "alone"))
    assert [path.name for path in (tmp_path / "runs" / ".submitit").iterdir()] == [f"user-{os.getuid()}"]
    assert list((tmp_path / "runs" / ".submitit").glob("user-*/*")) == []


def test_workers_that_die_before_they_start_a_run_end_the_sweep(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with (
        pytest.raises(WorkersDiedError, match="workers die before they start a run"),
        local_sweep(plan_of(tmp_path, boards, 2), out=tmp_path, workers=1, devices=CPU) as sweep,
    ):
        wait_until_finished(sweep)


def test_workers_take_gpus_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,GPU-a,5")
    two = Devices(devices=2)
    assert [worker_gpus(number, Devices()) for number in range(4)] == ["3", "GPU-a", "5", "3"]
    assert [worker_gpus(number, two) for number in range(2)] == ["3,GPU-a", "5,3"]
    assert worker_gpus(0, CPU) is None


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_its_run_is_trained_once_more(boards: Dataset, tmp_path: Path) -> None:
    endless, short = plan = plan_of(tmp_path, boards, ENDLESS_EPOCHS, 2)
    with local_sweep(plan, out=tmp_path, workers=1, threads=1, devices=CPU) as sweep:
        first = wait_for_training(endless)
        os.kill(first.pid, signal.SIGKILL)
        second = wait_for_training(endless, after=first, sweep=sweep)
        epochs = len(Run.open(endless.folder).metrics())
        os.kill(second.pid, signal.SIGKILL)
        wait_until_finished(sweep)
    assert Run.open(short.folder).state == "done"
    assert log_headings(endless) == 2
    status = run_status(endless.folder)
    assert (status.state, status.reason) == ("died", "its process died without a message: killed, or out of memory")
    assert status.epoch >= epochs > 0


@pytest.mark.slow
def test_two_sweeps_of_one_folder_train_each_run_once(
    start: Callable[..., subprocess.Popen[str]], boards: Dataset, tmp_path: Path
) -> None:
    epochs = (20,) * 6
    sweeps = [start(2, *epochs), start(2, *epochs)]
    assert [process.wait(timeout=200) for process in sweeps] == [0, 0]
    plan = plan_of(tmp_path, boards, *epochs)
    assert [Run.open(planned.folder).state for planned in plan] == ["done"] * 6
    # A worker may only find that a run is locked when it tries to start it; but no worker resumes the run of another.
    logs = [(planned.folder / "log.txt").read_text() for planned in plan]
    assert [log.count("epoch   1 ") for log in logs] == [1] * 6
    assert not any("resuming" in log for log in logs)
    alone = fit(plan[5].experiment, boards, tmp_path / "alone")
    assert_same_training(Run.open(plan[5].folder), alone)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_their_command_and_the_same_command_resumes(
    start: Callable[..., subprocess.Popen[str]], boards: Dataset, tmp_path: Path, number: signal.Signals
) -> None:
    command = start(1, 200)
    (planned,) = plan_of(tmp_path, boards, 200)
    worker = wait_for_training(planned)
    command.send_signal(number)
    command.wait(timeout=60)
    wait_until(lambda: lock_owner(planned.folder) is None, seconds=60)
    wait_until(lambda: has_ended(worker.pid), seconds=60)
    assert Run.open(planned.folder).state == "unfinished"
    assert read_failure(planned.folder) is None
    assert start(1, 200).wait(timeout=200) == 0
    assert log_headings(planned) == 2
    assert_same_training(Run.open(planned.folder), fit(planned.experiment, boards, tmp_path / "alone"))


@pytest.mark.slow
def test_cancelling_a_run_keeps_its_sweep_running_until_the_sweep_is_cancelled(
    start: Callable[..., subprocess.Popen[str]], boards: Dataset, tmp_path: Path
) -> None:
    command = start(1, ENDLESS_EPOCHS, 2, ENDLESS_EPOCHS)
    first, short, last = plan_of(tmp_path, boards, ENDLESS_EPOCHS, 2, ENDLESS_EPOCHS)
    wait_for_training(first)
    (result,) = cancel(first.folder)
    assert result.stopped
    assert result.message.startswith("training, process")
    wait_for_training(last)
    assert Run.open(short.folder).state == "done"
    assert run_status(first.folder).state == "cancelled"
    sweep, *others = cancel(tmp_path)
    assert sweep.stopped
    assert sweep.message.startswith("a sweep, process")
    assert not others  # the worker stopped with its sweep
    assert command.wait(timeout=60) != 0
    assert lock_owner(last.folder) is None
    assert run_status(last.folder).state == "unfinished"
    assert list(cancel(tmp_path)) == []


def has_ended(pid: int) -> bool:
    """Return whether a process has ended, even if its parent has not waited for it yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True
