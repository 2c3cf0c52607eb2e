"""Training whose numbers are no longer finite stops, reports where, and leaves the last good state."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.cli import OK, main
from drumhead.data import Dataset
from drumhead.models import NWM, Segmenter
from drumhead.models.fused_segmenter import FusedSegmenter
from drumhead.runs import Run
from drumhead.training import TrainingDivergedError

from .tiny_runs import EventRecorder, Stop, assert_same_training, fit, tiny_experiment


def change_loss(monkeypatch: pytest.MonkeyPatch, *, at: int, change: Callable[[Any, Tensor], Tensor]) -> None:
    """Replace the loss of step ``at`` by ``change(model, loss)``."""
    loss, steps = FusedSegmenter.loss, [0]

    def changed_loss(self: FusedSegmenter, *batch: Tensor, **options: Any) -> Tensor:
        steps[0] += 1
        value = loss(self, *batch, **options)
        changed = change(self, value)
        return changed if steps[0] == at else value

    monkeypatch.setattr(FusedSegmenter, "loss", changed_loss)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite(
    value: float, boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment(), boards, tmp_path / "run", Stop(after_epoch=1))
    before = files(tmp_path / "run")
    change_loss(monkeypatch, at=3, change=lambda model, loss: loss * value)
    with pytest.raises(TrainingDivergedError) as raised:
        fit(tiny_experiment(), boards, tmp_path / "run")
    assert str(raised.value).startswith(f"the loss is {value} in epoch 2, after 7 steps; the state after epoch 1 is in")
    assert str(tmp_path / "run") in str(raised.value)
    assert "lower --recipe.learning-rate" in str(raised.value)
    after = files(tmp_path / "run")
    assert json.loads(after.pop("diverged.json"))["message"] == str(raised.value)
    assert after == before
    diverged = Run.open(tmp_path / "run")
    assert (diverged.state, diverged.divergence()) == ("diverged", str(raised.value))
    monkeypatch.undo()
    uninterrupted = fit(tiny_experiment(), boards, tmp_path / "uninterrupted")
    assert_same_training(fit(tiny_experiment(), boards, tmp_path / "run"), uninterrupted)
    assert (diverged.state, diverged.divergence()) == ("done", None)


def test_a_diverged_run_that_resumes_and_is_interrupted_is_unfinished(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_loss(monkeypatch, at=1, change=lambda model, loss: loss * float("nan"))
    with pytest.raises(TrainingDivergedError):
        fit(tiny_experiment(), boards, tmp_path)
    monkeypatch.undo()
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment(), boards, tmp_path, Stop(after_step=1))
    assert Run.open(tmp_path).state == "unfinished"


def test_a_gradient_that_is_not_finite_with_a_loss_that_is(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The square root adds 0 to the loss, but has an infinite gradient at 0."""

    def steep(model: Segmenter, loss: Tensor) -> Tensor:
        assert isinstance(model, NWM)
        return loss + (0 * model.coupling.sum()).sqrt()

    change_loss(monkeypatch, at=8, change=steep)
    with pytest.raises(TrainingDivergedError, match="the gradient's norm is nan in epoch 2, after 7 steps"):
        fit(tiny_experiment(clip=1.0), boards, tmp_path)
    assert len(Run.open(tmp_path).metrics()) == 1


def test_the_same_without_clipping_is_found_at_the_next_loss(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_loss(monkeypatch, at=8, change=lambda model, loss: loss + (0 * model.coupling.sum()).sqrt())
    with pytest.raises(TrainingDivergedError, match="the loss is nan in epoch 2, after 8 steps"):
        fit(tiny_experiment(), boards, tmp_path)


def test_a_validation_that_is_not_finite(boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last step of the second epoch makes the weights NaN."""
    change_loss(monkeypatch, at=10, change=lambda model, loss: loss + (0 * model.coupling.sum()).sqrt())
    with pytest.raises(TrainingDivergedError, match=r"validation after epoch 2: .* the state after epoch 1 is in"):
        fit(tiny_experiment(), boards, tmp_path)
    run = Run.open(tmp_path)
    assert run.state == "diverged"
    state = run.load_checkpoint()
    assert state is not None
    assert all(torch.isfinite(weight).all() for weight in state["model"].values())


def test_a_learning_rate_far_too_high(boards: Dataset, tmp_path: Path) -> None:
    with pytest.raises(TrainingDivergedError, match=r"in epoch 1, .*no epoch has finished"):
        fit(tiny_experiment("cnn", learning_rate=1e30), boards, tmp_path)
    run = Run.open(tmp_path)
    assert run.load_checkpoint() is None
    assert run.metrics() == []


def test_observers_are_notified_of_the_end(boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events = EventRecorder()
    change_loss(monkeypatch, at=2, change=lambda model, loss: loss * float("nan"))
    with pytest.raises(TrainingDivergedError):
        fit(tiny_experiment(), boards, tmp_path, events)
    assert events.names == ["started after 0", "stepped", "ended"]


@pytest.mark.filterwarnings("ignore::drumhead.fields.StabilityWarning")
def test_a_too_large_time_step_is_named_as_the_cause(
    boards: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    experiment = tiny_experiment(model_fields={"steps": 120, "dt": 3.0, "nonlinearity": "linear"})
    with pytest.raises(TrainingDivergedError, match=r"The likely cause: dt = 3 is past the stability limit"):
        fit(experiment, boards, tmp_path / "run")
    assert "dt = 3 is past the stability limit" in str(Run.open(tmp_path / "run").divergence())
    assert main(["runs", str(tmp_path)]) == OK
    assert "dt = 3 is past" in capsys.readouterr().out
