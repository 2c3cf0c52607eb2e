"""A training that takes a second: few small boards, a short wave network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from drumhead.data import Dataset, TetrominoConfig, make_dataset
from drumhead.experiments import Experiment, Recipe
from drumhead.models import NWMConfig
from drumhead.runs import Run
from drumhead.training import EpochReport, Observer


def small_dataset(folder: Path) -> Dataset:
    """Ten boards of two pieces to train on, four to validate, five to test."""
    sizes = TetrominoConfig(canvas=24, cell=4, max_pieces=2, train=10, val=4, test=5, seed=0)
    return make_dataset(sizes, folder)


def small_experiment(**recipe: Any) -> Experiment:
    """Two steps an epoch, two epochs, plain minimum; any field of the recipe changed."""
    fields = {"batch_size": 4, "epochs": 2, "keep_margin": 0.0, "learning_rate": 0.01, **recipe}
    model = NWMConfig(width=4, steps=5, pixel_widths=(8,))
    return Experiment(name="small", dataset=None, model=model, recipe=Recipe(**fields), seed=3)


def weights(run: Run) -> dict[str, torch.Tensor]:
    """The state after the last epoch."""
    state = run.load_checkpoint()
    assert state is not None
    tensors: dict[str, torch.Tensor] = state["model"]
    return tensors


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Whether two states are equal to the bit."""
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


class StopAfter(Observer):
    """Presses Ctrl-C at the end of an epoch, or at a step."""

    def __init__(self, *, epoch: int | None = None, step: int | None = None) -> None:
        self.epoch, self.step = epoch, step

    def stepped(self, report: Any) -> None:
        if report.step == self.step:
            raise KeyboardInterrupt

    def epoch_ended(self, report: EpochReport) -> None:
        if report.epoch == self.epoch:
            raise KeyboardInterrupt


class Recorder(Observer):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.losses: list[float] = []
        self.rates: list[float] = []
        self.epochs: list[EpochReport] = []

    def started(self, run: Run, epochs_done: int) -> None:
        self.events.append(f"started after {epochs_done}")

    def stepped(self, report: Any) -> None:
        self.events.append(f"step {report.step}")
        self.losses.append(report.loss)
        self.rates.append(report.learning_rate)

    def validated(self, done: int, total: int) -> None:
        self.events.append(f"validated {done}/{total}")

    def epoch_ended(self, report: EpochReport) -> None:
        self.events.append(f"epoch {report.epoch}")
        self.epochs.append(report)

    def ended(self) -> None:
        self.events.append("ended")
