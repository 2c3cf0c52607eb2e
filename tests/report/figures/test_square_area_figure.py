"""Tests of the figure of the study of square areas."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from matplotlib.container import ErrorbarContainer
from matplotlib.lines import Line2D

from drumhead.analysis.square_area import (
    WITH_INTERPOLATION,
    WITHOUT_INTERPOLATION,
    AreaStudy,
    study_areas,
)
from drumhead.report.figures.square_area_figure import square_area_figure


@pytest.fixture(scope="module")
def study() -> AreaStudy:
    return study_areas((5, 9), duration=160, strikes=2, points=4)


def values(line: Line2D) -> list[float]:
    """Return the y values of a line."""
    return [float(value) for value in np.asarray(line.get_ydata(), np.float64)]


def test_figure_shows_the_estimates(study: AreaStudy) -> None:
    figure = square_area_figure(study, dpi=60)
    spectra, fundamentals, areas, errors = figure.axes
    assert [axes.get_title("left")[0] for axes in figure.axes] == list("abcd")
    assert [text.get_text() for text in spectra.get_yticklabels()] == ["L = 9", "L = 5"]
    legend = fundamentals.get_legend()
    assert legend is not None
    assert any("(L = 8 or more)" in text.get_text() for text in legend.get_texts())
    drawn = [container for container in areas.containers if isinstance(container, ErrorbarContainer)]
    for container, duration in zip(drawn, study.shown_durations, strict=True):
        estimates = study.select(duration=duration, estimation=WITH_INTERPOLATION)
        assert values(container.lines[0]) == pytest.approx([each.area for each in estimates])
    curves = [line for line in errors.lines if np.size(line.get_xdata()) > 1]
    assert len(curves) == 2 * 2
    expected = [
        100 * each.error for each in study.select(side=5, estimation=WITHOUT_INTERPOLATION) if np.isfinite(each.error)
    ]
    assert values(curves[0]) == pytest.approx(expected)


def test_figure_of_one_square_without_any_estimate(study: AreaStudy) -> None:
    unknown: dict[str, Any] = dict.fromkeys(("fundamental", "area", "area_low", "area_high"), np.nan)
    missing = [each._replace(heard=0, error=np.inf, **unknown) for each in study.estimates if each.side == 9]
    figure = square_area_figure(study._replace(estimates=missing, spectra={9: study.spectra[9]}), dpi=60)
    figure.canvas.draw()
    assert not [line for line in figure.axes[3].lines if np.size(line.get_xdata()) > 1]
