"""The weights of an epoch are kept if it beats the best validation loss by more than ``min_delta``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from torch import Tensor

from drumhead.data import Dataset
from drumhead.runs import Run
from drumhead.scores import Scores
from drumhead.training import EpochReport, Observer
from drumhead.training.trainer import Trainer

from .tiny_runs import Stop, best_weights, fit, last_weights, same_weights, tiny_experiment

LOSSES = [1.0, 0.9995, 0.9985, 0.99, 1.5, 0.9891, 0.9891, 0.9]
KEPT_BY_MARGIN = [1, 0, 1, 1, 0, 0, 0, 1]
KEPT_BY_MINIMUM = [1, 1, 1, 1, 0, 1, 0, 1]


class WeightRecorder(Observer):
    """Records the weights of each epoch, and the contents of ``model.safetensors`` after it."""

    def __init__(self) -> None:
        self.weights: list[dict[str, Tensor]] = []
        self.stored: list[dict[str, Tensor]] = []

    def started(self, run: Run, epochs_done: int) -> None:
        self.run = run

    def epoch_ended(self, report: EpochReport) -> None:
        self.weights.append(last_weights(self.run))
        self.stored.append(best_weights(self.run))


def script_losses(monkeypatch: pytest.MonkeyPatch, losses: list[float]) -> None:
    """Replace the losses of successive validations by given ones."""
    script: Iterator[float] = iter(losses)
    validate = Trainer.validate

    def scripted(self: Trainer) -> Scores:
        return validate(self).replace(loss=next(script))

    monkeypatch.setattr(Trainer, "validate", scripted)


@pytest.mark.parametrize(("margin", "kept"), [(0.001, KEPT_BY_MARGIN), (0.0, KEPT_BY_MINIMUM)])
def test_exactly_the_right_epochs_are_kept(
    margin: float, kept: list[int], boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script_losses(monkeypatch, LOSSES)
    recorder = WeightRecorder()
    run = fit(tiny_experiment(epochs=len(LOSSES), min_delta=margin, steps_per_epoch=1), boards, tmp_path, recorder)
    assert [row["val_loss"] for row in run.metrics()] == LOSSES
    assert [row["kept"] for row in run.metrics()] == kept
    best = 0
    for epoch, keep in enumerate(kept):
        best = epoch if keep else best
        assert same_weights(recorder.stored[epoch], recorder.weights[best])
        assert same_weights(recorder.stored[epoch], recorder.weights[epoch]) == bool(keep)


def test_a_resumed_training_remembers_the_best_loss(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = tiny_experiment(epochs=len(LOSSES), steps_per_epoch=1)
    script_losses(monkeypatch, LOSSES[:5])
    with pytest.raises(KeyboardInterrupt):
        fit(experiment, boards, tmp_path, Stop(after_epoch=5))
    monkeypatch.undo()
    script_losses(monkeypatch, LOSSES[5:])
    run = fit(experiment, boards, tmp_path)
    assert [row["kept"] for row in run.metrics()] == KEPT_BY_MARGIN


def test_the_test_set_is_scored_with_the_best_weights(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run whose first epoch was the best has the scores of a run of one epoch."""
    script_losses(monkeypatch, [0.1, 0.2, 0.3])
    longer = fit(tiny_experiment(epochs=3), boards, tmp_path / "longer")
    monkeypatch.undo()
    shorter = fit(tiny_experiment(epochs=1), boards, tmp_path / "shorter")
    assert same_weights(best_weights(longer), best_weights(shorter))
    assert not same_weights(last_weights(longer), best_weights(longer))
    assert longer.scores() == shorter.scores() is not None
