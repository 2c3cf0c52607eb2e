"""Sweeps on a real Slurm: arrays, requeued jobs, lost nodes; what comes out is what an undisturbed training gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.training.tiny import assert_same_training

from .lab import Lab
from .slurm_cluster import SlurmCluster


@pytest.fixture
def lab(cluster: SlurmCluster, tmp_path: Path) -> Lab:
    return Lab(tmp_path, cluster)


def the_job(cluster: SlurmCluster) -> str:
    """The one job that waits or runs."""
    (job,) = cluster.jobs()
    return job


def node_of(cluster: SlurmCluster, job: str) -> str:
    """Where a job runs."""
    return cluster.run("squeue", "--noheader", "--format=%N", f"--jobs={job}").strip()


def restarts(cluster: SlurmCluster, job: str) -> int:
    """How often a job was queued again."""
    fields = dict(word.split("=", 1) for word in cluster.run("scontrol", "show", "job", job).split() if "=" in word)
    return int(fields["Restarts"])


def test_an_array_is_made_and_the_same_command_submits_nothing(lab: Lab) -> None:
    before = lab.cluster.jobs(ended=True)
    lab.sweep("0:4", "--wait")
    assert {seed: run.state for seed, run in lab.runs().items()} == dict.fromkeys(range(4), "done")
    jobs = lab.cluster.jobs(ended=True)
    ours = [job for job in jobs if job not in before]
    array = ours[0].split("_")[0]
    assert {job: jobs[job] for job in ours} == {f"{array}_{task}": "COMPLETED" for task in range(4)}
    files = {path: path.stat().st_mtime_ns for path in lab.folder.glob("runs/*/*") if path.is_file()}
    lab.sweep("0:4", "--wait")
    assert lab.cluster.jobs(ended=True) == jobs
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_a_job_that_is_interrupted_is_queued_again_and_ends_as_if_it_was_not(lab: Lab) -> None:
    lab.sweep("0", epochs=150)
    job = the_job(lab.cluster)
    lab.wait_for_epochs(3)
    for signal in ("SIGTERM", "USR2"):  # as Slurm sends them when it takes a job's node
        lab.cluster.run("scancel", f"--signal={signal}", job)
    through = lab.uninterrupted()
    lab.wait_until_done(seconds=90)
    assert restarts(lab.cluster, job) == 1
    assert "going on after epoch" in lab.log()
    assert_same_training(lab.runs()[0], through)
