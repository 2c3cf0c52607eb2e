from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from drumhead.data import Dataset, DatasetError, TetrominoConfig, make_dataset, open_dataset, to_tensors, write_dataset
from drumhead.evaluation import evaluate_run, open_run_dataset
from drumhead.experiments import Experiment
from drumhead.models import model_config
from drumhead.results.rows import baseline_scores
from drumhead.runs import DataRecord, Run, RunConfig, RunError

BOARDS = TetrominoConfig(canvas=12, cell=2, max_pieces=2, train=4, val=3, test=5, seed=0)


@pytest.fixture
def boards(tmp_path: Path) -> Dataset:
    return make_dataset(BOARDS, tmp_path / "boards")


@pytest.fixture
def run(boards: Dataset, tmp_path: Path) -> Run:
    """A run with untrained weights."""
    model = model_config("cnn", layers=1, pixel_widths=(4,))
    config = RunConfig(
        experiment=Experiment(name="tiny", dataset=None, model=model),
        data=DataRecord.from_dataset(boards),
        versions={},
        machine={},
    )
    run = Run.create(tmp_path / "run", config)
    run.save_model(run.new_model())
    return run


def test_the_data_of_a_run_is_where_the_run_found_it(run: Run, boards: Dataset) -> None:
    assert open_run_dataset(run).folder == boards.folder
    assert open_run_dataset(run).fingerprint == boards.fingerprint


def test_data_that_is_gone_can_be_named(run: Run, boards: Dataset, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    shutil.move(boards.folder, moved)
    with pytest.raises(DatasetError, match=r"boards: the dataset of .*run is missing; give its folder with --data"):
        open_run_dataset(run)
    assert open_run_dataset(run, moved).fingerprint == boards.fingerprint


def test_data_that_has_changed_must_be_named(run: Run, boards: Dataset) -> None:
    shutil.rmtree(boards.folder)
    other = make_dataset(BOARDS.replace(seed=1), boards.folder)
    with pytest.raises(
        DatasetError, match=r"not the dataset that .*run was trained on; to use it anyway, give it with --data"
    ):
        open_run_dataset(run)
    assert open_run_dataset(run, other.folder).fingerprint == other.fingerprint != boards.fingerprint


def test_other_data_may_have_another_size(run: Run, tmp_path: Path) -> None:
    larger = make_dataset(BOARDS.replace(canvas=20, seed=2), tmp_path / "larger")
    assert evaluate_run(run, open_run_dataset(run, larger.folder), accelerator="cpu").images == 5


def test_other_data_must_have_the_same_channels_and_classes(run: Run, boards: Dataset, tmp_path: Path) -> None:
    grey = {name: split._replace(images=split.images[..., :1]) for name, split in boards.splits.items()}
    write_dataset(tmp_path / "grey", grey, name="grey", class_names=boards.class_names)
    with pytest.raises(
        DatasetError, match=r"grey: .*run needs 3 channels and the classes background, I, .*; got 1 and"
    ):
        open_run_dataset(run, tmp_path / "grey")
    renamed = (*boards.class_names[:-1], "hook")
    write_dataset(tmp_path / "renamed", boards.splits, name="renamed", class_names=renamed)
    with pytest.raises(DatasetError, match=r"got 3 and background, I, O, T, S/Z, hook"):
        open_run_dataset(run, tmp_path / "renamed")


@pytest.mark.parametrize(("split", "images"), [("train", 4), ("val", 3), ("test", 5)])
def test_a_split_is_scored_with_the_kept_weights(split: str, images: int, run: Run) -> None:
    dataset = open_run_dataset(run)
    calls: list[tuple[int, int]] = []
    scores = evaluate_run(
        run,
        dataset,
        split=split,  # type: ignore[arg-type]
        batch_size=2,
        accelerator="cpu",
        progress=lambda done, total: calls.append((done, total)),
    )
    total = -(-images // 2)
    assert calls == [(done, total) for done in range(1, total + 1)]
    assert scores.images == images
    inputs, masks = to_tensors(dataset.splits[split], range(images))
    expected = (run.load_model().predict(inputs) == masks).double().mean()
    assert scores.acc == pytest.approx(float(expected))


def test_the_size_of_batches_does_not_matter(run: Run) -> None:
    one, all_ = (evaluate_run(run, open_run_dataset(run), batch_size=size, accelerator="cpu") for size in (1, 64))
    assert one.loss == pytest.approx(all_.loss, rel=1e-6)
    assert one.replace(loss=None, loss_foreground=None) == all_.replace(loss=None, loss_foreground=None)


def test_a_run_without_weights_cannot_be_judged(run: Run) -> None:
    run.model_path.unlink()
    with pytest.raises(RunError, match="no epoch of this run has finished yet"):
        evaluate_run(run, open_run_dataset(run), accelerator="cpu")


def test_a_dataset_in_memory_is_read_as_it_is(run: Run, boards: Dataset) -> None:
    empty = {name: split._replace(masks=np.zeros_like(split.masks)) for name, split in boards.splits.items()}
    scores = evaluate_run(run, dataclasses.replace(boards, splits=empty), accelerator="cpu")
    assert scores.images_without_foreground == 5
    assert open_dataset(boards.folder).fingerprint == boards.fingerprint


def with_ignored(boards: Dataset, folder: Path) -> Dataset:
    """Write the boards with some pixels ignored, and all pixels of the first test image."""
    splits = {}
    for name, split in boards.splits.items():
        masks = np.array(split.masks)
        masks[:, :4] = 255
        masks[0] = 255 if name == "test" else masks[0]
        splits[name] = split._replace(masks=masks)
    return write_dataset(folder, splits, name="ignored", class_names=boards.class_names, ignored_label=255)


def trained_on(run: Run, dataset: Dataset) -> Run:
    """Return the run as if it had been trained on another dataset."""
    return Run(run.folder, run.config.replace(data=DataRecord.from_dataset(dataset)))


def test_ignored_pixels_are_not_scored(run: Run, boards: Dataset, tmp_path: Path) -> None:
    dataset = with_ignored(boards, tmp_path / "ignored")
    trained = trained_on(run, dataset)
    scores = evaluate_run(trained, open_run_dataset(trained), accelerator="cpu")
    assert (scores.images, scores.ignored_images) == (4, 1)
    inputs, masks = to_tensors(boards.splits["test"], range(1, 5))
    right = run.load_model().predict(inputs)[:, 4:] == masks[:, 4:]
    assert scores.acc == pytest.approx(float(right.double().mean()))
    background = baseline_scores(dataset)
    assert (background.images, background.ignored_images) == (4, 1)
    assert background.acc == pytest.approx(float((masks[:, 4:] == 0).double().mean()))


def test_other_data_may_have_another_ignored_label_or_none(run: Run, boards: Dataset, tmp_path: Path) -> None:
    """A network gives each pixel a class; which pixels are scored is a matter of the masks."""
    dataset = with_ignored(boards, tmp_path / "ignored")
    trained = trained_on(run, dataset)
    scores = evaluate_run(run, open_run_dataset(run, dataset.folder), accelerator="cpu")
    assert scores == evaluate_run(trained, open_run_dataset(trained), accelerator="cpu")
    assert scores.ignored_images == 1
    on_all_pixels = evaluate_run(trained, open_run_dataset(trained, boards.folder), accelerator="cpu")
    assert on_all_pixels == evaluate_run(run, open_run_dataset(run), accelerator="cpu")
    assert on_all_pixels.ignored_images == 0
