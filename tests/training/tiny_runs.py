"""Experiments that train in a second, observers of them, and bit-for-bit comparisons of their runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from drumhead.data import Dataset, TetrominoConfig
from drumhead.experiments import Experiment, Recipe
from drumhead.models import model_config
from drumhead.runs import Run
from drumhead.training import EpochReport, Observer, StepReport, train

BOARDS = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=22, val=6, test=6, seed=0)
STEPS_PER_EPOCH = 5  # batches of 4 of the 22 images; the other 2 are left out

MODELS: dict[str, dict[str, Any]] = {
    "nwm": {"steps": 6, "width": 4, "pixel_widths": (16,)},
    "conv_lstm": {"steps": 3, "width": 4, "pixel_widths": (16,)},
    "cnn": {"layers": 2, "width": 4, "pixel_widths": (16,)},
    "unet": {"width": 2},
}
AUGMENTATION: dict[str, Any] = {
    "horizontal_flip": 0.5,
    "vertical_flip": 0.5,
    "quarter_turns": 0.5,
    "shift": 0.2,
    "crop": 20,
    "brightness": 0.2,
}
DEMO: dict[str, Any] = {
    "optimizer": "adamw",
    "weight_decay": 0.01,
    "schedule": "cosine",
    "warmup": 0.2,
    "clip": 1.0,
    "pixels": 0.25,
    **AUGMENTATION,
    "steps_per_epoch": 4,
    "min_delta": 0.0,
    "validation_images": 3,
}
"""A recipe that uses every option except the time limit."""


def tiny_experiment(
    model: str = "nwm", *, seed: int = 3, model_fields: dict[str, Any] | None = None, **recipe: Any
) -> Experiment:
    """Return an experiment with a small model, and the paper's recipe with a larger learning rate."""
    return Experiment(
        name=f"tiny-{model}",
        dataset=None,
        model=model_config(model, **{**MODELS[model], **(model_fields or {})}),
        recipe=Recipe(**{"epochs": 4, "batch_size": 4, "learning_rate": 3e-3, **recipe}),
        seed=seed,
    )


def fit(experiment: Experiment, dataset: Dataset, folder: Path, *observers: Observer) -> Run:
    return train(experiment, dataset, folder, accelerator="cpu", observers=observers)


class Stop(Observer):
    """Interrupts training, as Ctrl-C does, after a given step or epoch."""

    def __init__(self, *, after_step: int | None = None, after_epoch: int | None = None) -> None:
        self.after_step, self.after_epoch = after_step, after_epoch

    def stepped(self, report: StepReport) -> None:
        if report.step == self.after_step:
            raise KeyboardInterrupt

    def epoch_ended(self, report: EpochReport) -> None:
        if report.epoch == self.after_epoch:
            raise KeyboardInterrupt


class StepRecorder(Observer):
    """Records the report of every step."""

    def __init__(self) -> None:
        self.reports: list[StepReport] = []

    def stepped(self, report: StepReport) -> None:
        self.reports.append(report)


class EventRecorder(Observer):
    """Records the name of every event."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, run: Run, epochs_done: int) -> None:
        self.names.append(f"started after {epochs_done}")

    def stepped(self, report: StepReport) -> None:
        self.names.append("stepped")

    def batch_scored(self, done: int, total: int) -> None:
        self.names.append(f"scored {done} of {total}")

    def epoch_ended(self, report: EpochReport) -> None:
        self.names.append(f"epoch {report.epoch} ended")

    def ended(self) -> None:
        self.names.append("ended")


def best_weights(run: Run) -> dict[str, Tensor]:
    return load_file(run.model_path)


def last_weights(run: Run) -> dict[str, Tensor]:
    state = run.load_checkpoint()
    assert state is not None
    weights: dict[str, Tensor] = state["model"]
    return weights


def untimed(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of ``metrics.csv`` without ``seconds``, the one column that depends on the clock."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in rows]


def assert_equal_bit_for_bit(one: Any, other: Any) -> None:
    """Assert that two states are equal: tensors bit for bit, other values by ``==``."""
    if isinstance(one, Tensor):
        assert torch.equal(one, other)
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key, value in one.items():
            assert_equal_bit_for_bit(value, other[key])
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for left, right in zip(one, other, strict=True):
            assert_equal_bit_for_bit(left, right)
    else:
        assert one == other


def assert_same_training(one: Run, other: Run) -> None:
    """Assert that two runs have the same checkpoints, weights, metrics and scores, except for the time they took."""
    states = []
    for run in (one, other):
        state = run.load_checkpoint()
        assert state is not None
        del state["seconds"]
        state["history"] = untimed(state["history"])
        states.append(state)
    assert_equal_bit_for_bit(*states)
    assert_equal_bit_for_bit(best_weights(one), best_weights(other))
    assert untimed(one.metrics()) == untimed(other.metrics())
    assert one.scores() == other.scores() is not None


def same_weights(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)
