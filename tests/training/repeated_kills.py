"""Training that is killed at random moments and restarted, until it is done."""

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

class PrintEvents(Observer):
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
    train(experiment, open_dataset(data), folder, accelerator="cpu", observers=[PrintEvents()])
except KeyboardInterrupt:
    sys.exit(130)
"""

MOMENTS = ("opening", "starting", "resuming", "in a step", "scoring", "after an epoch", "ending")
"""The lines that it prints."""


@dataclass
class Tally:
    """Counts of killed processes and finished runs."""

    moments: Counter[str] = field(default_factory=Counter)
    """The number of killed processes by what they were doing."""
    done: int = 0
    """The number of finished runs."""
    longest: float = 2.0
    """The longest time to a kill, in seconds: reduced when a process ends before its kill, and raised otherwise."""

    @property
    def kills(self) -> int:
        """The number of killed processes."""
        return sum(self.moments.values())

    def __str__(self) -> str:
        moments = ", ".join(f"{count} {moment}" for moment, count in self.moments.most_common())
        return f"{self.kills} kills ({moments}); {self.done} runs done"


def kill_until_done(
    fork_server: ForkServer,
    arguments: tuple[Path, Path],
    folder: Path,
    *,
    signal_number: signal.Signals,
    max_kills: int,
    generator: random.Random,
    tally: Tally,
) -> None:
    """Start training in ``folder``, and restart it after each kill, until it is done.

    Args:
        fork_server: starts the processes.
        arguments: the files of the experiment and the data.
        folder: the run folder.
        signal_number: the signal that kills the processes.
        max_kills: the number of kills in ``tally`` after which the next process is left to finish.
        generator: draws the moments of the kills.
        tally: counts kills and runs; its ``longest`` is adapted to how long the processes live.
    """
    while True:
        child = fork_server.start(TRAIN, *arguments, folder)
        kill = tally.kills < max_kills
        seconds = generator.uniform(0, tally.longest) if kill else 600.0
        status = watch_and_kill(child, folder, signal_number, seconds)
        if status == 0:
            tally.done += 1
            tally.longest *= 0.8
            return
        assert status in (-signal_number, 130), child.read_output()
        tally.moments[moment(child, folder)] += 1
        tally.longest *= 1.1
        assert_readable(folder)


def watch_and_kill(child: ChildProcess, folder: Path, signal_number: signal.Signals, seconds: float) -> int:
    """Read the run for some seconds while it is trained, then kill the process; return its exit status."""
    child.wait_for_output("opening")
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and "ending" not in child.read_output():
        if left > 0.2:
            assert_readable(folder)
        time.sleep(min(left, 0.1))
    if time.monotonic() >= end:
        os.kill(child.pid, signal_number)
    return child.wait()


def assert_readable(folder: Path) -> None:
    """Assert that every existing file of the run can be read, without falling back on another file."""
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
    """Return what a killed process was doing: writing a file if one is partly written, else its last output line."""
    assert lock_owner(folder) is None
    leftovers = [path for path in folder.glob(".*") if TEMPORARY_FOLDER.fullmatch(path.name)]
    if leftovers:
        return f"writing {leftovers[0].name[1:].rpartition('-')[0]}"
    printed = [line for line in child.read_output().splitlines() if line in MOMENTS]
    return printed[-1] if printed[-1:] != ["ending"] else f"{printed[-2]}, then ending normally"
