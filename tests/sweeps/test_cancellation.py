"""Stopping runs: only what is really there, and really ours."""

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


def test_jobs_that_wait_or_run_are_cancelled(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    plan = [
        PlannedRun(tiny_experiment("cnn", seed=seed).replace(dataset=BOARDS), tmp_path / f"seed{seed}")
        for seed in range(3)
    ]
    submit(plan, out=tmp_path, settings=ClusterSettings())
    fake_slurm.begin("1_1")
    plan[2].folder.mkdir()
    (done,) = cancel(plan[2].folder)
    assert (done.folder, done.message) == (plan[2].folder, "job 1_2 cancelled")
    assert run_status(plan[2].folder).state == "cancelled"
    assert [each.message for each in cancel(tmp_path)] == ["job 1_0 cancelled", "job 1_1 cancelled"]
    assert fake_slurm.queue() == {}
    assert list(cancel(tmp_path)) == []
    assert list(submit(plan, out=tmp_path, settings=ClusterSettings())) == [run.folder for run in plan]


def test_a_process_that_does_not_hold_the_folder_is_left_alone(tmp_path: Path) -> None:
    bystander = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        with lock_folder(tmp_path) as right:
            assert has_lock_open(os.getpid(), tmp_path)
            assert not has_lock_open(bystander.pid, tmp_path)
            lie = LockOwner.model_validate({**dict(right.owner), "pid": bystander.pid})
            done = stop_process(tmp_path, lie, "training")
            assert not done.stopped
            assert "does not have its lock: left alone" in done.message
            there = LockOwner.model_validate({**dict(right.owner), "host": "elsewhere"})
            assert "cancel it on that machine" in stop_process(tmp_path, there, "training").message
        assert bystander.poll() is None
    finally:
        bystander.communicate(b"\n")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is not a folder"):
        list(cancel(tmp_path / "nowhere"))
