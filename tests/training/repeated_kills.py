"""Trainings that are killed at random moments, again and again, until they are done."""

from __future__ import annotations

import os
import random
import signal
import time
import warnings
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fork_server import ChildProcess, ForkServer

from drumhead.runs import Run, check_new_run_folder, lock_owner
from drumhead.runs.folders import TEMPORARY_FOLDER

TRAIN = """
import signal, sys
from pathlib import Path
from drumhead.cli import interrupt, main
from drumhead.data import open_dataset
from drumhead.experiments import Experiment
from drumhead.training import Observer, train

class Telling(Observer):
    def started(self, run, epochs_done): print("resuming" if epochs_done else "starting", flush=True)
    def stepped(self, report): print("in a step", flush=True)
    def batch_scored(self, done, total): print("scoring", flush=True)
    def epoch_ended(self, report): print("after an epoch", flush=True)
    def ended(self): print("ending", flush=True)

written, data, folder = map(Path, arguments)
experiment = Experiment.model_validate_json(written.read_text())
signal.signal(signal.SIGTERM, interrupt)
print("opening", flush=True)
try:
    train(experiment, open_dataset(data), folder, accelerator="cpu", observers=[Telling()])
except KeyboardInterrupt:
    sys.exit(130)
"""

MOMENTS = ("opening", "starting", "resuming", "in a step", "scoring", "after an epoch", "ending")
"""What it tells."""


@dataclass
class Tally:
    """What became of the processes that were to be killed."""

    moments: Counter[str] = field(default_factory=Counter)
    """What each that was killed was doing."""
    done: int = 0
    """Runs that came to their end."""
    longest: float = 2.0
    """Seconds after which a process is killed at the latest: shorter when one ended before, longer when one did not."""

    @property
    def kills(self) -> int:
        """How many were killed."""
        return sum(self.moments.values())

    def __str__(self) -> str:
        moments = ", ".join(f"{count} {moment}" for moment, count in self.moments.most_common())
        return f"{self.kills} kills ({moments}); {self.done} runs done"


def kill_until_done(
    fork_server: ForkServer,
    arguments: tuple[Path, Path],
    folder: Path,
    *,
    number: signal.Signals,
    most: int,
    generator: random.Random,
    tally: Tally,
) -> None:
    """Start a training in ``folder``, again whenever it was killed, until it is done.

    Args:
        fork_server: where the processes come from.
        arguments: the experiment and the data.
        folder: the run's.
        number: what they are killed by.
        most: when there have been as many kills, the next process is left to finish.
        generator: draws the moments.
        tally: where it is counted, and how long processes live is learnt.
    """
    while True:
        child = fork_server.start(TRAIN, *arguments, folder)
        doomed = tally.kills < most
        status = watch_and_kill(child, folder, number, generator.uniform(0, tally.longest) if doomed else 600.0)
        if status == 0:
            tally.done += 1
            tally.longest *= 0.8
            return
        assert status in (-number, 130), child.read_output()
        tally.moments[moment(child, folder)] += 1
        tally.longest *= 1.1
        assert_readable(folder)


def watch_and_kill(child: ChildProcess, folder: Path, number: signal.Signals, seconds: float) -> int:
    """Read the run for some seconds while it is trained, then kill; the process's end."""
    child.wait_for_output("opening")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and "ending" not in child.read_output():
        if left > 0.2:
            assert_readable(folder)
        time.sleep(min(left, 0.1))
    if time.monotonic() >= end:
        os.kill(child.pid, number)
    return child.wait()


def assert_readable(folder: Path) -> None:
    """Every file there is of the run is whole, without a fallback on another."""
    if not (folder / "config.json").exists():
        check_new_run_folder(folder)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = Run.open(folder)
        metrics = run.metrics()
        state = run.load_checkpoint()
        assert metrics is not None
        if state is not None:
            assert len(state["history"]) == state["epoch"]
        if metrics or state is not None:
            run.load_model()
        run.scores()


def moment(child: ChildProcess, folder: Path) -> str:
    """What a killed process was doing: writing a file, if one is half there, else what it told last."""
    assert lock_owner(folder) is None
    litter = [path for path in folder.glob(".*") if TEMPORARY_FOLDER.fullmatch(path.name)]
    if litter:
        return f"writing {litter[0].name[1:].rpartition('-')[0]}"
    told = [line for line in child.read_output().splitlines() if line in MOMENTS]
    return told[-1] if told[-1:] != ["ending"] else f"{told[-2]}, then ending in order"
