"""Tests of the gallery of a dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.report.figures.layout import layout_faults
from tests.report.toy_runs import toy_dataset

from drumhead.data import Dataset, ImportOptions, open_dataset, to_tensors
from drumhead.report.colours import IGNORED_NAME, class_colours
from drumhead.report.figures.dataset_figure import dataset_figure


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return toy_dataset(tmp_path_factory.mktemp("data") / "boards")


def test_images_are_above_their_true_classes(boards: Dataset) -> None:
    figure = dataset_figure(boards, split="test", samples=[3, 0, 1], columns=2, dpi=100)
    assert [text.get_text() for text in figure.texts] == ["input", "3", "0", "truth", "input", "1", "truth"]
    panels = [np.asarray(axes.images[0].get_array()) for axes in figure.axes]
    images, masks = to_tensors(boards.splits["test"], [3, 0, 1])
    for number, (image, mask) in enumerate(zip((0, 1, 4), (2, 3, 5), strict=True)):
        np.testing.assert_allclose(panels[image] / 255, images[number].permute(1, 2, 0), atol=0.01)
        np.testing.assert_array_equal(panels[mask], class_colours(6)[masks[number]])
    assert layout_faults(figure) == []


def test_ignored_pixels_of_ones_own_data_are_named(tmp_path: Path) -> None:
    masks = np.zeros((2, 8, 9), np.uint8)
    masks[:, 2:4], masks[:, 6:] = 1, 255
    for split in ("train", "val", "test"):
        np.save(tmp_path / f"{split}_images.npy", np.zeros((2, 8, 9), np.uint8))
        np.save(tmp_path / f"{split}_masks.npy", masks)
    figure = dataset_figure(
        open_dataset(tmp_path, ImportOptions(ignore_labels=(255,))), split="test", samples=[1], dpi=72
    )
    (legend,) = figure.legends
    assert IGNORED_NAME in [text.get_text() for text in legend.get_texts()]


def test_refuses(boards: Dataset) -> None:
    with pytest.raises(ValueError, match="samples must be from 0 to 3"):
        dataset_figure(boards, split="test", samples=[4])
    with pytest.raises(ValueError, match="columns must be 1 or more; got 0"):
        dataset_figure(boards, split="test", samples=[0], columns=0)
    with pytest.raises(ValueError, match="panels fit side by side on a page; got 100"):
        dataset_figure(boards, split="test", samples=[0] * 100, columns=100)
