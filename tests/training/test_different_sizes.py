"""Training and scoring on images of different sizes: padding counts nowhere, and no score depends on the batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from drumhead.data import Dataset, Split, to_tensors, write_dataset
from drumhead.evaluation import evaluate_run
from drumhead.experiments import Recipe
from drumhead.training.augmentation import Augmentation

from .multiprocess import fit_in_processes
from .tiny_runs import DEMO, assert_same_training, fit, last_weights, same_weights, tiny_experiment

HEIGHTS, WIDTHS = (12, 18, 24), (14, 24, 20)
ONE_EPOCH: dict[str, Any] = {**DEMO, "epochs": 1}


def cut(boards: Dataset, folder: Path, *, extra: int = 0) -> Dataset:
    """Return the boards cut to three sizes and padded to the largest, with ``extra`` rows and columns of padding."""
    splits = {}
    for name, split in boards.splits.items():
        count = len(split.images)
        sizes = np.array([(HEIGHTS[n % 3], WIDTHS[n % 3]) for n in range(count)], np.int32)
        images = np.zeros((count, 24 + extra, 24 + extra, 3), np.uint8)
        masks = np.full((count, 24 + extra, 24 + extra), 255, np.uint8)
        for number, (height, width) in enumerate(sizes.tolist()):
            images[number, :height, :width] = split.images[number, :height, :width]
            masks[number, :height, :width] = split.masks[number, :height, :width]
        splits[name] = Split(images, masks, sizes)
    return write_dataset(folder, splits, name="cut", class_names=boards.class_names, ignored_label=255)


@pytest.mark.parametrize(("model", "recipe"), [("nwm", ONE_EPOCH), ("unet", {"epochs": 1})])
def test_padding_in_the_files_changes_nothing(
    model: str, recipe: dict[str, Any], boards: Dataset, tmp_path: Path
) -> None:
    """The waves of the NWM pass from one side of an image to the other, so they would meet the padding."""
    runs = []
    for extra in (0, 9):
        data = cut(boards, tmp_path / f"data{extra}", extra=extra)
        runs.append(fit(tiny_experiment(model, **recipe), data, tmp_path / f"run{extra}"))
    assert_same_training(*runs)
    assert not same_weights(last_weights(runs[0]), runs[0].new_model().state_dict())


def test_scores_are_those_of_each_image_alone(boards: Dataset, tmp_path: Path) -> None:
    data = cut(boards, tmp_path / "data")
    run = fit(tiny_experiment("nwm", epochs=1), data, tmp_path / "run")
    model, split = run.load_model(), data.splits["test"]
    shares = []
    for sample in range(len(split.images)):
        images, masks = to_tensors(split, [sample])
        assert (masks != 255).all()
        shares.append(float((model.predict(images) == masks).double().mean()))
    for batch_size in (1, 64):
        scores = evaluate_run(run, data, batch_size=batch_size, accelerator="cpu")
        assert scores.acc == pytest.approx(float(np.mean(shares)))
    stored = run.scores()
    assert stored is not None
    assert stored.acc == pytest.approx(float(np.mean(shares)))


@pytest.mark.slow
def test_two_processes_train_and_score_as_one(boards: Dataset, tmp_path: Path) -> None:
    data = cut(boards, tmp_path / "data")
    experiment = tiny_experiment("cnn", epochs=1, batch_size=2)
    one, two = fit(experiment, data, tmp_path / "one"), fit_in_processes(experiment, data, tmp_path / "two", count=2)
    for left, right in zip(one.metrics(), two.metrics(), strict=True):
        assert left["train_loss"] == pytest.approx(right["train_loss"], rel=1e-5)
        assert left["val_loss"] == pytest.approx(right["val_loss"], rel=1e-5)
    first, second = one.scores(), two.scores()
    assert first is not None
    assert second is not None
    assert first.images == second.images == 6


def changed(recipe: Recipe, *, circular: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a changed batch of an image of 4 x 6 and one of 8 x 5 pixels, without a 0 or an ignored pixel in them."""
    images, masks = torch.zeros(2, 1, 8, 6), torch.full((2, 8, 6), 255)
    sizes = [(4, 6), (8, 5)]
    for number, (height, width) in enumerate(sizes):
        images[number, 0, :height, :width] = torch.arange(1, 1 + height * width).view(height, width) / 100
        masks[number, :height, :width] = torch.arange(1, 1 + height * width).view(height, width)
    augmentation = Augmentation(recipe, circular=circular, ignored_label=255)
    return augmentation(images, masks, own=slice(0, 2), sizes=sizes, generator=torch.Generator().manual_seed(0))


def test_crops_lie_within_the_images() -> None:
    images, masks = changed(Recipe(crop=4))
    assert images.shape == (2, 1, 4, 4)
    assert (masks != 255).all()
    assert torch.equal((100 * images[:, 0]).round().long(), masks)


def test_images_are_changed_without_their_padding() -> None:
    images, masks = changed(Recipe(horizontal_flip=1.0))
    assert images.shape == (2, 1, 8, 6)
    assert masks[0, :4].tolist() == torch.arange(1, 25).view(4, 6).flip(-1).tolist()
    assert masks[1, :, :5].tolist() == torch.arange(1, 41).view(8, 5).flip(-1).tolist()
    assert (masks[0, 4:] == 255).all()
    assert (masks[1, :, 5:] == 255).all()
    assert torch.equal((100 * images[:, 0]).round().long(), masks.masked_fill(masks == 255, 0))


def test_circular_shifts_go_around_the_image_and_not_the_padding() -> None:
    _, masks = changed(Recipe(shift=0.9), circular=True)
    assert sorted(masks[0, :4].flatten().tolist()) == list(range(1, 25))
    assert sorted(masks[1, :, :5].flatten().tolist()) == list(range(1, 41))
