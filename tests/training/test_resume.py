"""A run that was interrupted, or given more epochs, is bit-identical to an uninterrupted one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from drumhead.data import Dataset
from drumhead.runs import Run

from .tiny_runs import DEMO, EventRecorder, Stop, assert_same_training, best_weights, fit, tiny_experiment

RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "nwm, paper": ("nwm", {}),
    "nwm, demo": ("nwm", DEMO),
    "conv_lstm, demo": ("conv_lstm", DEMO),
    "unet, paper": ("unet", {}),
}
MOMENTS: dict[str, dict[str, int]] = {
    "at the end of an epoch": {"after_epoch": 2},
    "in an epoch": {"after_step": 11},
    "in the first epoch": {"after_step": 2},
    "at the end of the last epoch": {"after_epoch": 4},
}


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupted_run_resumes(recipe: str, moment: str, boards: Dataset, tmp_path: Path) -> None:
    model, fields = RECIPES[recipe]
    experiment = tiny_experiment(model, **fields)
    uninterrupted = fit(experiment, boards, tmp_path / "uninterrupted")
    with pytest.raises(KeyboardInterrupt):
        fit(experiment, boards, tmp_path / "stopped", Stop(**MOMENTS[moment]))
    assert Run.open(tmp_path / "stopped").state == "unfinished"
    resumed = fit(experiment, boards, tmp_path / "stopped")
    assert_same_training(resumed, uninterrupted)


def test_a_run_may_be_interrupted_repeatedly(boards: Dataset, tmp_path: Path) -> None:
    uninterrupted = fit(tiny_experiment(), boards, tmp_path / "uninterrupted")
    for step in (3, 7, 13, 17):
        with pytest.raises(KeyboardInterrupt):
            fit(tiny_experiment(), boards, tmp_path / "stopped", Stop(after_step=step))
    assert_same_training(fit(tiny_experiment(), boards, tmp_path / "stopped"), uninterrupted)


@pytest.mark.parametrize("model", ["nwm", "unet"])
def test_a_finished_run_can_be_given_more_epochs(model: str, boards: Dataset, tmp_path: Path) -> None:
    uninterrupted = fit(tiny_experiment(model, epochs=4), boards, tmp_path / "uninterrupted")
    run = fit(tiny_experiment(model, epochs=2), boards, tmp_path / "longer")
    assert len(run.metrics()) == 2
    longer = fit(tiny_experiment(model, epochs=4), boards, tmp_path / "longer")
    assert longer.config.experiment == uninterrupted.config.experiment
    assert Run.open(tmp_path / "longer").config == longer.config
    assert_same_training(longer, uninterrupted)


def test_an_interruption_of_further_epochs_leaves_no_scores_of_fewer_epochs(boards: Dataset, tmp_path: Path) -> None:
    fit(tiny_experiment(epochs=1), boards, tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment(epochs=3), boards, tmp_path / "run", Stop(after_epoch=2))
    assert Run.open(tmp_path / "run").state == "unfinished"
    fit(tiny_experiment(epochs=3), boards, tmp_path / "run")
    uninterrupted = fit(tiny_experiment(epochs=3), boards, tmp_path / "uninterrupted")
    assert_same_training(Run.open(tmp_path / "run"), uninterrupted)


def test_a_finished_run_is_left_unchanged(boards: Dataset, tmp_path: Path) -> None:
    run = fit(tiny_experiment(epochs=1), boards, tmp_path / "run")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.folder.iterdir()}
    events = EventRecorder()
    again = fit(tiny_experiment(epochs=1), boards, tmp_path / "run", events)
    assert events.names == []
    assert again.scores() == run.scores()
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.folder.iterdir()} == before


def test_a_finished_run_has_exactly_these_files(boards: Dataset, tmp_path: Path) -> None:
    run = fit(tiny_experiment(epochs=2), boards, tmp_path / "run")
    names = sorted(path.name for path in run.folder.iterdir())
    assert names == [
        ".lock",
        "config.json",
        "last.ckpt",
        "metrics.csv",
        "model.safetensors",
        "previous.ckpt",
        "scores.json",
    ]


SCRIPT = """
import signal, sys, time
from pathlib import Path
import torch
from drumhead.data import open_dataset
from drumhead.experiments import Experiment
from drumhead.training import Observer, train

class Slow(Observer):
    def stepped(self, report):
        print(report.step, flush=True)
        time.sleep(0.05)  # so that the signal arrives in this epoch

# A background job of a shell ignores SIGINT, and so do its children by default.
signal.signal(signal.SIGINT, signal.default_int_handler)
torch.set_num_threads(1)
experiment = Experiment.model_validate_json(Path(sys.argv[1]).read_text())
train(experiment, open_dataset(Path(sys.argv[2])), sys.argv[3], accelerator="cpu", observers=[Slow()])
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_a_process_that_is_killed_leaves_a_run_that_resumes(name: str, boards: Dataset, tmp_path: Path) -> None:
    experiment, folder = tiny_experiment(epochs=3), tmp_path / "killed"
    written = tmp_path / "experiment.json"
    written.write_text(experiment.model_dump_json())
    arguments = [sys.executable, "-c", SCRIPT, str(written), str(boards.folder), str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 8:  # in the second epoch
                os.kill(process.pid, getattr(signal, name))
                break
        process.stdout.read()
    assert process.returncode != 0
    killed = Run.open(folder)
    assert killed.state == "unfinished"
    assert [row["epoch"] for row in killed.metrics()] == [1]
    assert best_weights(killed)
    uninterrupted = fit(experiment, boards, tmp_path / "uninterrupted")
    assert_same_training(fit(experiment, boards, folder), uninterrupted)
