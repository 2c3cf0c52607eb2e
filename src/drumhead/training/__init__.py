"""Training: an experiment and a dataset in, a run folder out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drumhead.lazy_imports import lazy_imports
from drumhead.training.observers import EpochReport, Observer, StepReport
from drumhead.training.progress_file import Progress, ProgressFile, read_progress
from drumhead.training.schedule import learning_rate

if TYPE_CHECKING:
    from drumhead.training.devices import Accelerator, Devices, Strategy, is_first_process, make_fabric
    from drumhead.training.initial_weights import describe_initial_weights, with_model_of
    from drumhead.training.loggers import LOGGERS, LoggerName, LoggerWarning, Pictures, WandbOptions
    from drumhead.training.processes import ProcessLostError
    from drumhead.training.train_run import check_batches, train
    from drumhead.training.trainer import TrainingDivergedError
else:
    __getattr__, __dir__ = lazy_imports(
        __name__,
        {
            "devices": ["Accelerator", "Devices", "Strategy", "is_first_process", "make_fabric"],
            "initial_weights": ["describe_initial_weights", "with_model_of"],
            "loggers": ["LOGGERS", "LoggerName", "LoggerWarning", "Pictures", "WandbOptions"],
            "processes": ["ProcessLostError"],
            "train_run": ["check_batches", "train"],
            "trainer": ["TrainingDivergedError"],
        },
    )

__all__ = [
    "LOGGERS",
    "Accelerator",
    "Devices",
    "EpochReport",
    "LoggerName",
    "LoggerWarning",
    "Observer",
    "Pictures",
    "ProcessLostError",
    "Progress",
    "ProgressFile",
    "StepReport",
    "Strategy",
    "TrainingDivergedError",
    "WandbOptions",
    "check_batches",
    "describe_initial_weights",
    "is_first_process",
    "learning_rate",
    "make_fabric",
    "read_progress",
    "train",
    "with_model_of",
]
