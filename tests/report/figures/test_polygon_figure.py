"""Tests of the figure of an NWM on polygons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from drumhead.analysis.class_study import ClassStudy, study_classes
from drumhead.analysis.natural_frequency import natural_frequencies
from drumhead.data import Dataset, TetrominoConfig, image_loader, make_dataset, to_tensors
from drumhead.models import NWM, build, model_config
from drumhead.report.figures.polygon_figure import polygon_figure

BOARDS = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=1, val=1, test=8, seed=0)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("data") / "boards")


def network(channels: int) -> NWM:
    config = model_config("nwm", steps=20, width=4, hidden_channels=channels, pixel_widths=(8,))
    model = build(config, in_channels=3, classes=6, seed=4)
    assert isinstance(model, NWM)
    return model.eval()


def study_of(model: NWM, dataset: Dataset) -> ClassStudy:
    batches = image_loader(dataset.splits["test"], batch_size=4, order=None)
    return study_classes(model, batches, classes=6, per_class=5, generator=np.random.default_rng(0))


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (3, 2)])
def test_figure_shows_frequencies_states_and_study(dataset: Dataset, channels: int, shown: int) -> None:
    model = network(channels)
    study = study_of(model, dataset)
    figure = polygon_figure(model, dataset, study, split="test", sample=2, dpi=60)
    figure.canvas.draw()
    by_title: dict[str, list[Any]] = {}
    for axes in figure.axes:
        by_title.setdefault(axes.get_title() or axes.get_title("left"), []).append(axes)
    assert {"input\n(test 2)", "truth", "prediction"} <= set(by_title)
    assert len([title for title in by_title if title.startswith("√ω")]) == shown
    assert len(by_title["t = 0.1"]) == len(by_title["t = 2"]) == shown  # the first and the last of 20 steps

    images, _ = to_tensors(dataset.splits["test"], [2])
    omega, coupling = model.encode(images).omega[0].detach().numpy(), model.coupling.detach().numpy()
    natural = natural_frequencies(omega, coupling).uncoupled[:shown]
    (bar,) = [axes for axes in figure.axes if axes.get_ylim() == pytest.approx((natural.min(), natural.max()))]
    assert bar.get_title() == ""

    (spectra,) = by_title["b   mean spectra (8 images)"]
    named = {line.get_label(): line for line in spectra.lines}
    np.testing.assert_allclose(named["background"].get_ydata(), study.spectra.mean[0, 0])
    present = [name for name, n in zip(dataset.class_names, study.spectra.pixels, strict=True) if n]
    assert set(named) == {*present, "natural, inside", "natural, outside"}
    (confusion,) = by_title["c   linear probe on spectra"]
    assert f"balanced {study.probe.balanced_accuracy:.2f}" in confusion.get_xlabel()


def test_a_sample_out_of_range_is_refused(dataset: Dataset) -> None:
    model = network(1)
    with pytest.raises(ValueError, match="samples must be from 0 to 7 in test"):
        polygon_figure(model, dataset, study_of(model, dataset), split="test", sample=8)
