"""What can befall a sweep on a real Slurm: time limits, pre-emption, lost nodes; nothing of it changes a bit."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.training.tiny import assert_same_training

from .lab import Lab, said

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
FOR_EVER = 100_000
"""Epochs of a run that is not to be done."""


def start(lab: Lab, epochs: int) -> str:
    """Begin a run, and wait until it has finished some epochs; returns its job."""
    lab.sweep("0", epochs=epochs)
    (job,) = lab.cluster.jobs()
    lab.wait_for_epochs(3)
    return job


def test_a_run_over_its_time_limit_goes_on(lab: Lab) -> None:
    epochs = lab.epochs_in(seconds=60)  # Slurm tells a job of a minute within half of that
    lab.sweep("0", "--time", "1", epochs=epochs)
    (job,) = lab.cluster.jobs()
    lab.wait_for_epochs(1)
    lab.cluster.wait_for(lambda: lab.cluster.restarts(job) > 0, "the time limit", seconds=120)
    reached = lab.epochs()
    through = lab.uninterrupted()
    lab.wait_until_done()
    assert reached < epochs
    # A job may be told to stop before it has begun to train: the signal comes up to a minute early.
    assert 1 <= lab.log().count("going on after epoch") <= lab.cluster.restarts(job)
    assert_same_training(lab.runs()[0], through)


def test_a_run_that_is_preempted_goes_on_when_there_is_room(lab: Lab) -> None:
    epochs = lab.epochs_in(seconds=20)
    job = start(lab, epochs)
    lab.cluster.run(
        *("sbatch", "--partition=high", "--nodes=2", "--exclusive", "--output=/dev/null"), "--wrap=srun sleep 10"
    )
    lab.cluster.wait_for(lambda: lab.cluster.jobs()[job] == "PENDING", "the job to make room", seconds=60)
    reached = lab.epochs()
    through = lab.uninterrupted()
    lab.wait_until_done()
    assert reached < epochs
    assert lab.cluster.restarts(job) == 1
    assert f"going on after epoch {reached}\n" in lab.log()
    assert_same_training(lab.runs()[0], through)


def test_a_job_that_is_told_to_stop_before_it_can_hear_works_on(lab: Lab) -> None:
    lab.sweep("0")
    (job,) = lab.cluster.jobs()
    lab.cluster.wait_for(lambda: "Loading pickle" in lab.job_logs(), "the job to begin", seconds=120)
    for signal in ("SIGTERM", "USR2"):
        lab.cluster.run("scancel", f"--signal={signal}", job)
    lab.wait_until_done()
    assert lab.cluster.jobs(ended=True)[job] == "COMPLETED"


def test_a_run_whose_node_loses_its_power_goes_on_on_another(lab: Lab) -> None:
    epochs = lab.epochs_in(seconds=8)
    job = start(lab, epochs)
    node = lab.cluster.node_of(job)
    assert lab.cluster.cut_power(node) >= 3  # the daemon, what watches over the job, the job
    reached = lab.epochs()
    through = lab.uninterrupted()
    lab.wait_until_done()
    assert reached < epochs
    assert lab.cluster.restarts(job) == 1
    assert lab.cluster.node_of(job) != node
    assert f"going on after epoch {reached}\n" in lab.log()
    assert_same_training(lab.runs()[0], through)


def test_a_run_that_is_lost_with_its_node_is_told_and_the_next_sweep_finishes_it(lab: Lab) -> None:
    epochs = lab.epochs_in(seconds=8)
    job = start(lab, epochs)
    lab.cluster.run("scontrol", "update", f"jobid={job}", "requeue=0")
    node = lab.cluster.node_of(job)
    lab.cluster.cut_power(node)
    lab.cluster.set_node(node, "down")  # Slurm would find out by itself, later
    lab.cluster.wait_for(lambda: not lab.cluster.jobs(), "the job to be given up", seconds=60)
    assert lab.cluster.jobs(ended=True)[job] == "NODE_FAIL"
    reached = lab.epochs()
    told = lab.drumhead("runs", "runs")
    assert "died" in told
    assert f"job {job} ended without a word" in told or "its process died without a word" in told
    lab.sweep("0", epochs=epochs)
    (other,) = lab.cluster.jobs()
    assert other != job
    through = lab.uninterrupted()
    lab.wait_until_done()
    assert f"going on after epoch {reached}\n" in lab.log()
    assert_same_training(lab.runs()[0], through)


@pytest.mark.parametrize("locks", ["shared by all nodes", "kept on each node"])
def test_a_job_that_works_on_on_a_lost_node_and_its_next_copy_do_not_meet(locks: str, lab: Lab) -> None:
    epochs = lab.epochs_in(seconds=90)  # the other copy begins within that, on a busy machine too
    job = start(lab, epochs)
    node = lab.cluster.node_of(job)
    lab.cluster.kill_daemon(node)  # the node is cut off: nobody can tell its job to end
    lab.cluster.set_node(node, "down")
    folder = lab.runs()[0].folder
    if locks == "kept on each node":
        (folder / ".lock").unlink()  # the other copy makes a new file, and has a lock of its own
    lab.cluster.wait_for(lambda: lab.cluster.node_of(job) not in ("", node), "the other copy", seconds=60)
    through = lab.uninterrupted()
    lab.wait_until_done()
    if locks == "kept on each node":
        assert "was taken over by process" in (folder / "log.txt").read_text()
        assert lab.log().count("going on after epoch") == 1
    else:
        assert "trains this run" in lab.job_logs()
        assert "going on after epoch" not in lab.log()
    assert_same_training(lab.runs()[0], through)


def test_runs_are_watched_and_cancelled(lab: Lab) -> None:
    lab.sweep("0:2", "--array-parallelism", "1", epochs=FOR_EVER)
    lab.wait_for_epochs(1)
    first, second = sorted(lab.cluster.jobs())
    running, queued = lab.first_lines_of_watch(2)
    assert running.startswith("running")
    assert f"job {first}" in running
    assert queued.startswith("queued")
    assert f"job {second}" in queued
    cancelled = lab.drumhead("cancel")
    assert f"job {first} cancelled" in cancelled
    assert f"job {second} cancelled" in cancelled
    lab.cluster.wait_for(lambda: not lab.cluster.jobs(), "the jobs to end", seconds=60)
    assert lab.drumhead("runs").count("cancelled") >= 2
    reached = lab.epochs()
    lab.sweep("0", epochs=FOR_EVER)
    lab.wait_for_epochs(reached + 1)
    assert f"going on after epoch {reached}\n" in lab.log()


def test_two_sweeps_at_once_submit_each_run_once(lab: Lab) -> None:
    before = lab.cluster.jobs(ended=True)
    sweeps = [lab.begin(*lab.sweep_words("0:3")) for _ in range(2)]
    for sweep in sweeps:
        said(sweep)
    lab.cluster.wait_for(lambda: not lab.cluster.jobs(), "the jobs to end", seconds=240)
    assert [lab.is_done(seed) for seed in range(3)] == [True] * 3
    assert len(lab.cluster.jobs(ended=True)) == len(before) + 3


def test_a_sweep_outlives_the_controller(lab: Lab) -> None:
    waiting = lab.begin(*lab.sweep_words("0", "--wait", epochs=FOR_EVER))
    lab.wait_for_epochs(3)
    lab.cluster.stop_controller()
    assert "squeue does not tell what is queued" in lab.sweep("0", epochs=FOR_EVER, code=2)
    lab.wait_for_epochs(lab.epochs() + 1)  # jobs need no controller
    lab.cluster.start_controller()
    lab.cluster.wait_for(lambda: len(lab.cluster.jobs()) == 1, "the job to be known again", seconds=60)
    assert waiting.poll() is None
    lab.drumhead("cancel")
    assert "cancelled" in said(waiting, code=1)
    assert lab.log().count("--- ") == 1


def test_more_runs_than_an_array_may_have_tasks(lab: Lab) -> None:
    before = lab.cluster.jobs(ended=True)
    with lab.cluster.configured("MaxArraySize=2"):
        lab.sweep("0:5")
        jobs = [job for job in lab.cluster.jobs() if job not in before]
        assert len({job.split("_")[0] for job in jobs}) == 3
        lab.drumhead("cancel")
        lab.cluster.wait_for(lambda: not lab.cluster.jobs(), "the jobs to end", seconds=60)


def test_one_training_on_two_nodes(lab: Lab, tmp_path: Path) -> None:
    lab.sweep("0", "--nodes", "2", epochs=20)
    (job,) = lab.cluster.jobs()
    lab.wait_until_done()
    assert lab.cluster.node_of(job) == "n[1-2]"
    run = lab.runs()[0]
    assert run.config.machine["nodes"] == "2"
    alone = lab.uninterrupted()
    for row, other in zip(run.metrics(), alone.metrics(), strict=True):
        assert row["train_loss"] == pytest.approx(other["train_loss"], rel=1e-4)
        assert row["val_loss"] == pytest.approx(other["val_loss"], rel=1e-4)
