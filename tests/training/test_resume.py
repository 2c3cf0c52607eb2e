"""A training that was stopped, or given more epochs, ends as one that ran through: the same to the bit."""

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
def test_a_stopped_training_goes_on(recipe: str, moment: str, boards: Dataset, tmp_path: Path) -> None:
    model, fields = RECIPES[recipe]
    experiment = tiny_experiment(model, **fields)
    through = fit(experiment, boards, tmp_path / "through")
    with pytest.raises(KeyboardInterrupt):
        fit(experiment, boards, tmp_path / "stopped", Stop(**MOMENTS[moment]))
    assert Run.open(tmp_path / "stopped").state == "unfinished"
    resumed = fit(experiment, boards, tmp_path / "stopped")
    assert_same_training(resumed, through)


def test_it_may_be_stopped_again_and_again(boards: Dataset, tmp_path: Path) -> None:
    through = fit(tiny_experiment(), boards, tmp_path / "through")
    for step in (3, 7, 13, 17):
        with pytest.raises(KeyboardInterrupt):
            fit(tiny_experiment(), boards, tmp_path / "stopped", Stop(after_step=step))
    assert_same_training(fit(tiny_experiment(), boards, tmp_path / "stopped"), through)


@pytest.mark.parametrize("model", ["nwm", "unet"])
def test_a_finished_training_takes_more_epochs(model: str, boards: Dataset, tmp_path: Path) -> None:
    through = fit(tiny_experiment(model, epochs=4), boards, tmp_path / "through")
    run = fit(tiny_experiment(model, epochs=2), boards, tmp_path / "longer")
    assert len(run.metrics()) == 2
    longer = fit(tiny_experiment(model, epochs=4), boards, tmp_path / "longer")
    assert longer.config.experiment == through.config.experiment
    assert Run.open(tmp_path / "longer").config == longer.config
    assert_same_training(longer, through)


def test_more_epochs_stopped_on_the_way_leave_no_scores_of_fewer(boards: Dataset, tmp_path: Path) -> None:
    fit(tiny_experiment(epochs=1), boards, tmp_path / "run")
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment(epochs=3), boards, tmp_path / "run", Stop(after_epoch=2))
    assert Run.open(tmp_path / "run").state == "unfinished"
    fit(tiny_experiment(epochs=3), boards, tmp_path / "run")
    through = fit(tiny_experiment(epochs=3), boards, tmp_path / "through")
    assert_same_training(Run.open(tmp_path / "run"), through)


def test_a_finished_run_is_left_alone(boards: Dataset, tmp_path: Path) -> None:
    run = fit(tiny_experiment(epochs=1), boards, tmp_path / "run")
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.folder.iterdir()}
    events = EventRecorder()
    again = fit(tiny_experiment(epochs=1), boards, tmp_path / "run", events)
    assert events.names == []
    assert again.scores() == run.scores()
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.folder.iterdir()} == before


def test_a_finished_run_is_exactly_these_files(boards: Dataset, tmp_path: Path) -> None:
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
        time.sleep(0.05)  # so that the signal comes in this epoch

# A background job of a shell ignores SIGINT, and so do its children unless told otherwise.
signal.signal(signal.SIGINT, signal.default_int_handler)
torch.set_num_threads(1)
experiment = Experiment.model_validate_json(Path(sys.argv[1]).read_text())
train(experiment, open_dataset(Path(sys.argv[2])), sys.argv[3], accelerator="cpu", observers=[Slow()])
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_a_process_that_is_killed_leaves_a_run_that_goes_on(name: str, boards: Dataset, tmp_path: Path) -> None:
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
    through = fit(experiment, boards, tmp_path / "through")
    assert_same_training(fit(experiment, boards, folder), through)
