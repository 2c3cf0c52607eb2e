"""The progress of a training, for other processes to read: ``progress.json`` in the run folder while it is trained."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from drumhead.config import Config
from drumhead.files import read_small_file
from drumhead.runs import Run, write_json
from drumhead.training.observers import EpochReport, Observer, StepReport

PROGRESS_FILE = "progress.json"
INTERVAL = 2.0
"""The least time between two writes, in seconds."""


class Progress(Config):
    """The progress of a training: the contents of ``progress.json``."""

    epoch: int
    """The number of the current epoch, from 1."""
    step: int
    """The number of steps so far, over all epochs."""
    progress: float
    """The share of the training that is done, 0 to 1."""
    loss: float | None = None
    """The loss of the last step."""
    val_loss: float | None = None
    """The loss on the validation images after the last epoch."""
    doing: str = "training"
    """The current activity: ``training`` or ``scoring``."""
    begun: float
    """The time when this process began to train, in seconds since 1970."""
    begun_progress: float
    """The share of the training that was done then."""
    when: float
    """The time when this was written, in seconds since 1970."""

    @property
    def seconds_left(self) -> float | None:
        """The time the rest will take at the pace of this process; None before its first progress."""
        done = self.progress - self.begun_progress
        return None if done <= 0 else (self.when - self.begun) * (1 - self.progress) / done


class ProgressFile(Observer):
    """Writes ``progress.json`` at most every few seconds, and removes it at the end.

    Training continues if the file cannot be written.

    Args:
        interval: the least time between two writes, in seconds.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self.interval = interval

    def started(self, run: Run, epochs_done: int) -> None:
        rows = run.metrics()
        self.folder = run.folder
        self.epoch, self.step = epochs_done, int(rows[-1].get("step", 0)) if rows else 0
        self.progress: float | None = None
        self.begun_progress = 0.0
        self.loss: float | None = None
        self.val_loss = rows[-1].get("val_loss") if rows else None
        self.begun = time.time()
        self.last_write = 0.0

    def stepped(self, report: StepReport) -> None:
        if self.progress is None:  # only the first step of this process says how much was done before
            self.begun_progress = report.progress
            self.begun = time.time()
        self.epoch, self.step, self.progress, self.loss = report.epoch, report.step, report.progress, report.loss
        self.write("training")

    def batch_scored(self, done: int, total: int) -> None:
        self.write("scoring")

    def epoch_ended(self, report: EpochReport) -> None:
        self.val_loss = report.val_loss

    def ended(self) -> None:
        with suppress(OSError):
            (self.folder / PROGRESS_FILE).unlink(missing_ok=True)

    def write(self, doing: str) -> None:
        """Write the file, unless the last write was less than the interval ago."""
        now = time.time()
        if 0 <= now - self.last_write < self.interval:
            return
        self.last_write = now
        progress = Progress(
            epoch=self.epoch,
            step=self.step,
            progress=self.progress or 0.0,
            loss=self.loss,
            val_loss=self.val_loss,
            doing=doing,
            begun=self.begun,
            begun_progress=self.begun_progress,
            when=now,
        )
        with suppress(OSError):
            write_json(self.folder / PROGRESS_FILE, progress.model_dump(mode="json"))


def read_progress(folder: str | Path) -> Progress | None:
    """Return the progress of the training in a folder, or its last one if its process died; None if there is none."""
    try:
        return Progress.model_validate_json(read_small_file(Path(folder) / PROGRESS_FILE))
    except (OSError, ValueError):
        return None
