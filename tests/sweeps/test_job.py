"""A run as a Slurm job: when it is requeued, and when it is not."""

from __future__ import annotations

import pickle
import threading
import time
from pathlib import Path

import pytest
from tests.training.tiny_runs import BOARDS, assert_same_training, fit, tiny_experiment

import drumhead.sweeps.job as job_module
from drumhead.data import Dataset, prepare_dataset
from drumhead.runs import Run, lock_folder
from drumhead.sweeps import PlannedRun, read_failure
from drumhead.sweeps.job import JobFailedError, RunJob
from drumhead.training import Devices


@pytest.fixture
def job(tmp_path: Path) -> RunJob:
    prepare_dataset(BOARDS, tmp_path / "data")
    planned = PlannedRun(tiny_experiment("cnn", epochs=2).replace(dataset=BOARDS), tmp_path / "run")
    return RunJob(planned=planned, data_root=tmp_path / "data", limit=600.0, devices=Devices(accelerator="cpu"))


def test_a_job_trains_its_run_and_logs_it(
    job: RunJob, boards: Dataset, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with capfd.disabled():
        job()
    run = Run.open(job.planned.folder)
    assert_same_training(run, fit(job.planned.experiment, boards, tmp_path / "other"))
    assert "epoch   2  loss" in (run.folder / "log.txt").read_text()
    job()  # the run is done: nothing happens


def test_a_run_that_fails_makes_its_job_fail(job: RunJob) -> None:
    (job.planned.folder).mkdir()
    (job.planned.folder / "config.json").write_text("{}")
    with pytest.raises(ValueError, match="config"):
        job()
    (job.planned.folder / "config.json").unlink()
    job.planned = job.planned._replace(
        experiment=job.planned.experiment.replace(recipe=job.planned.experiment.recipe.replace(batch_size=500))
    )
    with pytest.raises(JobFailedError, match="fewer than a batch of 500"):
        job()
    failure = read_failure(job.planned.folder)
    assert failure is not None
    assert "fewer than a batch of 500" in failure.message


def test_a_job_that_finished_epochs_is_requeued_unchanged(job: RunJob, monkeypatch: pytest.MonkeyPatch) -> None:
    job.start_time, job.epochs_at_start, job.wasted = time.monotonic() - 590, 0, 100.0
    monkeypatch.setattr(job_module, "finished_epochs", lambda folder: 1)
    requeued = job.checkpoint().function
    assert isinstance(requeued, RunJob)
    assert requeued.wasted == 0.0
    assert pickle.loads(pickle.dumps(requeued)).planned == job.planned


def test_a_job_without_progress_is_not_requeued_forever(job: RunJob) -> None:
    job.start_time, job.epochs_at_start = time.monotonic() - 300, 0  # pre-empted half way through its time
    job.checkpoint()
    assert job.wasted == pytest.approx(300, abs=5)
    job.start_time = time.monotonic() - 200
    with pytest.raises(JobFailedError, match=r"no epoch was finished in 8 minutes, and a job has 10: .*--time"):
        job.checkpoint()


def test_a_job_that_an_earlier_version_queued_still_retries_a_diverged_run(job: RunJob) -> None:
    job.retry_diverged = True
    queued = pickle.dumps(job, protocol=0)  # as text, where the name of a field can be replaced
    assert queued.count(b"retry_diverged") == 1
    assert pickle.loads(queued.replace(b"retry_diverged", b"retry_failed")) == job == pickle.loads(queued)


def test_a_job_waits_for_another_process_that_trains_its_run(
    job: RunJob, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(job_module, "POLL_INTERVAL", 0.05)
    release = threading.Event()

    def hold() -> None:
        with lock_folder(job.planned.folder):
            held.set()
            release.wait(20)

    held = threading.Event()
    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(20)
    threading.Timer(0.5, release.set).start()
    job()
    holder.join()
    assert Run.open(job.planned.folder).state == "done"
    assert "waiting: process" in capfd.readouterr().out
    monkeypatch.setattr(job_module, "MAX_WAIT", 0.0)
    (job.planned.folder / "scores.json").unlink()
    with lock_folder(job.planned.folder), pytest.raises(JobFailedError, match="being trained by process"):
        job()
