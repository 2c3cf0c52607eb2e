"""Sweeps on a real Slurm: an array, a repeated command, and a job that is interrupted and requeued."""

from __future__ import annotations

from tests.training.tiny_runs import assert_same_training

from .project import Project


def test_an_array_trains_all_runs_and_the_same_command_submits_nothing(project: Project) -> None:
    before = project.cluster.jobs(ended=True)
    project.sweep("0:3", "--wait")
    assert {seed: run.state for seed, run in project.runs().items()} == dict.fromkeys(range(3), "done")
    project.cluster.wait_for(lambda: not project.cluster.jobs(), "the jobs to end after their runs", seconds=60)
    jobs = project.cluster.jobs(ended=True)
    ours = [job for job in jobs if job not in before]
    array = ours[0].split("_")[0]
    assert {job: jobs[job] for job in ours} == {f"{array}_{task}": "COMPLETED" for task in range(3)}
    files = {path: path.stat().st_mtime_ns for path in project.folder.glob("runs/[!.]*/*") if path.is_file()}
    project.sweep("0:3", "--wait")
    assert project.cluster.jobs(ended=True) == jobs
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_an_interrupted_job_is_requeued_and_gives_the_same_result(project: Project) -> None:
    project.sweep("0", epochs=project.epochs_in(seconds=5))
    (job,) = project.cluster.jobs()
    project.wait_for_epochs(3)
    for signal in ("SIGTERM", "USR2"):  # as Slurm sends them when it pre-empts a job
        project.cluster.run("scancel", f"--signal={signal}", job)
    uninterrupted_run = project.uninterrupted()
    project.wait_until_done()
    assert project.cluster.restarts(job) == 1
    assert project.log().count("resuming after epoch") == 1
    assert_same_training(project.runs()[0], uninterrupted_run)
