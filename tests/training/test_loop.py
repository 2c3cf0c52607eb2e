"""What the loop does with its recipe: which weights are kept, how fast it learns, when it ends, when it gives up."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from drumhead.data import Dataset
from drumhead.experiments import Recipe
from drumhead.fields import StabilityWarning
from drumhead.models import NWM
from drumhead.runs import Run, RunError
from drumhead.scores import Scores
from drumhead.training import TrainingDivergedError, learning_rate, loop, train

from .small import Recorder, same, small_experiment, weights


def test_the_order_of_events(boards: Dataset, tmp_path: Path) -> None:
    recorder = Recorder()
    train(small_experiment(), boards, tmp_path / "run", observers=[recorder])
    epochs = [["step 1", "step 2", "validated 1/1", "epoch 1"], ["step 3", "step 4", "validated 1/1", "epoch 2"]]
    test = ["validated 1/2", "validated 2/2"]  # five images in batches of four
    assert recorder.events == ["started after 0", *epochs[0], *epochs[1], *test, "ended"]


def test_losses_of_a_seeded_run(boards: Dataset, tmp_path: Path) -> None:
    """A change that is not meant to be numerical leaves these as they are (to rounding: machines differ)."""
    recorder = Recorder()
    train(small_experiment(), boards, tmp_path / "run", observers=[recorder])
    assert recorder.losses == pytest.approx(GOLDEN, abs=2e-5)


GOLDEN = [1.626985, 1.607782, 1.598970, 1.586629]


@pytest.mark.parametrize(
    ("margin", "kept"),
    [(0.001, [1, 0, 1, 0, 0, 1]), (0.0, [1, 1, 1, 0, 0, 1])],
)
def test_weights_are_kept_by_the_margin(
    margin: float, kept: list[int], boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0, 0.9995, 0.99, 0.99, 0.9905, 0.5])
    states: list[dict[str, torch.Tensor]] = []

    def scripted(training: loop.Training) -> Scores:
        states.append({name: value.clone() for name, value in training.model.state_dict().items()})
        return training.evaluate(training.model, "val").replace(loss=next(losses))

    monkeypatch.setattr(loop.Training, "validate", scripted)
    recorder = Recorder()
    experiment = small_experiment(epochs=6, keep_margin=margin)
    run = train(experiment, boards, tmp_path / "run", observers=[recorder])
    assert [report.kept for report in recorder.epochs] == kept
    assert same(run.load_model().state_dict(), states[-1])
    losses = iter([1.0, 0.9995])
    states.clear()
    run = train(experiment.replace(recipe=experiment.recipe.replace(epochs=2)), boards, tmp_path / "two")
    assert same(run.load_model().state_dict(), states[1 if kept[1] else 0])


def test_a_last_incomplete_batch_is_dropped(boards: Dataset, tmp_path: Path) -> None:
    run = train(small_experiment(epochs=1), boards, tmp_path / "run")  # ten images in batches of four
    assert run.metrics()[-1]["step"] == 2


def test_an_epoch_can_be_cut_short(boards: Dataset, tmp_path: Path) -> None:
    run = train(small_experiment(epochs=3, steps_per_epoch=1), boards, tmp_path / "run")
    assert [row["step"] for row in run.metrics()] == [1, 2, 3]


def test_time_ends_a_training(boards: Dataset, tmp_path: Path) -> None:
    run = train(small_experiment(epochs=1000, seconds=1e-6), boards, tmp_path / "run")
    assert [row["step"] for row in run.metrics()] == [1]
    assert run.state == "done"


def test_too_few_images_for_a_batch(boards: Dataset, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"10 training images, fewer than a batch of 11.*batch-size 10"):
        train(small_experiment(batch_size=11), boards, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_learning_rate_follows_the_schedule(boards: Dataset, tmp_path: Path) -> None:
    recorder = Recorder()
    experiment = small_experiment(epochs=4, schedule="cosine", warmup=0.25, learning_rate=0.1)
    train(experiment, boards, tmp_path / "run", observers=[recorder])
    expected = [0.0, 0.05] + [0.05 * (1 + math.cos(math.pi * step / 6)) for step in range(6)]
    assert recorder.rates == pytest.approx(expected)


def test_learning_rate_at_the_ends() -> None:
    assert learning_rate(Recipe(schedule="cosine"), 1.0) == pytest.approx(0.0)
    assert learning_rate(Recipe(), 0.0) == learning_rate(Recipe(), 1.0) == 1e-3
    assert learning_rate(Recipe(warmup=1.0), 0.5) == pytest.approx(5e-4)


def test_clipping_bounds_the_step(boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    norms: list[float] = []
    plain_step = torch.optim.Adam.step

    def watched_step(self: torch.optim.Adam, *args: Any, **kwargs: Any) -> Any:
        gradients = [p.grad for group in self.param_groups for p in group["params"]]
        norms.append(float(torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))))
        return plain_step(self, *args, **kwargs)

    monkeypatch.setattr(torch.optim.Adam, "step", watched_step)
    train(small_experiment(clip=1e-3), boards, tmp_path / "clipped")
    assert max(norms) <= 1.001e-3
    norms.clear()
    train(small_experiment(), boards, tmp_path / "free")
    assert min(norms) > 1e-3


@pytest.fixture
def bad_third_step(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The third loss is not a number."""
    plain_loss, calls = NWM.loss, iter(range(100))

    def loss(self: NWM, *args: Any, **kwargs: Any) -> torch.Tensor:
        return plain_loss(self, *args, **kwargs) * (math.nan if next(calls) == 2 else 1.0)

    with monkeypatch.context() as patch:
        patch.setattr(NWM, "loss", loss)
        yield


def test_a_loss_that_is_no_number_stops_the_run(boards: Dataset, tmp_path: Path, bad_third_step: None) -> None:
    recorder = Recorder()
    with pytest.raises(
        TrainingDivergedError, match=r"the loss is nan in epoch 2, after 2 steps; the state after epoch 1"
    ):
        train(small_experiment(epochs=3), boards, tmp_path / "run", observers=[recorder])
    assert recorder.events[-1] == "ended"
    run = Run.open(tmp_path / "run")
    assert run.state == "unfinished"
    assert all(bool(value.isfinite().all()) for value in weights(run).values())
    resumed = train(small_experiment(epochs=3), boards, tmp_path / "run")  # the loss is a number again
    whole = train(small_experiment(epochs=3), boards, tmp_path / "whole")
    assert same(weights(resumed), weights(whole))


def test_an_unstable_step_is_warned_of_once(boards: Dataset, tmp_path: Path) -> None:
    experiment = small_experiment()
    experiment = experiment.replace(model=experiment.model.replace(dt=0.9))
    with pytest.warns(StabilityWarning, match=r"dt = 0\.9 is past the stability limit") as warned:
        train(experiment, boards, tmp_path / "run")
    assert len(warned) == 1
