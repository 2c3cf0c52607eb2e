"""Splits as datasets of PyTorch: the same numbers as in training, and loops of other libraries."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.training.tiny_runs import BOARDS
from torch.utils.data import DataLoader

import drumhead
from drumhead.data import Dataset, Split, TorchSplit, make_dataset, to_tensors, write_dataset

PAGE = Path(__file__).parents[2] / "docs" / "python.md"


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("torch") / "boards")


@pytest.mark.parametrize("name", ["train", "val", "test"])
def test_the_samples_are_those_of_the_split(name: str, boards: Dataset) -> None:
    samples = getattr(boards, name)
    assert isinstance(samples, TorchSplit)
    assert repr(samples) == f"TorchSplit({len(samples)} samples, 3 x {boards.height} x {boards.width})"
    assert len(samples) == len(boards.splits[name].images)
    images, masks = next(iter(DataLoader(samples, batch_size=len(samples))))
    expected_images, expected_masks = to_tensors(boards.splits[name], range(len(samples)))
    assert torch.equal(images, expected_images)
    assert torch.equal(masks, expected_masks)
    assert images.dtype == torch.float32
    assert masks.dtype == torch.int64
    assert torch.equal(samples[-1][0], images[-1])


def test_a_sample_that_is_not_there_is_an_index_error(boards: Dataset) -> None:
    for index in (len(boards.train), -len(boards.train) - 1):
        with pytest.raises(IndexError, match="sample must be from 0"):
            boards.train[index]


def test_images_of_different_sizes_fit_in_one_batch(tmp_path: Path) -> None:
    sizes = np.array([[8, 6], [4, 6]], np.int32)
    masks = np.zeros((2, 8, 6), np.uint8)
    masks[0, 0, 0] = 1
    masks[1, 4:] = 255
    images = np.full((2, 8, 6, 3), 100, np.uint8)
    images[1, 4:] = 0
    splits = dict.fromkeys(("train", "val", "test"), Split(images, masks, sizes))
    data = write_dataset(tmp_path / "data", splits, name="data", class_names=["no", "yes"], ignored_label=255)
    batch, labels = next(iter(DataLoader(data.train, batch_size=2)))
    assert batch.shape == (2, 3, 8, 6)
    assert bool((labels[1, 4:] == 255).all())
    model = drumhead.build("cnn", in_channels=3, classes=2, layers=1, width=2, pixel_widths=(4,))
    assert torch.isfinite(model.loss(batch, labels, ignored_label=data.ignored_label))


def test_other_processes_can_read_it(boards: Dataset) -> None:
    loader = DataLoader(boards.train, batch_size=4, num_workers=1, multiprocessing_context="fork")
    assert sum(len(images) for images, _ in loader) == len(boards.train)


def lightning_example() -> str:
    """Return the code on Lightning in docs/python.md."""
    (code,) = (block for block in re.findall(r"```py\n(.*?)```", PAGE.read_text(), re.DOTALL) if "lightning" in block)
    return str(code)


def test_the_page_shows_lightning() -> None:
    compile(lightning_example(), str(PAGE), "exec")


@pytest.mark.filterwarnings("ignore")  # Lightning's own, on workers, logging and what it calls in torch
def test_lightning_trains_as_the_page_says(boards: Dataset) -> None:
    pytest.importorskip("lightning", reason="Lightning is not among the development tools")
    model = drumhead.build("nwm", in_channels=3, classes=boards.classes, steps=4, width=4, pixel_widths=(8,))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    names: dict[str, Any] = {"torch": torch, "DataLoader": DataLoader, "dataset": boards, "model": model}
    exec(lightning_example(), names)
    assert any(not torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
