"""Submission of jobs to a fake Slurm, and which jobs are not submitted again; ``tests/cluster`` tests a real Slurm."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.sweeps.fake_slurm import FakeSlurm
from tests.training.tiny_runs import tiny_experiment

import drumhead.sweeps.slurm as slurm
from drumhead.sweeps import ClusterSettings, PlannedRun, SlurmError, check_slurm, submit
from drumhead.sweeps.slurm_queue import queued_runs, read_jobs, submitted_runs
from drumhead.training import Devices

SETTINGS = ClusterSettings(partition="gpu", time="1:30:00", gpus=1, mem="1.5G", setup=("module load cuda",))  # type: ignore[arg-type]


def plan_of(out: Path, seeds: int) -> list[PlannedRun]:
    return [PlannedRun(tiny_experiment("cnn", seed=seed), out / f"seed{seed}") for seed in range(seeds)]


def test_each_run_has_a_job_with_the_requested_resources(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    new = submit(plan_of(out, 3), out=out, settings=SETTINGS)
    assert {folder: job.job for folder, job in new.items()} == {out / f"seed{k}": f"1_{k}" for k in range(3)}
    (batch,) = fake_slurm.batches()
    lines = batch.splitlines()
    for option in ("partition=gpu", "time=90", "gpus-per-node=1", "mem=1536M", "cpus-per-task=4", "array=0-2%3"):
        assert f"#SBATCH --{option}" in lines
    assert "#SBATCH --signal=USR2@90" in lines
    assert lines.index("module load cuda") < next(n for n, line in enumerate(lines) if line.startswith("srun"))
    assert not [line for line in lines if "account" in line or "qos" in line]
    assert all(len(list((out / ".submitit").glob(f"user-*/1_{k}_submitted.pkl"))) == 1 for k in range(3))


def test_queued_and_running_runs_are_not_submitted_again(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 4)
    submit(plan[:2], out=tmp_path, settings=SETTINGS)
    assert submit(plan[:2], out=tmp_path, settings=SETTINGS) == {}
    fake_slurm.start_job("1_1")
    assert submit(plan[:2], out=tmp_path, settings=SETTINGS) == {}
    assert list(submit(plan, out=tmp_path, settings=SETTINGS)) == [run.folder for run in plan[2:]]
    jobs = fake_slurm.queue()
    del jobs["1_0"], jobs["2_1"]  # these jobs have ended
    fake_slurm.set_queue(jobs)
    assert {each.name: job.job for each, job in submit(plan, out=tmp_path, settings=SETTINGS).items()} == {
        "seed0": "3_0",
        "seed3": "3_1",
    }
    fake_slurm.set_queue({})
    (one,) = submit(plan[:1], out=tmp_path, settings=SETTINGS).values()
    assert one.job == "4"  # a single job is not an array


def test_a_reused_job_id_with_another_name_is_another_job(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 2)
    submit(plan, out=tmp_path, settings=SETTINGS)
    fake_slurm.set_queue({job: ["somebody's", *rest] for job, (_, *rest) in fake_slurm.queue().items()})
    assert queued_runs(tmp_path) == {}
    assert len(submit(plan, out=tmp_path, settings=SETTINGS)) == 2


def test_nothing_is_submitted_if_the_queue_is_unknown(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, 2)
    submit(plan, out=tmp_path, settings=SETTINGS)
    (fake_slurm.folder / "unreachable").touch()
    with pytest.raises(SlurmError, match=r"squeue does not report the queue: .*Unable to contact"):
        submit(plan, out=tmp_path, settings=SETTINGS)
    assert fake_slurm.submission_count() == 1


def test_a_refused_submission_is_an_error_and_records_no_jobs(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    (fake_slurm.folder / "refuses").touch()
    with pytest.raises(SlurmError, match=r"sbatch refuses: .*invalid partition"):
        submit(plan_of(tmp_path, 2), out=tmp_path, settings=SETTINGS)
    assert submitted_runs(tmp_path) == {}


def test_large_sweeps_are_submitted_in_several_arrays(
    fake_slurm: FakeSlurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slurm, "MAX_ARRAY_TASKS", 2)
    new = submit(plan_of(tmp_path, 5), out=tmp_path, settings=SETTINGS)
    assert [job.job for job in new.values()] == ["1_0", "1_1", "2_0", "2_1", "3"]
    assert len(queued_runs(tmp_path)) == 5


def test_an_array_respects_the_clusters_limit_on_tasks(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    scontrol = fake_slurm.folder / "bin" / "scontrol"
    scontrol.write_text("#!/bin/sh\necho 'MailProg                = /bin/mail'\necho 'MaxArraySize            = 3'\n")
    scontrol.chmod(0o700)
    new = submit(plan_of(tmp_path, 4), out=tmp_path, settings=SETTINGS)
    assert [job.job for job in new.values()] == ["1_0", "1_1", "1_2", "2"]


def test_each_of_several_devices_has_a_task(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    submit(plan_of(tmp_path, 1), out=tmp_path, settings=SETTINGS, devices=Devices(devices=2, nodes=3))
    lines = fake_slurm.batches()[0].splitlines()
    assert {"#SBATCH --nodes=3", "#SBATCH --ntasks-per-node=2"} <= set(lines)


def test_invalid_names_and_job_ids_in_a_list_of_jobs_are_ignored(tmp_path: Path) -> None:
    path = tmp_path / "runs" / ".submitit" / "jobs-0.json"
    path.parent.mkdir(parents=True)
    job = {"job": "1", "name": "drumhead-1", "log": "x"}
    path.write_text(json.dumps({"../../etc": job, "seed0": job}))
    assert list(read_jobs(path)) == [tmp_path / "runs" / "seed0"]
    for job_id in ("--all", "1;reboot", "1 2", "-u root", "1_[0-9]", "1\n2", "1\n"):
        path.write_text(json.dumps({"seed0": {**job, "job": job_id}}))
        assert read_jobs(path) == {}


def test_without_slurm_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SlurmError, match=r"this machine has no sbatch, squeue.*--on local"):
        check_slurm()
