"""TensorBoard and Weights & Biases as observers. A logger that fails warns once and is off; training continues."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from typing import Any, Literal

from drumhead.runs import Run
from drumhead.training.observers import EpochReport, Observer, StepReport

LoggerName = Literal["tensorboard", "wandb"]


class LoggerWarning(UserWarning):
    """A logger could not be used; training continues without it."""


class Logger(Observer):
    """Logs the numbers of each step and epoch until logging fails."""

    package = ""
    """The package it needs, as pip names it."""

    def __init__(self) -> None:
        self.failed = False

    def open(self, run: Run) -> None:
        """Start to log a run."""

    def write(self, values: dict[str, float], step: int) -> None:
        """Log named numbers at a step."""

    def close(self) -> None:
        """Finish the log."""

    def attempt(self, action: Callable[[], None]) -> None:
        """Call ``action`` unless an earlier action has failed; warn if it fails."""
        if self.failed:
            return
        try:
            action()
        except Exception as error:  # no error of a logger is worth stopping training for
            self.failed = True
            hint = f"; install it with: pip install {self.package}" if isinstance(error, ImportError) else ""
            warnings.warn(
                f"no more logging to {self.package}: {type(error).__name__}: {error}{hint}", LoggerWarning, stacklevel=2
            )

    def started(self, run: Run, epochs_done: int) -> None:
        self.attempt(lambda: self.open(run))

    def stepped(self, report: StepReport) -> None:
        self.attempt(
            lambda: self.write({"step/loss": report.loss, "step/learning_rate": report.learning_rate}, report.step)
        )

    def epoch_ended(self, report: EpochReport) -> None:
        values = {f"epoch/{name}": float(value) for name, value in report._asdict().items() if value is not None}
        self.attempt(lambda: self.write(values, report.step))

    def ended(self) -> None:
        self.attempt(self.close)


class TensorBoardLogger(Logger):
    """Writes to ``tensorboard/`` in the run folder."""

    package = "tensorboard"

    def open(self, run: Run) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.writer = SummaryWriter(str(run.folder / "tensorboard"))

    def write(self, values: dict[str, float], step: int) -> None:
        for name, value in values.items():
            self.writer.add_scalar(name, value, step)

    def close(self) -> None:
        self.writer.close()


class WandbLogger(Logger):
    """Logs to Weights & Biases; without an API key it logs offline into the run folder instead of asking for one."""

    package = "wandb"

    def open(self, run: Run) -> None:
        import wandb

        mode = os.environ.get("WANDB_MODE") or ("online" if wandb.api.api_key else "offline")
        self.session: Any = wandb.init(
            project="drumhead",
            name=run.name,
            dir=str(run.folder),
            config=run.config.model_dump(mode="json"),
            mode=mode,
        )

    def write(self, values: dict[str, float], step: int) -> None:
        self.session.log(values, step=step)

    def close(self) -> None:
        self.session.finish()


LOGGERS: dict[LoggerName, type[Logger]] = {"tensorboard": TensorBoardLogger, "wandb": WandbLogger}
"""The loggers by name."""
