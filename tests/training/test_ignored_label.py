"""Training on masks with an ignored label: its pixels teach nothing, wherever and whatever they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drumhead.data import Dataset, write_dataset
from drumhead.runs import RunError

from .multiprocess import fit_in_processes, largest_difference
from .tiny_runs import (
    AUGMENTATION,
    DEMO,
    MODELS,
    Stop,
    assert_same_training,
    fit,
    last_weights,
    same_weights,
    tiny_experiment,
)

ONE_EPOCH: dict[str, Any] = {**DEMO, "epochs": 1, "class_weights": "balanced"}


def with_ignored(boards: Dataset, folder: Path, *, label: int = 255, keep: int = 0) -> Dataset:
    """Return the boards with a third of the pixels ignored, all pixels of the last image of each split, and ``keep``.

    Args:
        boards: the dataset.
        folder: a new folder.
        label: the label of ignored pixels.
        keep: keep the classes of this many training images only, if it is not 0.
    """
    splits = {}
    for name, split in boards.splits.items():
        masks = np.array(split.masks)
        masks[np.random.default_rng(0).random(masks.shape) < 0.3] = label
        masks[-1] = label
        if keep and name == "train":
            masks[keep:] = label
        splits[name] = split._replace(masks=masks)
    return write_dataset(folder, splits, name="ignored", class_names=boards.class_names, ignored_label=label)


@pytest.mark.parametrize(("model", "pixels"), [*((model, 0.25) for model in MODELS), ("nwm", 1.0)])
def test_the_number_of_the_label_does_not_matter(model: str, pixels: float, boards: Dataset, tmp_path: Path) -> None:
    experiment = tiny_experiment(model, **{**ONE_EPOCH, "pixels": pixels})
    datasets = [with_ignored(boards, tmp_path / str(label), label=label) for label in (255, 200)]
    runs = [fit(experiment, data, tmp_path / f"run{data.ignored_label}") for data in datasets]
    assert [run.config.data.ignored_label for run in runs] == [255, 200]
    assert_same_training(*runs)
    scores = runs[0].scores()
    assert scores is not None
    assert (scores.images, scores.ignored_images) == (5, 1)


@pytest.mark.parametrize("engine", ["plain", "fused"])
@pytest.mark.parametrize("pixels", [0.25, 1.0])
def test_what_is_seen_deep_inside_an_ignored_region_does_not_matter(
    pixels: float, engine: str, boards: Dataset, tmp_path: Path
) -> None:
    """The CNN of two layers sees two pixels far, so no pixel that counts depends on the middle of the region."""
    experiment = tiny_experiment("cnn", model_fields={"engine": engine}, **{**ONE_EPOCH, "pixels": pixels})
    runs = []
    for name, seed in (("one", 1), ("other", 2)):
        garbage = np.random.default_rng(seed)
        splits = {}
        for key, split in boards.splits.items():
            images, masks = np.array(split.images), np.array(split.masks)
            masks[:, 4:18, 6:20] = 255
            images[:, 6:16, 8:18] = garbage.integers(0, 256, images[:, 6:16, 8:18].shape)
            splits[key] = split._replace(images=images, masks=masks)
        data = write_dataset(tmp_path / name, splits, name="x", class_names=boards.class_names, ignored_label=255)
        runs.append(fit(experiment, data, tmp_path / f"run-{name}"))
    assert_same_training(*runs)


def test_the_number_of_the_label_does_not_matter_with_augmentation(boards: Dataset, tmp_path: Path) -> None:
    """A crop that is larger than the image is padded with the label."""
    experiment = tiny_experiment(**{**ONE_EPOCH, **AUGMENTATION, "crop": 28})
    datasets = [with_ignored(boards, tmp_path / str(label), label=label) for label in (255, 200)]
    assert_same_training(*(fit(experiment, data, tmp_path / f"run{data.ignored_label}") for data in datasets))


def test_ignoring_pixels_changes_the_training(boards: Dataset, tmp_path: Path) -> None:
    datasets = {"all": boards, "some": with_ignored(boards, tmp_path / "data")}
    runs = [fit(tiny_experiment(**ONE_EPOCH), dataset, tmp_path / name) for name, dataset in datasets.items()]
    assert not same_weights(*map(last_weights, runs))


@pytest.mark.parametrize(("model", "count", "pixels"), [("nwm", 2, 0.25), ("cnn", 4, 1.0)])
def test_several_processes_train_as_one(model: str, count: int, pixels: float, boards: Dataset, tmp_path: Path) -> None:
    """The parts of a batch have different numbers of pixels that count; in most batches some part has none."""
    data = with_ignored(boards, tmp_path / "data", keep=8)
    experiment = tiny_experiment(model, **{**ONE_EPOCH, "pixels": pixels})
    one, several = (
        fit(experiment, data, tmp_path / "one"),
        fit_in_processes(experiment, data, tmp_path / "n", count=count),
    )
    for left, right in zip(one.metrics(), several.metrics(), strict=True):
        assert left["train_loss"] == pytest.approx(right["train_loss"], rel=1e-5)
        assert left["val_loss"] == pytest.approx(right["val_loss"], rel=1e-5)
    assert largest_difference(last_weights(one), last_weights(several)) < 1e-4


def test_an_interrupted_run_resumes(boards: Dataset, tmp_path: Path) -> None:
    data = with_ignored(boards, tmp_path / "data")
    experiment = tiny_experiment(**{**ONE_EPOCH, "epochs": 2})
    uninterrupted = fit(experiment, data, tmp_path / "uninterrupted")
    with pytest.raises(KeyboardInterrupt):
        fit(experiment, data, tmp_path / "stopped", Stop(after_step=6))
    assert_same_training(fit(experiment, data, tmp_path / "stopped"), uninterrupted)


def test_a_batch_without_a_pixel_that_counts_leaves_the_weights_alone(boards: Dataset, tmp_path: Path) -> None:
    """One image of 22 has pixels that count: one of the batches of one image changes the weights."""
    data = with_ignored(boards, tmp_path / "data", keep=1)
    experiment = tiny_experiment("cnn", epochs=1, batch_size=1, weight_decay=0.1, optimizer="adamw")
    run = fit(experiment, data, tmp_path / "run")
    (row,) = run.metrics()
    assert row["step"] == 22
    assert 0 < row["train_loss"] < 10
    first = run.new_model().state_dict()
    largest = max(float((first[name] - weights).abs().max()) for name, weights in last_weights(run).items())
    assert 0 < largest < 1.1 * experiment.recipe.learning_rate  # a step of Adam is at most about the learning rate


def test_an_epoch_needs_a_pixel_that_counts(boards: Dataset, tmp_path: Path) -> None:
    data = with_ignored(boards, tmp_path / "data", keep=1)
    experiment = tiny_experiment("cnn", epochs=100, batch_size=1, steps_per_epoch=1)
    with pytest.raises(RunError, match=r"no pixel of the 1 batches of epoch \d+ counts in the loss"):
        fit(experiment, data, tmp_path / "run")


@pytest.mark.parametrize(
    ("split", "images"), [("train", None), ("train", 2), ("val", None), ("val", 2), ("test", None)]
)
def test_each_split_needs_a_pixel_that_counts(split: str, images: int | None, boards: Dataset, tmp_path: Path) -> None:
    splits = dict(boards.splits)
    masks = np.array(splits[split].masks)
    masks[:images] = 255
    splits[split] = splits[split]._replace(masks=masks)
    data = write_dataset(tmp_path / "data", splits, name="x", class_names=boards.class_names, ignored_label=255)
    which = f"first {images} {split}" if images else split
    with pytest.raises(RunError, match=f"the {which} masks hold only pixels that do not count"):
        fit(tiny_experiment("cnn", validation_images=images, scored_training_images=images), data, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_does_not_resume_with_another_label(boards: Dataset, tmp_path: Path) -> None:
    experiment = tiny_experiment("cnn", epochs=1)
    fit(experiment, boards, tmp_path / "run")
    same = write_dataset(
        tmp_path / "data", boards.splits, name=boards.name, class_names=boards.class_names, ignored_label=255
    )
    assert same.fingerprint == boards.fingerprint
    with pytest.raises(RunError, match="ignored label is None, not 255"):
        fit(experiment, same, tmp_path / "run")
