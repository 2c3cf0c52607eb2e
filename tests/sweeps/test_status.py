"""What is seen of runs from outside: every state, and why some do not go on."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from tests.fork_server import ForkServer
from tests.sweeps.fake_slurm import FakeSlurm
from tests.training.tiny_runs import BOARDS, Stop, fit, tiny_experiment

from drumhead.data import Dataset
from drumhead.runs import Run, RunError, lock_folder
from drumhead.sweeps import ClusterSettings, Failure, PlannedRun, RunStatus, plan_statuses, run_statuses, submit
from drumhead.sweeps.failure import read_failure, write_failure
from drumhead.training import Progress

DIE = """
import os, signal
from pathlib import Path
from drumhead.runs import lock_folder
with lock_folder(Path(arguments[0])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def half_done(boards: Dataset, folder: Path) -> Run:
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment("cnn", epochs=4), boards, folder, Stop(after_epoch=1))
    return Run.open(folder)


def seen_in(folder: Path) -> dict[str, RunStatus]:
    return {each.folder.name: each for each in run_statuses(folder)}


def test_done_unfinished_diverged_failed_and_unreadable(boards: Dataset, tmp_path: Path) -> None:
    done = fit(tiny_experiment("cnn", epochs=1), boards, tmp_path / "done")
    half = half_done(boards, tmp_path / "half")
    for name in ("diverged", "failed", "unreadable"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_bytes((half.folder / "config.json").read_bytes())
    Run.open(tmp_path / "diverged").write_divergence("the loss is nan")
    write_failure(tmp_path / "failed", Failure(kind="failed", message="OSError: no space left"))
    (tmp_path / "failed" / "log.txt").write_text("one\ntwo\n\nthree\n")
    (tmp_path / "unreadable" / "config.json").write_text("{")
    seen = seen_in(tmp_path)
    assert {name: each.state for name, each in seen.items()} == {
        "done": "done",
        "half": "unfinished",
        "diverged": "diverged",
        "failed": "failed",
        "unreadable": "unreadable",
    }
    scores = done.scores()
    assert scores is not None
    assert (seen["done"].share, seen["done"].mean_iou) == (1.0, scores.mean_iou)
    (row,) = half.metrics()
    assert (seen["half"].epoch, seen["half"].share, seen["half"].val_loss) == (1, 0.25, row["val_loss"])
    assert seen["half"].mean_iou == row["val_mean_iou"]
    assert seen["diverged"].reason == "the loss is nan"
    assert (seen["failed"].reason, seen["failed"].log_lines) == ("OSError: no space left", ("one", "two", "three"))
    assert "config.json" in seen["unreadable"].reason
    with pytest.raises(RunError, match="is not a folder"):
        run_statuses(tmp_path / "nowhere")


def test_running_with_its_progress(boards: Dataset, tmp_path: Path) -> None:
    half = half_done(boards, tmp_path / "half")
    with lock_folder(half.folder):
        assert seen_in(tmp_path)["half"].state == "running"
        now = 2e9
        progress = Progress(epoch=2, step=8, progress=0.4, begun=now - 10, begun_progress=0.3, when=now)
        (half.folder / "progress.json").write_text(progress.model_dump_json())
        seen = seen_in(tmp_path)["half"]
        assert (seen.state, seen.share) == ("running", 0.4)
        assert f"process {os.getpid()}" in seen.where
        assert seen.seconds_left is not None
        assert seen.seconds_left >= 60
    assert seen_in(tmp_path)["half"].state == "unfinished"


def test_a_process_that_died_without_a_word_is_told(boards: Dataset, tmp_path: Path, fork_server: ForkServer) -> None:
    half = half_done(boards, tmp_path / "half")
    assert fork_server.start(DIE, half.folder).wait() == -signal.SIGKILL
    seen = seen_in(tmp_path)["half"]
    assert seen.state == "died"
    assert "killed, or out of memory" in seen.reason


def test_a_reason_is_forgotten_when_the_run_has_gone_on(boards: Dataset, tmp_path: Path) -> None:
    half = half_done(boards, tmp_path / "half")
    write_failure(half.folder, Failure(kind="failed", message="the disk is full"))
    assert seen_in(tmp_path)["half"].state == "failed"
    later = (half.folder / "failed.json").stat().st_mtime + 10
    os.utime(half.metrics_path, (later, later))
    assert read_failure(half.folder) is None
    assert seen_in(tmp_path)["half"].state == "unfinished"


def test_a_run_that_works_on_for_a_while_after_it_was_cancelled_is_cancelled(boards: Dataset, tmp_path: Path) -> None:
    half = half_done(boards, tmp_path / "half")
    write_failure(half.folder, Failure(kind="cancelled", message="cancelled"))
    later = (half.folder / "failed.json").stat().st_mtime + 10
    os.utime(half.metrics_path, (later, later))
    assert seen_in(tmp_path)["half"].state == "cancelled"


def test_runs_that_wait_or_run_on_slurm(fake_slurm: FakeSlurm, boards: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "runs"
    plan = [
        PlannedRun(tiny_experiment("cnn", seed=seed).replace(dataset=BOARDS), out / f"seed{seed}") for seed in range(4)
    ]
    submit(plan, out=out, settings=ClusterSettings())
    fake_slurm.begin("1_1", node="n7")
    assert {name: (each.state, each.where) for name, each in seen_in(out).items()} == {
        "seed0": ("queued", "job 1_0 (Priority)"),
        "seed1": ("running", "job 1_1 on n7"),
        "seed2": ("queued", "job 1_2 (Priority)"),
        "seed3": ("queued", "job 1_3 (Priority)"),
    }
    (fake_slurm.folder / "deaf").touch()  # then it is not said that they ended
    assert {each.state for each in run_statuses(out)} == {"missing"}
    (fake_slurm.folder / "deaf").unlink()
    jobs = fake_slurm.queue()
    del jobs["1_1"]
    fake_slurm.set_queue(jobs)
    (log,) = [Path(json.loads(path.read_text())["seed1"]["log"]) for path in out.glob(".submitit/jobs-*.json")]
    log.write_text("slurmstepd: error: Detected 1 oom_kill event\n")
    seen = seen_in(out)["seed1"]
    assert seen.state == "died"
    assert "job 1_1 ended without a message" in seen.reason
    assert seen.log_lines == ("slurmstepd: error: Detected 1 oom_kill event",)


def test_what_was_done_is_not_looked_at_again(boards: Dataset, tmp_path: Path) -> None:
    planned = PlannedRun(tiny_experiment("cnn", epochs=1), tmp_path / "run")
    (seen,) = plan_statuses([planned])
    assert (seen.state, seen.experiment) == ("missing", planned.experiment)
    fit(planned.experiment, boards, planned.folder)
    (seen,) = plan_statuses([planned], previous={seen.folder: seen})
    assert seen.state == "done"
    (planned.folder / "config.json").unlink()
    assert plan_statuses([planned], previous={seen.folder: seen}) == [seen]
