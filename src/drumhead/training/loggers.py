"""TensorBoard and Weights & Biases as observers. A logger that fails warns once and is off; training continues.

They receive the numbers of each step and epoch, pictures of the predictions after each epoch, and at the end the test
scores and a movie of the waves.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.config import Config
from drumhead.data import Dataset
from drumhead.models import Segmenter
from drumhead.runs import Run
from drumhead.scores import Scores
from drumhead.training.observers import EpochReport, Observer, StepReport

LoggerName = Literal["tensorboard", "wandb"]


class LoggerWarning(UserWarning):
    """A logger could not be used; training continues without it."""


class WandbOptions(Config):
    """Where Weights & Biases files a run."""

    project: str = "drumhead"
    """The project."""
    entity: str | None = None
    """The user or team. None: the default of the account."""
    group: str | None = None
    """A group of runs, such as the seeds of one experiment."""
    tags: tuple[str, ...] = ()
    """Tags of the run."""


class Pictures(NamedTuple):
    """What draws the pictures and the movie that a logger shows; this package has neither colours nor fonts."""

    draw_samples: Callable[[Segmenter, Dataset], npt.NDArray[np.uint8]]
    """Draws a model's predictions on some samples: ``(height, width, 3)``."""
    write_movie: Callable[[Run, Dataset, Path], bool]
    """Writes a movie of a run's waves as a GIF; False if the model has no waves."""


class Logger(Observer):
    """Logs the numbers of each step and epoch until logging fails.

    Args:
        wandb: the options of Weights & Biases.
        pictures: what draws pictures; None: only numbers are logged.
    """

    package = ""
    """The package it needs, as pip names it."""

    def __init__(self, *, wandb: WandbOptions | None = None, pictures: Pictures | None = None) -> None:
        self.failed = False
        self.options, self.pictures = wandb or WandbOptions(), pictures
        self.step = 0

    def open(self, run: Run) -> None:
        """Start to log a run."""

    def write(self, values: dict[str, float], step: int) -> None:
        """Log named numbers at a step."""

    def write_picture(self, name: str, pixels: npt.NDArray[np.uint8], step: int) -> None:
        """Log a picture ``(height, width, 3)`` at a step."""

    def write_movie(self, name: str, path: Path, step: int) -> None:
        """Log a GIF at a step."""

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
        rows = run.metrics()
        self.step = int(rows[-1].get("step", 0)) if rows else 0
        self.attempt(lambda: self.open(run))

    def stepped(self, report: StepReport) -> None:
        self.attempt(
            lambda: self.write({"step/loss": report.loss, "step/learning_rate": report.learning_rate}, report.step)
        )

    def epoch_ended(self, report: EpochReport) -> None:
        values = {f"epoch/{name}": float(value) for name, value in report._asdict().items() if value is not None}
        self.attempt(lambda: self.write(values, report.step))

    def weights_ready(self, model: Segmenter, dataset: Dataset, step: int) -> None:
        self.step = step
        if self.pictures is not None:
            draw = self.pictures.draw_samples
            self.attempt(lambda: self.write_picture("samples/val", draw(model, dataset), step))

    def tested(self, run: Run, dataset: Dataset, scores: Scores) -> None:
        values = {f"test/{name}": float(value) for name, value in scores if isinstance(value, int | float)}
        self.attempt(lambda: self.write(values, self.step))
        if self.pictures is not None:
            write = self.pictures.write_movie
            self.attempt(lambda: self.log_movie(write, run, dataset))

    def log_movie(self, write: Callable[[Run, Dataset, Path], bool], run: Run, dataset: Dataset) -> None:
        """Log a movie of the run's waves, if its model has waves."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "waves.gif"
            if write(run, dataset, path):
                self.write_movie("waves/test", path, self.step)

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

    def write_picture(self, name: str, pixels: npt.NDArray[np.uint8], step: int) -> None:
        self.writer.add_image(name, pixels, step, dataformats="HWC")

    def write_movie(self, name: str, path: Path, step: int) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        # The writer's own method encodes frames with another package; TensorBoard shows the bytes of a GIF as they are.
        image = Summary.Image(colorspace=3, encoded_image_string=path.read_bytes())
        summary = Summary(value=[Summary.Value(tag=name, image=image)])
        self.writer._get_file_writer().add_summary(summary, step)

    def close(self) -> None:
        self.writer.close()


class WandbLogger(Logger):
    """Logs to Weights & Biases; without an API key it logs offline into the run folder instead of asking for one."""

    package = "wandb"

    def open(self, run: Run) -> None:
        import wandb

        mode = os.environ.get("WANDB_MODE") or ("online" if wandb.api.api_key else "offline")
        self.session: Any = wandb.init(
            project=self.options.project,
            entity=self.options.entity,
            group=self.options.group,
            tags=list(self.options.tags),
            name=run.name,
            dir=str(run.folder),
            config=run.config.model_dump(mode="json"),
            mode=mode,
        )

    def write(self, values: dict[str, float], step: int) -> None:
        self.session.log(values, step=step)

    def write_picture(self, name: str, pixels: npt.NDArray[np.uint8], step: int) -> None:
        import wandb

        self.session.log({name: wandb.Image(pixels)}, step=step)

    def write_movie(self, name: str, path: Path, step: int) -> None:
        import wandb

        self.session.log({name: wandb.Video(str(path), format="gif")}, step=step)

    def close(self) -> None:
        self.session.finish()


LOGGERS: dict[LoggerName, type[Logger]] = {"tensorboard": TensorBoardLogger, "wandb": WandbLogger}
"""The loggers by name."""
