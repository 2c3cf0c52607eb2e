"""Two epochs and two more are four, to the bit; so are killed ones. The same seed is the same run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from drumhead.data import Dataset, TetrominoConfig, make_dataset
from drumhead.experiments import Experiment
from drumhead.runs import Run, RunError
from drumhead.training import train

from .small import Recorder, StopAfter, same, small_experiment, weights


def metrics(run: Run) -> list[dict[str, float]]:
    """The rows of metrics.csv, without the time they took."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in run.metrics()]


def assert_same_runs(first: Run, second: Run) -> None:
    assert same(weights(first), weights(second))
    assert same(first.load_model().state_dict(), second.load_model().state_dict())
    assert metrics(first) == metrics(second)
    assert first.scores() == second.scores()


@pytest.mark.parametrize("stop", [StopAfter(epoch=2), StopAfter(step=5), StopAfter(step=1)])
@pytest.mark.parametrize("pixels", [1.0, 0.2])
def test_two_and_two_epochs_are_four(boards: Dataset, tmp_path: Path, stop: StopAfter, pixels: float) -> None:
    experiment = small_experiment(epochs=4, pixels=pixels, schedule="cosine", warmup=0.2, clip=1.0)
    whole = train(experiment, boards, tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(experiment, boards, tmp_path / "parts", observers=[stop])
    assert Run.open(tmp_path / "parts").state == "unfinished"
    parts = train(experiment, boards, tmp_path / "parts")
    assert_same_runs(whole, parts)


def test_a_finished_run_goes_on_with_more_epochs(boards: Dataset, tmp_path: Path) -> None:
    whole = train(small_experiment(epochs=4), boards, tmp_path / "whole")
    train(small_experiment(epochs=2), boards, tmp_path / "parts")
    recorder = Recorder()
    parts = train(small_experiment(epochs=4), boards, tmp_path / "parts", observers=[recorder])
    assert recorder.events[0] == "started after 2"
    assert_same_runs(whole, parts)
    assert parts.config.experiment.recipe.epochs == 4


def test_a_schedule_forbids_more_epochs(boards: Dataset, tmp_path: Path) -> None:
    train(small_experiment(epochs=1, schedule="cosine"), boards, tmp_path / "run")
    with pytest.raises(RunError, match=r"recipe\.epochs is 1, not 2"):
        train(small_experiment(epochs=2, schedule="cosine"), boards, tmp_path / "run")


def test_another_experiment_or_other_data_is_refused(boards: Dataset, tmp_path: Path) -> None:
    experiment = small_experiment(epochs=1)
    train(experiment, boards, tmp_path / "run")
    other = experiment.replace(seed=4, model=experiment.model.replace(dt=0.2))
    with pytest.raises(RunError, match=r"model\.dt is 0\.1, not 0\.2; seed is 3, not 4"):
        train(other, boards, tmp_path / "run")
    sizes = TetrominoConfig(canvas=24, cell=4, max_pieces=2, train=10, val=4, test=5, seed=1)
    with pytest.raises(RunError, match="data is"):
        train(experiment, make_dataset(sizes, tmp_path / "others"), tmp_path / "run")


def test_a_finished_run_is_left_alone(boards: Dataset, tmp_path: Path) -> None:
    run = train(small_experiment(epochs=1), boards, tmp_path / "run")
    before = {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()}
    recorder = Recorder()
    train(small_experiment(epochs=1), boards, tmp_path / "run", observers=[recorder])
    assert {path.name: path.stat().st_mtime_ns for path in run.folder.iterdir()} == before
    assert recorder.events == []


def test_a_seed_is_a_run(boards: Dataset, tmp_path: Path) -> None:
    experiment = small_experiment(epochs=1, pixels=0.5)
    first = train(experiment, boards, tmp_path / "first")
    torch.manual_seed(99)
    before = torch.get_rng_state()
    legacy = repr(np.random.get_state())  # noqa: NPY002
    second = train(experiment, boards, tmp_path / "second")
    assert torch.equal(torch.get_rng_state(), before), "training drew from torch's global generator"
    assert repr(np.random.get_state()) == legacy, "training drew from NumPy's global generator"  # noqa: NPY002
    assert_same_runs(first, second)
    third = train(experiment.replace(seed=4), boards, tmp_path / "third")
    assert not same(weights(first), weights(third))


def test_validation_changes_nothing(boards: Dataset, tmp_path: Path) -> None:
    all_images = train(small_experiment(pixels=0.5), boards, tmp_path / "all")
    one_image = train(small_experiment(pixels=0.5, validation_images=1), boards, tmp_path / "one")
    assert same(weights(all_images), weights(one_image))


KILLED = """
import sys
from pathlib import Path
from drumhead.data import open_dataset
from drumhead.experiments import Experiment
from drumhead.training import train
experiment = Experiment.model_validate_json(sys.argv[1])
train(experiment, open_dataset(Path(sys.argv[2])), sys.argv[3])
"""


def test_a_killed_process_loses_at_most_an_epoch(boards: Dataset, tmp_path: Path) -> None:
    experiment: Experiment = small_experiment(epochs=40)
    threads = torch.get_num_threads()
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    words = [experiment.model_dump_json(), str(boards.folder), str(tmp_path / "killed")]
    process = subprocess.Popen([sys.executable, "-c", KILLED, *words], env=environment)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (tmp_path / "killed" / "last.ckpt").exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run = Run.open(tmp_path / "killed")
    state = run.load_checkpoint()
    assert state is not None
    assert 1 <= state["epoch"] <= 40
    run.load_model()
    killed = train(experiment, boards, tmp_path / "killed")
    assert_same_runs(train(experiment, boards, tmp_path / "whole"), killed)
