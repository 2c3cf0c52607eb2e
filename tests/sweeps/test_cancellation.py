"""Cancellation stops only processes that really hold the lock of a folder, and jobs that are really queued."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sweeps.fake_slurm import FakeSlurm
from tests.training.tiny_runs import BOARDS, tiny_experiment

from drumhead.runs import LockOwner, RunError, lock_folder
from drumhead.sweeps import ClusterSettings, PlannedRun, cancel, run_status, submit
from drumhead.sweeps.cancellation import has_lock_open, stop_process


def test_waiting_and_running_jobs_are_cancelled(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    plan = [
        PlannedRun(tiny_experiment("cnn", seed=seed).replace(dataset=BOARDS), tmp_path / f"seed{seed}")
        for seed in range(3)
    ]
    submit(plan, out=tmp_path, settings=ClusterSettings())
    fake_slurm.start_job("1_1")
    plan[2].folder.mkdir()
    (result,) = cancel(plan[2].folder)
    assert (result.folder, result.message) == (plan[2].folder, "job 1_2 cancelled")
    assert run_status(plan[2].folder).state == "cancelled"
    assert [each.message for each in cancel(tmp_path)] == ["job 1_0 cancelled", "job 1_1 cancelled"]
    assert fake_slurm.queue() == {}
    assert list(cancel(tmp_path)) == []
    assert list(submit(plan, out=tmp_path, settings=ClusterSettings())) == [run.folder for run in plan]


def test_a_process_without_the_lock_is_left_alone(tmp_path: Path) -> None:
    other_process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with lock_folder(tmp_path) as lock:
            assert has_lock_open(os.getpid(), tmp_path)
            assert not has_lock_open(other_process.pid, tmp_path)
            false_owner = LockOwner.model_validate({**dict(lock.owner), "pid": other_process.pid})
            result = stop_process(tmp_path, false_owner, "training")
            assert not result.stopped
            assert "does not have its lock: left alone" in result.message
            remote_owner = LockOwner.model_validate({**dict(lock.owner), "host": "elsewhere"})
            assert "cancel it on that machine" in stop_process(tmp_path, remote_owner, "training").message
        assert other_process.poll() is None
    finally:
        other_process.communicate(b"\n")


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a folder"):
        list(cancel(tmp_path / "nowhere"))
