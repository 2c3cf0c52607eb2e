"""The fields of a recipe have their documented effect: schedule, clipping, batches, and the length of training."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.data import Dataset
from drumhead.experiments import Experiment, Recipe
from drumhead.fields import StabilityWarning
from drumhead.models import PixelSample, Segmenter
from drumhead.models.fused_segmenter import FusedSegmenter
from drumhead.runs import Run
from drumhead.scores import Scores
from drumhead.training import Devices, Observer, StepReport, learning_rate, make_fabric
from drumhead.training.trainer import Trainer

from .tiny_runs import STEPS_PER_EPOCH, StepRecorder, Stop, fit, tiny_experiment


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        (Recipe(learning_rate=2.0), [2.0, 2.0, 2.0, 2.0, 2.0]),
        (Recipe(learning_rate=2.0, warmup=0.5), [0.0, 1.0, 2.0, 2.0, 2.0]),
        (Recipe(learning_rate=2.0, schedule="cosine"), [2.0, 1 + math.sqrt(0.5), 1.0, 1 - math.sqrt(0.5), 0.0]),
        (Recipe(learning_rate=2.0, schedule="cosine", warmup=0.5), [0.0, 1.0, 2.0, 1.0, 0.0]),
        (Recipe(learning_rate=2.0, schedule="cosine", warmup=1.0), [0.0, 0.5, 1.0, 1.5, 0.0]),
    ],
    ids=["constant", "warm-up", "cosine", "both", "warm-up alone"],
)
def test_the_learning_rate_by_quarters_of_the_training(recipe: Recipe, expected: list[float]) -> None:
    rates = [learning_rate(recipe, progress) for progress in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert rates == pytest.approx(expected, abs=1e-12)


def test_each_step_has_the_scheduled_learning_rate(boards: Dataset, tmp_path: Path) -> None:
    steps = StepRecorder()
    experiment = tiny_experiment(epochs=2, schedule="cosine", warmup=0.2)
    run = fit(experiment, boards, tmp_path, steps)
    total = 2 * STEPS_PER_EPOCH
    assert [report.step for report in steps.reports] == list(range(1, total + 1))
    assert [report.epoch for report in steps.reports] == [1] * STEPS_PER_EPOCH + [2] * STEPS_PER_EPOCH
    assert [report.progress for report in steps.reports] == pytest.approx([(n + 1) / total for n in range(total)])
    expected = [learning_rate(experiment.recipe, n / total) for n in range(total)]
    assert [report.learning_rate for report in steps.reports] == pytest.approx(expected)
    assert [row["learning_rate"] for row in run.metrics()] == pytest.approx([expected[4], expected[9]])


def make_trainer(experiment: Experiment, dataset: Dataset, folder: Path, *observers: Observer) -> Trainer:
    """Return a trainer that has not started, so that tests can look at its attributes."""
    with pytest.raises(KeyboardInterrupt):
        fit(experiment, dataset, folder, Stop(after_step=1))
    fabric = make_fabric(Devices(accelerator="cpu"))
    return Trainer(Run.open(folder), dataset, fabric=fabric, observers=observers)


class GradientNorms(Observer):
    """Records the norm of the gradient of each step."""

    def __init__(self) -> None:
        self.norms: list[float] = []
        self.model: Segmenter | None = None

    def stepped(self, report: StepReport) -> None:
        assert self.model is not None
        gradients = [parameter.grad for parameter in self.model.parameters() if parameter.grad is not None]
        self.norms.append(float(torch.stack([gradient.norm() for gradient in gradients]).norm()))


def test_gradients_are_clipped_to_the_norm(boards: Dataset, tmp_path: Path) -> None:
    norms = {}
    for clip in (None, 1e-3):
        recorder = GradientNorms()
        trainer = make_trainer(tiny_experiment(epochs=1, clip=clip), boards, tmp_path / str(clip), recorder)
        recorder.model = trainer.model
        trainer.fit()
        norms[clip] = recorder.norms
    assert min(norms[None]) > 1e-2
    assert norms[1e-3] == pytest.approx([1e-3] * STEPS_PER_EPOCH, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "optimizer_class"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)], ids=["adam", "adamw"]
)
def test_the_optimiser_is_the_named_one(name: str, optimizer_class: type, boards: Dataset, tmp_path: Path) -> None:
    trainer = make_trainer(tiny_experiment(optimizer=name, weight_decay=0.25, learning_rate=0.5), boards, tmp_path)
    assert type(trainer.optimizer) is optimizer_class
    (group,) = trainer.optimizer.param_groups
    assert (group["lr"], group["weight_decay"], group["betas"], group["eps"]) == (0.5, 0.25, (0.9, 0.999), 1e-8)
    assert {id(parameter) for parameter in group["params"]} == {id(p) for p in trainer.model.parameters()}


def record_batches(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """Record the images of every training step in the list that is returned."""
    batches: list[Tensor] = []
    train_step = Trainer.train_step

    def recording(self: Trainer, images: Tensor, masks: Tensor, generator: torch.Generator) -> float | None:
        batches.append(images)
        return train_step(self, images, masks, generator)

    monkeypatch.setattr(Trainer, "train_step", recording)
    return batches


def image_numbers(batches: list[Tensor], dataset: Dataset) -> list[int]:
    """Return the numbers of the training images in batches."""
    known = {image.tobytes(): number for number, image in enumerate(np.asarray(dataset.splits["train"].images))}
    images = torch.cat(batches).permute(0, 2, 3, 1).mul(255).round().to(torch.uint8)
    return [known[image.numpy().tobytes()] for image in images]


def test_an_epoch_sees_each_image_at_most_once_in_full_batches(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches = record_batches(monkeypatch)
    fit(tiny_experiment(epochs=3), boards, tmp_path)
    assert [len(batch) for batch in batches] == [4] * (3 * STEPS_PER_EPOCH)
    epochs = [image_numbers(batches[n : n + STEPS_PER_EPOCH], boards) for n in range(0, len(batches), STEPS_PER_EPOCH)]
    assert all(len(set(epoch)) == 20 for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == 3
    assert len({frozenset(epoch) for epoch in epochs}) > 1  # the two images left out change


def test_short_epochs_sample_from_all_images(boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    batches = record_batches(monkeypatch)
    run = fit(tiny_experiment(epochs=12, steps_per_epoch=2), boards, tmp_path)
    assert [row["step"] for row in run.metrics()] == list(range(2, 25, 2))
    assert set(image_numbers(batches, boards)) == set(range(22))


def test_an_epoch_has_no_more_steps_than_full_batches(boards: Dataset, tmp_path: Path) -> None:
    run = fit(tiny_experiment(epochs=1, steps_per_epoch=99), boards, tmp_path)
    assert [row["step"] for row in run.metrics()] == [STEPS_PER_EPOCH]


def fake_clock(monkeypatch: pytest.MonkeyPatch, *, seconds_per_step: float) -> None:
    """Make every step last ``seconds_per_step``: the trainer reads the clock at its start and end."""
    readings = iter(np.arange(0, 1e6, seconds_per_step))
    monkeypatch.setattr("drumhead.training.trainer.time", SimpleNamespace(perf_counter=lambda: float(next(readings))))


@pytest.mark.parametrize(("seconds", "steps"), [(3.5, [5, 7]), (3.3, [5, 7]), (2.5, [5]), (1e-9, [1]), (99.0, [5, 10])])
def test_the_time_limit_ends_training_after_the_step_that_exceeds_it(
    seconds: float, steps: list[int], boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_clock(monkeypatch, seconds_per_step=0.5)
    run = fit(tiny_experiment(epochs=2, seconds=seconds), boards, tmp_path)
    assert run.state == "done"
    assert [row["step"] for row in run.metrics()] == steps
    assert [row["seconds"] for row in run.metrics()] == [0.5 * step for step in steps]


def test_seconds_are_resumed_after_an_interruption(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_clock(monkeypatch, seconds_per_step=0.5)
    with pytest.raises(KeyboardInterrupt):
        fit(tiny_experiment(seconds=4.0), boards, tmp_path, Stop(after_epoch=1))
    run = fit(tiny_experiment(seconds=4.0), boards, tmp_path)
    assert [row["step"] for row in run.metrics()] == [5, 8]


def test_the_schedule_follows_the_seconds(boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_clock(monkeypatch, seconds_per_step=0.5)
    steps = StepRecorder()
    experiment = tiny_experiment(epochs=4, seconds=5.0, schedule="cosine")
    fit(experiment, boards, tmp_path, steps)
    expected = [learning_rate(experiment.recipe, n / 10) for n in range(10)]
    assert [report.learning_rate for report in steps.reports] == pytest.approx(expected)


@pytest.mark.parametrize(("share", "count"), [(0.25, 144), (1 / 576, 1), (1e-6, 1)])
def test_the_loss_is_on_a_share_of_the_pixels(
    share: float, count: int, boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples: list[PixelSample | None] = []
    loss = FusedSegmenter.loss

    def recording(self: FusedSegmenter, *batch: Tensor, pixels: PixelSample | None = None) -> Tensor:
        samples.append(pixels)
        return loss(self, *batch, pixels=pixels)

    monkeypatch.setattr(FusedSegmenter, "loss", recording)
    fit(tiny_experiment(epochs=1, pixels=share), boards, tmp_path)
    drawn = [sample for sample in samples if sample is not None]
    assert [tuple(sample.pixel.shape) for sample in drawn] == [(4, count)] * STEPS_PER_EPOCH
    assert not torch.equal(drawn[0].pixel, drawn[1].pixel)


@pytest.mark.parametrize(("images", "scored"), [(None, 6), (2, 2), (99, 6)])
def test_the_number_of_validation_images(
    images: int | None, scored: int, boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[int] = []
    validate = Trainer.validate

    def counting(self: Trainer) -> Scores:
        scores = validate(self)
        counted.append(scores.images)
        return scores

    monkeypatch.setattr(Trainer, "validate", counting)
    run = fit(tiny_experiment(epochs=1, validation_images=images), boards, tmp_path)
    assert counted == [scored]
    scores = run.scores()
    assert scores is not None
    assert scores.images == 6  # the test set is scored in full


def test_a_time_step_past_the_stability_limit_gives_one_warning(boards: Dataset, tmp_path: Path) -> None:
    with pytest.warns(StabilityWarning, match="dt = 0.9 is past the stability limit") as caught:
        run = fit(tiny_experiment(epochs=3, model_fields={"dt": 0.9}), boards, tmp_path)
    assert len(caught) == 1
    assert run.state == "done"


def test_training_reduces_the_loss(boards: Dataset, tmp_path: Path) -> None:
    rows = fit(tiny_experiment("cnn", epochs=15, learning_rate=1e-2), boards, tmp_path).metrics()
    assert rows[-1]["train_loss"] < 0.5 * rows[0]["train_loss"]
    assert rows[-1]["val_loss"] < 0.6 * rows[0]["val_loss"]
