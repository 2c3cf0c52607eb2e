"""Interruptions of a sweep on a real Slurm (time limits, pre-emption, lost nodes) do not change its results."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.training.tiny_runs import assert_same_training

from .project import Project, command_output

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ENDLESS_EPOCHS = 100_000
"""The number of epochs of a run that must not finish."""


def start(project: Project, epochs: int) -> str:
    """Start a run, wait until it has finished some epochs, and return its job."""
    project.sweep("0", epochs=epochs)
    (job,) = project.cluster.jobs()
    project.wait_for_epochs(3)
    return job


def test_a_run_resumes_after_its_time_limit(project: Project) -> None:
    epochs = project.epochs_in(seconds=60)  # Slurm signals a job of one minute within half a minute
    project.sweep("0", "--time", "1", epochs=epochs)
    (job,) = project.cluster.jobs()
    project.wait_for_epochs(1)
    project.cluster.wait_for(lambda: project.cluster.restarts(job) > 0, "the time limit", seconds=120)
    reached = project.epochs()
    uninterrupted_run = project.uninterrupted()
    project.wait_until_done()
    assert reached < epochs
    # A job may be signalled before it has started to train: the signal may come a minute early.
    assert 1 <= project.log().count("resuming after epoch") <= project.cluster.restarts(job)
    assert_same_training(project.runs()[0], uninterrupted_run)


def test_a_preempted_run_resumes_when_nodes_are_free(project: Project) -> None:
    epochs = project.epochs_in(seconds=20)
    job = start(project, epochs)
    project.cluster.run(
        *("sbatch", "--partition=high", "--nodes=2", "--exclusive", "--output=/dev/null"), "--wrap=srun sleep 10"
    )
    project.cluster.wait_for(lambda: project.cluster.jobs()[job] == "PENDING", "the job to make room", seconds=60)
    reached = project.epochs()
    uninterrupted_run = project.uninterrupted()
    project.wait_until_done()
    assert reached < epochs
    assert project.cluster.restarts(job) == 1
    assert f"resuming after epoch {reached}\n" in project.log()
    assert_same_training(project.runs()[0], uninterrupted_run)


def test_a_job_that_gets_a_stop_signal_during_its_start_continues(project: Project) -> None:
    project.sweep("0")
    (job,) = project.cluster.jobs()
    project.cluster.wait_for(lambda: "Loading pickle" in project.job_logs(), "the job to begin", seconds=120)
    for signal in ("SIGTERM", "USR2"):
        project.cluster.run("scancel", f"--signal={signal}", job)
    project.wait_until_done()
    assert project.cluster.jobs(ended=True)[job] == "COMPLETED"


def test_a_run_resumes_on_another_node_after_a_power_cut(project: Project) -> None:
    epochs = project.epochs_in(seconds=8)
    job = start(project, epochs)
    node = project.cluster.node_of(job)
    assert project.cluster.cut_power(node) >= 3  # the daemon, the watcher of the job, the job
    reached = project.epochs()
    uninterrupted_run = project.uninterrupted()
    project.wait_until_done()
    assert reached < epochs
    assert project.cluster.restarts(job) == 1
    assert project.cluster.node_of(job) != node
    assert f"resuming after epoch {reached}\n" in project.log()
    assert_same_training(project.runs()[0], uninterrupted_run)


def test_a_run_that_is_lost_with_its_node_is_reported_and_the_next_sweep_finishes_it(project: Project) -> None:
    epochs = project.epochs_in(seconds=8)
    job = start(project, epochs)
    project.cluster.run("scontrol", "update", f"jobid={job}", "requeue=0")
    node = project.cluster.node_of(job)
    project.cluster.cut_power(node)
    project.cluster.set_node(node, "down")  # Slurm would notice by itself, but later
    project.cluster.wait_for(lambda: not project.cluster.jobs(), "the job to be given up", seconds=60)
    assert project.cluster.jobs(ended=True)[job] == "NODE_FAIL"
    reached = project.epochs()
    output = project.drumhead("runs", "runs")
    assert "died" in output
    assert f"job {job} ended without a message" in output or "its process died without a message" in output
    project.sweep("0", epochs=epochs)
    (other,) = project.cluster.jobs()
    assert other != job
    uninterrupted_run = project.uninterrupted()
    project.wait_until_done()
    assert f"resuming after epoch {reached}\n" in project.log()
    assert_same_training(project.runs()[0], uninterrupted_run)


@pytest.mark.parametrize("locks", ["shared by all nodes", "kept on each node"])
def test_a_job_on_a_lost_node_and_its_requeued_copy_do_not_train_together(locks: str, project: Project) -> None:
    epochs = project.epochs_in(seconds=90)  # long enough for the other copy to start, even on a busy machine
    job = start(project, epochs)
    node = project.cluster.node_of(job)
    project.cluster.kill_daemon(node)  # the node is cut off: its job cannot be stopped
    project.cluster.set_node(node, "down")
    folder = project.runs()[0].folder
    if locks == "kept on each node":
        (folder / ".lock").unlink()  # the other copy creates a new file, and gets a lock of its own
    project.cluster.wait_for(lambda: project.cluster.node_of(job) not in ("", node), "the other copy", seconds=60)
    uninterrupted_run = project.uninterrupted()
    project.wait_until_done()
    if locks == "kept on each node":
        assert "was taken over by process" in (folder / "log.txt").read_text()
        assert project.log().count("resuming after epoch") == 1
    else:
        assert "trains this run" in project.job_logs()
        assert "resuming after epoch" not in project.log()
    assert_same_training(project.runs()[0], uninterrupted_run)


def test_runs_are_watched_and_cancelled(project: Project) -> None:
    project.sweep("0:2", "--array-parallelism", "1", epochs=ENDLESS_EPOCHS)
    project.wait_for_epochs(1)
    first, second = sorted(project.cluster.jobs())
    running, queued = project.first_lines_of_watch(2)
    assert running.startswith("running")
    assert f"job {first}" in running
    assert queued.startswith("queued")
    assert f"job {second}" in queued
    cancelled = project.drumhead("cancel")
    assert f"job {first} cancelled" in cancelled
    assert f"job {second} cancelled" in cancelled
    project.cluster.wait_for(lambda: not project.cluster.jobs(), "the jobs to end", seconds=60)
    assert project.drumhead("runs").count("cancelled") >= 2
    reached = project.epochs()
    project.sweep("0", epochs=ENDLESS_EPOCHS)
    project.wait_for_epochs(reached + 1)
    assert f"resuming after epoch {reached}\n" in project.log()


def test_two_sweeps_at_once_submit_each_run_once(project: Project) -> None:
    before = project.cluster.jobs(ended=True)
    sweeps = [project.start(*project.sweep_args("0:3")) for _ in range(2)]
    for sweep in sweeps:
        command_output(sweep)
    project.cluster.wait_for(lambda: not project.cluster.jobs(), "the jobs to end", seconds=240)
    assert [project.is_done(seed) for seed in range(3)] == [True] * 3
    assert len(project.cluster.jobs(ended=True)) == len(before) + 3


def test_a_sweep_outlives_the_controller(project: Project) -> None:
    waiting = project.start(*project.sweep_args("0", "--wait", epochs=ENDLESS_EPOCHS))
    project.wait_for_epochs(3)
    project.cluster.stop_controller()
    assert "squeue does not report the queue" in project.sweep("0", epochs=ENDLESS_EPOCHS, code=2)
    project.wait_for_epochs(project.epochs() + 1)  # jobs need no controller
    project.cluster.start_controller()
    project.cluster.wait_for(lambda: len(project.cluster.jobs()) == 1, "the job to be known again", seconds=60)
    assert waiting.poll() is None
    project.drumhead("cancel")
    assert "cancelled" in command_output(waiting, code=1)
    assert project.log().count("--- ") == 1


def test_more_runs_than_an_array_may_have_tasks(project: Project) -> None:
    before = project.cluster.jobs(ended=True)
    with project.cluster.configured("MaxArraySize=2"):
        project.sweep("0:5")
        jobs = [job for job in project.cluster.jobs() if job not in before]
        assert len({job.split("_")[0] for job in jobs}) == 3
        project.drumhead("cancel")
        project.cluster.wait_for(lambda: not project.cluster.jobs(), "the jobs to end", seconds=60)


def test_a_training_on_two_nodes(project: Project, tmp_path: Path) -> None:
    project.sweep("0", "--nodes", "2", epochs=20)
    (job,) = project.cluster.jobs()
    project.wait_until_done()
    assert project.cluster.node_of(job) == "n[1-2]"
    run = project.runs()[0]
    assert run.config.machine["nodes"] == "2"
    alone = project.uninterrupted()
    for row, other in zip(run.metrics(), alone.metrics(), strict=True):
        assert row["train_loss"] == pytest.approx(other["train_loss"], rel=1e-4)
        assert row["val_loss"] == pytest.approx(other["val_loss"], rel=1e-4)
