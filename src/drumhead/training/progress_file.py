"""How far a training is, for others to see: ``progress.json`` in the run's folder while it lasts."""

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
"""Seconds between two writings, at least."""


class Progress(Config):
    """How far a training is."""

    epoch: int
    """Number of the epoch it is in, from 1."""
    step: int
    """Steps so far, over all epochs."""
    progress: float
    """Share of the training that is done, 0 to 1."""
    loss: float | None = None
    """Loss of the last step."""
    val_loss: float | None = None
    """Loss on the validation images after the last epoch."""
    doing: str = "training"
    """What it does now: training or scoring."""
    begun: float
    """When this process began to train, in seconds since 1970."""
    begun_progress: float
    """The share that was done then."""
    when: float
    """When this was written, in seconds since 1970."""

    @property
    def seconds_left(self) -> float | None:
        """How long the rest will take at the pace so far; None before there is one."""
        done = self.progress - self.begun_progress
        return None if done <= 0 else (self.when - self.begun) * (1 - self.progress) / done


class ProgressFile(Observer):
    """Writes ``progress.json`` at most every few seconds, and removes it at the end.

    It costs a small file each time; a file that cannot be written never stops a training.
    """

    def __init__(self, interval: float = INTERVAL) -> None:
        self.interval = interval

    def started(self, run: Run, epochs_done: int) -> None:
        rows = run.metrics()
        self.folder = run.folder
        self.epoch, self.step = epochs_done, int(rows[-1].get("step", 0)) if rows else 0
        self.share: float | None = None
        self.begun_share = 0.0
        self.loss: float | None = None
        self.val_loss = rows[-1].get("val_loss") if rows else None
        self.begun = time.time()
        self.written = 0.0

    def stepped(self, report: StepReport) -> None:
        if self.share is None:  # the first step of this process: what it began with is known now
            self.begun_share = report.progress
            self.begun = time.time()
        self.epoch, self.step, self.share, self.loss = report.epoch, report.step, report.progress, report.loss
        self.write("training")

    def batch_scored(self, done: int, total: int) -> None:
        self.write("scoring")

    def epoch_ended(self, report: EpochReport) -> None:
        self.val_loss = report.val_loss

    def ended(self) -> None:
        with suppress(OSError):
            (self.folder / PROGRESS_FILE).unlink(missing_ok=True)

    def write(self, doing: str) -> None:
        """Write, if it is time."""
        now = time.time()
        if 0 <= now - self.written < self.interval:
            return
        self.written = now
        progress = Progress(
            epoch=self.epoch,
            step=self.step,
            progress=self.share or 0.0,
            loss=self.loss,
            val_loss=self.val_loss,
            doing=doing,
            begun=self.begun,
            begun_progress=self.begun_share,
            when=now,
        )
        with suppress(OSError):
            write_json(self.folder / PROGRESS_FILE, progress.model_dump(mode="json"))


def read_progress(folder: Path) -> Progress | None:
    """How far the training in a folder is, or was when its process died; None if that is not told."""
    try:
        return Progress.model_validate_json(read_small_file(folder / PROGRESS_FILE))
    except (OSError, ValueError):
        return None
