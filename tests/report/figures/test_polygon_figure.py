"""Tests of the figure of an NWM on polygons."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.report.toy_runs import toy_network, toy_study

from drumhead.analysis.natural_frequency import natural_frequencies
from drumhead.data import Dataset, to_tensors
from drumhead.report.figures.polygon_figure import polygon_figure


@pytest.mark.parametrize(("channels", "shown"), [(1, 1), (3, 2)])
def test_figure_shows_frequencies_states_and_study(study_boards: Dataset, channels: int, shown: int) -> None:
    model = toy_network(channels)
    study = toy_study(model, study_boards)
    figure = polygon_figure(model, study_boards, study, split="test", sample=2, dpi=60)
    figure.canvas.draw()
    by_title: dict[str, list[Any]] = {}
    for axes in figure.axes:
        by_title.setdefault(axes.get_title() or axes.get_title("left"), []).append(axes)
    assert {"input\n(test 2)", "truth", "prediction"} <= set(by_title)
    assert len([title for title in by_title if title.startswith("√ω")]) == shown
    assert len(by_title["t = 0.1"]) == len(by_title["t = 2"]) == shown  # the first and the last of 20 steps

    images, _ = to_tensors(study_boards.splits["test"], [2])
    omega, coupling = model.encode(images).omega[0].detach().numpy(), model.coupling.detach().numpy()
    natural = natural_frequencies(omega, coupling).uncoupled[:shown]
    (bar,) = [axes for axes in figure.axes if axes.get_ylim() == pytest.approx((natural.min(), natural.max()))]
    assert bar.get_title() == ""

    (spectra,) = by_title["b   mean spectra (8 images)"]
    named = {line.get_label(): line for line in spectra.lines}
    np.testing.assert_allclose(named["background"].get_ydata(), study.spectra.mean[0, 0])
    present = [name for name, n in zip(study_boards.class_names, study.spectra.pixels, strict=True) if n]
    assert set(named) == {*present, "natural, inside", "natural, outside"}
    (confusion,) = by_title["c   linear probe on spectra"]
    assert f"balanced {study.probe.balanced_accuracy:.2f}" in confusion.get_xlabel()


def test_a_sample_out_of_range_is_refused(study_boards: Dataset) -> None:
    model = toy_network(1)
    with pytest.raises(ValueError, match="samples must be from 0 to 7 in test"):
        polygon_figure(model, study_boards, toy_study(model, study_boards), split="test", sample=8)
