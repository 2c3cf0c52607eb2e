"""A run is trained by one process at a time, however it is started."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from tests.fork_server import ForkServer

from drumhead.cli import main
from drumhead.data import Dataset
from drumhead.runs import RunBusyError, lock_folder, lock_owner
from drumhead.training import EpochReport, Observer

from .tiny_runs import Stop, assert_same_training, fit, tiny_experiment

TRAIN = """
import sys, time
from pathlib import Path
from drumhead.data import open_dataset
from drumhead.experiments import Experiment
from drumhead.runs import RunBusyError
from drumhead.training import Observer, train

class Slow(Observer):
    def stepped(self, report):
        print("step", report.step, flush=True)
        time.sleep(float(arguments[3]))

experiment = Experiment.model_validate_json(Path(arguments[0]).read_text())
try:
    train(experiment, open_dataset(Path(arguments[1])), arguments[2], accelerator="cpu", observers=[Slow()])
except RunBusyError as error:
    print("busy:", error, flush=True)
"""


class Rival(Observer):
    """Tries to train the run that is being trained."""

    def __init__(self, boards: Dataset, folder: Path) -> None:
        self.boards, self.folder, self.message = boards, folder, ""

    def epoch_ended(self, report: EpochReport) -> None:
        with pytest.raises(RunBusyError) as raised:
            fit(tiny_experiment(epochs=1), self.boards, self.folder)
        self.message = str(raised.value)


def test_a_run_is_locked_while_it_is_trained(boards: Dataset, tmp_path: Path) -> None:
    rival = Rival(boards, tmp_path / "run")
    run = fit(tiny_experiment(epochs=1), boards, tmp_path / "run", rival)
    assert f"is being trained by process {os.getpid()}" in rival.message
    assert lock_owner(run.folder) is None
    assert run.state == "done"


def test_a_finished_run_is_read_while_another_process_holds_its_lock(boards: Dataset, tmp_path: Path) -> None:
    run = fit(tiny_experiment(epochs=1), boards, tmp_path / "run")
    with lock_folder(run.folder):
        assert fit(tiny_experiment(epochs=1), boards, run.folder).scores() == run.scores()


def test_of_two_processes_one_trains(boards: Dataset, fork_server: ForkServer, tmp_path: Path) -> None:
    experiment, folder = tiny_experiment(epochs=2), tmp_path / "run"
    written = tmp_path / "experiment.json"
    written.write_text(experiment.model_dump_json())
    children = [fork_server.start(TRAIN, written, boards.folder, folder, 0.3) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]
    loser, winner = sorted((child.read_output() for child in children), key=lambda text: text.count("step "))
    assert f"busy: {folder} is being trained by process" in loser
    assert "step " not in loser
    assert "busy" not in winner
    assert winner.count("step ") == 10
    assert_same_training(fit(experiment, boards, folder), fit(experiment, boards, tmp_path / "uninterrupted"))


def test_the_command_reports_which_process_trains(
    boards: Dataset, fork_server: ForkServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment, folder = tiny_experiment(), tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        fit(experiment, boards, folder, Stop(after_epoch=1))
    written = tmp_path / "experiment.json"
    written.write_text(experiment.model_dump_json())
    child = fork_server.start(TRAIN, written, boards.folder, folder, 60)
    child.wait_for_output("step")
    assert main(["train", str(folder)]) == 2
    assert f"drumhead: {folder} is being trained by process {child.pid} on" in capsys.readouterr().err
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert main(["train", str(folder)]) == 0
