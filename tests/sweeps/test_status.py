"""The status of runs: every state, and the reasons why runs stopped."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from tests.fork_server import ForkServer
from tests.sweeps.fake_slurm import FakeSlurm
from tests.training.tiny_runs import BOARDS, Stop, fit, tiny_experiment

from drumhead.data import Dataset, TetrominoConfig
from drumhead.experiments import find_experiment
from drumhead.runs import Run, RunError, lock_folder
from drumhead.sweeps import (
    ClusterSettings,
    Failure,
    PlannedRun,
    RunStatus,
    SlurmJobs,
    cancel,
    estimate_plan,
    local_sweep,
    plan_statuses,
    plan_sweep,
    planned_dataset,
    read_cluster_settings,
    run_status,
    run_statuses,
    submit,
)
from drumhead.sweeps.failure import read_failure, write_failure
from drumhead.training import Progress

DIE = """
import os, signal
from pathlib import Path
from drumhead.runs import lock_folder
with lock_folder(Path(arguments[0])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def partial_run(boards: Dataset, folder: Path) -> Run:
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment("cnn", epochs=4), boards, folder, Stop(after_epoch=1))
    return Run.open(folder)


def statuses_by_name(folder: Path) -> dict[str, RunStatus]:
    return {each.folder.name: each for each in run_statuses(folder)}


def test_states_of_runs_that_are_not_being_trained(boards: Dataset, tmp_path: Path) -> None:
    done = fit(tiny_experiment("cnn", epochs=1), boards, tmp_path / "done")
    partial = partial_run(boards, tmp_path / "half")
    for name in ("diverged", "failed", "unreadable"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_bytes((partial.folder / "config.json").read_bytes())
    Run.open(tmp_path / "diverged").write_divergence("the loss is nan")
    write_failure(tmp_path / "failed", Failure(kind="failed", message="OSError: no space left"))
    (tmp_path / "failed" / "log.txt").write_text("one\ntwo\n\nthree\n")
    (tmp_path / "unreadable" / "config.json").write_text("{")
    statuses = statuses_by_name(tmp_path)
    assert {name: each.state for name, each in statuses.items()} == {
        "done": "done",
        "half": "unfinished",
        "diverged": "diverged",
        "failed": "failed",
        "unreadable": "unreadable",
    }
    scores = done.scores()
    assert scores is not None
    assert (statuses["done"].share, statuses["done"].mean_iou) == (1.0, scores.mean_iou)
    (row,) = partial.metrics()
    assert (statuses["half"].epoch, statuses["half"].share, statuses["half"].val_loss) == (1, 0.25, row["val_loss"])
    assert statuses["half"].mean_iou == row["val_mean_iou"]
    assert statuses["diverged"].reason == "the loss is nan"
    assert (statuses["failed"].reason, statuses["failed"].log_lines) == (
        "OSError: no space left",
        ("one", "two", "three"),
    )
    assert "config.json" in statuses["unreadable"].reason
    with pytest.raises(RunError, match="is not a folder"):
        run_statuses(tmp_path / "nowhere")


def test_the_status_of_a_running_run_has_its_progress(boards: Dataset, tmp_path: Path) -> None:
    partial = partial_run(boards, tmp_path / "half")
    with lock_folder(partial.folder):
        assert statuses_by_name(tmp_path)["half"].state == "running"
        now = 2e9
        progress = Progress(epoch=2, step=8, progress=0.4, begun=now - 10, begun_progress=0.3, when=now)
        (partial.folder / "progress.json").write_text(progress.model_dump_json())
        status = statuses_by_name(tmp_path)["half"]
        assert (status.state, status.share) == ("running", 0.4)
        assert f"process {os.getpid()}" in status.where
        assert status.seconds_left is not None
        assert status.seconds_left >= 60
    assert statuses_by_name(tmp_path)["half"].state == "unfinished"


def test_a_process_that_died_is_reported(boards: Dataset, tmp_path: Path, fork_server: ForkServer) -> None:
    partial = partial_run(boards, tmp_path / "half")
    assert fork_server.start(DIE, partial.folder).wait() == -signal.SIGKILL
    status = statuses_by_name(tmp_path)["half"]
    assert status.state == "died"
    assert "killed, or out of memory" in status.reason


def test_a_reason_is_dropped_after_the_run_resumed(boards: Dataset, tmp_path: Path) -> None:
    partial = partial_run(boards, tmp_path / "half")
    write_failure(partial.folder, Failure(kind="failed", message="the disk is full"))
    assert statuses_by_name(tmp_path)["half"].state == "failed"
    later = (partial.folder / "failed.json").stat().st_mtime + 10
    os.utime(partial.metrics_path, (later, later))
    assert read_failure(partial.folder) is None
    assert statuses_by_name(tmp_path)["half"].state == "unfinished"


def test_a_cancelled_run_that_finishes_another_epoch_is_still_cancelled(boards: Dataset, tmp_path: Path) -> None:
    partial = partial_run(boards, tmp_path / "half")
    write_failure(partial.folder, Failure(kind="cancelled", message="cancelled"))
    later = (partial.folder / "failed.json").stat().st_mtime + 10
    os.utime(partial.metrics_path, (later, later))
    assert statuses_by_name(tmp_path)["half"].state == "cancelled"


def test_runs_that_wait_or_run_on_slurm_are_listed(fake_slurm: FakeSlurm, boards: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    plan = [
        PlannedRun(tiny_experiment("cnn", seed=seed).replace(dataset=BOARDS), out / f"seed{seed}") for seed in range(4)
    ]
    submit(plan, out=out, settings=ClusterSettings())
    fake_slurm.start_job("1_1", node="n7")
    assert {name: (each.state, each.where) for name, each in statuses_by_name(out).items()} == {
        "seed0": ("queued", "job 1_0 (Priority)"),
        "seed1": ("running", "job 1_1 on n7"),
        "seed2": ("queued", "job 1_2 (Priority)"),
        "seed3": ("queued", "job 1_3 (Priority)"),
    }
    (fake_slurm.folder / "unreachable").touch()  # the jobs are not reported as ended
    assert {each.state for each in run_statuses(out)} == {"missing"}
    (fake_slurm.folder / "unreachable").unlink()
    jobs = fake_slurm.queue()
    del jobs["1_1"]
    fake_slurm.set_queue(jobs)
    (log,) = [Path(json.loads(path.read_text())["seed1"]["log"]) for path in out.glob(".submitit/jobs-*.json")]
    log.write_text("slurmstepd: error: Detected 1 oom_kill event\n")
    status = statuses_by_name(out)["seed1"]
    assert status.state == "died"
    assert "job 1_1 ended without a message" in status.reason
    assert status.log_lines == ("slurmstepd: error: Detected 1 oom_kill event",)


def test_a_finished_run_is_not_read_again(boards: Dataset, tmp_path: Path) -> None:
    planned = PlannedRun(tiny_experiment("cnn", epochs=1), tmp_path / "run")
    (status,) = plan_statuses([planned])
    assert (status.state, status.experiment) == ("missing", planned.experiment)
    fit(planned.experiment, boards, planned.folder)
    (status,) = plan_statuses([planned], previous={status.folder: status})
    assert status.state == "done"
    (planned.folder / "config.json").unlink()
    assert plan_statuses([planned], previous={status.folder: status}) == [status]


def test_paths_may_be_text(fake_slurm: FakeSlurm, tmp_path: Path) -> None:
    out = str(tmp_path / "runs")
    experiment = find_experiment("tetrominoes-cnn-2")
    plan = plan_sweep([experiment.name], out=out, seeds=[0])
    assert [run.folder for run in plan] == [Path(out) / "tetrominoes-cnn-2-seed0"]
    assert estimate_plan(plan, out)[0].seconds is None
    (folder,) = submit(plan, out=out, settings=ClusterSettings(), data_root=str(tmp_path / "data"))
    assert run_statuses(out) == [run_status(str(folder), jobs=SlurmJobs.query(out))]
    assert [result.message for result in cancel(out)] == ["job 1 cancelled"]
    failure = read_failure(str(folder))
    assert failure is not None
    assert failure.kind == "cancelled"
    (tmp_path / "cluster.yaml").write_text("partition: gpu")
    assert read_cluster_settings(str(tmp_path / "cluster.yaml")).partition == "gpu"
    with local_sweep([], out=out, workers=0, threads=1, data_root=str(tmp_path / "data")) as sweep:
        assert not sweep.poll()
    data = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=2, val=1, test=1, seed=0)
    planned = PlannedRun(experiment.replace(dataset=data), folder)
    assert planned_dataset(planned, root=str(tmp_path / "data")).folder.parent == tmp_path / "data"
    data_plan = plan_sweep([experiment.name], out=out, data=str(tmp_path / "cells"))
    assert data_plan[0].data == tmp_path / "cells"
