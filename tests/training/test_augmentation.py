"""Augmentation: images and masks change together, by seeded random numbers; resumed runs draw the same ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from drumhead.data import Dataset
from drumhead.experiments import RECIPES, Recipe, find_experiment
from drumhead.runs import Run
from drumhead.seeds import generator
from drumhead.training.augmentation import NO_CLASS, Augmentation

from .tiny_runs import Stop, assert_same_training, fit, last_weights, same_weights, tiny_experiment

EVERYTHING: dict[str, Any] = {
    "horizontal_flip": 0.5,
    "vertical_flip": 0.5,
    "quarter_turns": 0.5,
    "shift": 0.3,
    "crop": 20,
    "brightness": 0.4,
}
BATCH = 64


def numbered(height: int = 6, width: int = 6) -> tuple[Tensor, Tensor]:
    """Return a batch in which every pixel of an image and its mask has the same number, from 1."""
    masks = torch.arange(1, height * width + 1).view(1, height, width).repeat(BATCH, 1, 1)
    return (masks / 100)[:, None].repeat(1, 2, 1, 1), masks


def augmented(
    recipe: Recipe, *, circular: bool, batch: tuple[Tensor, Tensor], own: slice = slice(BATCH)
) -> tuple[Tensor, Tensor]:
    images, masks = batch
    augmentation = Augmentation(recipe, circular=circular)
    return augmentation(images[own], masks, own=own, generator=generator(0, "augmentation", 1))


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("shape", [(6, 6), (5, 8), (3, 5)], ids=str)
@pytest.mark.parametrize("names", [[name] for name in EVERYTHING if name != "brightness"] + [list(EVERYTHING)], ids=str)
def test_an_image_and_its_mask_change_together(names: list[str], shape: tuple[int, int], circular: bool) -> None:
    fields: dict[str, Any] = {name: 4 if name == "crop" else EVERYTHING[name] for name in names if name != "brightness"}
    images, masks = augmented(Recipe(**fields), circular=circular, batch=numbered(*shape))
    expected = torch.where(masks == NO_CLASS, 0, masks) / 100
    assert all(torch.equal(images[:, channel], expected) for channel in range(2))
    assert len({tuple(mask.flatten().tolist()) for mask in masks}) > 1  # images of a batch change differently


@pytest.mark.parametrize(
    ("fields", "variants"),
    [
        ({"horizontal_flip": 1.0}, lambda mask: [mask.flip(-1)]),
        ({"vertical_flip": 1.0}, lambda mask: [mask.flip(-2)]),
        ({"horizontal_flip": 0.5}, lambda mask: [mask, mask.flip(-1)]),
        ({"quarter_turns": 1.0}, lambda mask: [torch.rot90(mask, turns, (-2, -1)) for turns in (1, 2, 3)]),
        ({"crop": 5}, lambda mask: [mask[i : i + 5, j : j + 5] for i in range(2) for j in range(2)]),
        ({"shift": 0.2}, lambda mask: [mask.roll((i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]),
    ],
    ids=["left-right", "top-bottom", "left-right-or-not", "quarter-turns", "crop", "shift"],
)
def test_each_change_has_exactly_these_results(fields: dict[str, Any], variants: Any) -> None:
    batch = numbered()
    _, masks = augmented(Recipe(**fields), circular=True, batch=batch)
    expected = {tuple(variant.flatten().tolist()) for variant in variants(batch[1][0])}
    assert {tuple(mask.flatten().tolist()) for mask in masks} == expected


def test_images_that_are_not_square_keep_their_shape() -> None:
    images, masks = augmented(Recipe(quarter_turns=1.0), circular=True, batch=numbered(4, 6))
    assert (images.shape[-2:], masks.shape[-2:]) == ((4, 6), (4, 6))
    assert torch.equal(masks[0], numbered(4, 6)[1][0].flip((0, 1)))


def test_the_loss_ignores_what_a_shift_leaves_free() -> None:
    _, masks = augmented(Recipe(shift=0.9), circular=False, batch=numbered())
    assert set(masks.flatten().tolist()) == {NO_CLASS, *range(1, 37)}
    assert all((mask != NO_CLASS).any() for mask in masks)
    mask = masks[0]
    kept_rows, kept_columns = (mask != NO_CLASS).any(dim=1).sum(), (mask != NO_CLASS).any(dim=0).sum()
    assert (mask != NO_CLASS).sum() == kept_rows * kept_columns < 36


@pytest.mark.parametrize(
    ("fields", "circular", "in_data", "in_loss"),
    [
        ({}, False, None, None),
        ({}, False, 255, 255),
        ({"shift": 0.1}, True, None, None),
        ({"shift": 0.1}, True, 255, 255),
        ({"shift": 0.1}, False, None, NO_CLASS),
        ({"shift": 0.1}, False, 255, 255),
        ({"crop": 9}, True, None, NO_CLASS),
        ({"crop": 9}, True, 7, 7),
    ],
)
def test_free_pixels_have_the_ignored_label_of_the_data(
    fields: dict[str, Any], circular: bool, in_data: int | None, in_loss: int | None
) -> None:
    augmentation = Augmentation(Recipe(**fields), circular=circular, ignored_label=in_data)
    assert augmentation.loss_ignored_label == in_loss
    images, masks = numbered()
    _, changed = augmentation(images, masks, own=slice(BATCH), generator=generator(0, "augmentation", 1))
    assert set(changed.flatten().tolist()) <= {*range(1, 37), in_loss}


def test_brightness_multiplies_the_image_alone() -> None:
    before, same = torch.full((BATCH, 1, 2, 2), 0.8), torch.zeros(BATCH, 2, 2, dtype=torch.int64)
    images, masks = augmented(Recipe(brightness=0.5), circular=True, batch=(before, same))
    factors = images[:, 0, 0, 0] / 0.8
    assert torch.equal(masks, same)
    assert 0.5 <= factors.min() < 0.6
    assert factors.max() == 1 / 0.8  # limited to 1


def test_the_changes_are_the_same_for_any_number_of_devices() -> None:
    recipe = Recipe(**{**EVERYTHING, "crop": 4})
    images, masks = augmented(recipe, circular=False, batch=numbered())
    for own in (slice(0, 16), slice(32, 64)):
        own_images, own_masks = augmented(recipe, circular=False, batch=numbered(), own=own)
        assert torch.equal(own_masks, masks)
        assert torch.equal(own_images, images[own])


def test_the_recipes_have_no_augmentation() -> None:
    for make in RECIPES.values():
        recipe = make(find_experiment("tetrominoes-nwm-linear")).recipe
        assert Augmentation(recipe, circular=False).is_off
    images, masks = augmented(Recipe(), circular=False, batch=numbered())
    assert torch.equal(images, numbered()[0])
    assert torch.equal(masks, numbered()[1])


@pytest.mark.parametrize("model", ["nwm", "unet"])
def test_a_resumed_run_is_bit_identical(model: str, boards: Dataset, tmp_path: Path) -> None:
    experiment = tiny_experiment(model, epochs=3, pixels=0.5, **EVERYTHING)
    uninterrupted = fit(experiment, boards, tmp_path / "uninterrupted")
    for step in (2, 7):
        with pytest.raises(KeyboardInterrupt):
            fit(experiment, boards, tmp_path / "stopped", Stop(after_step=step))
    assert_same_training(fit(experiment, boards, tmp_path / "stopped"), uninterrupted)


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_field_changes_the_training(name: str, boards: Dataset, tmp_path: Path, plain: Run) -> None:
    run = fit(tiny_experiment("unet", epochs=1, **{name: EVERYTHING[name]}), boards, tmp_path)
    assert run.state == "done"
    assert not same_weights(last_weights(run), last_weights(plain))


@pytest.fixture(scope="module")
def plain(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return fit(tiny_experiment("unet", epochs=1), boards, tmp_path_factory.mktemp("augmentation"))
