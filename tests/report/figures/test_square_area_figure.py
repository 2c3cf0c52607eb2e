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
)
from drumhead.report.figures.square_area_figure import square_area_figure


def values(line: Line2D) -> list[float]:
    """Return the y values of a line."""
    return [float(value) for value in np.asarray(line.get_ydata(), np.float64)]


def test_figure_shows_the_estimates(area_study: AreaStudy) -> None:
    figure = square_area_figure(area_study, dpi=60)
    spectra, fundamentals, areas, errors = figure.axes
    assert [axes.get_title("left")[0] for axes in figure.axes] == list("abcd")
    assert [text.get_text() for text in spectra.get_yticklabels()] == ["L = 9", "L = 5"]
    legend = fundamentals.get_legend()
    assert legend is not None
    assert any("(L = 8 or more)" in text.get_text() for text in legend.get_texts())
    drawn = [container for container in areas.containers if isinstance(container, ErrorbarContainer)]
    for container, duration in zip(drawn, area_study.shown_durations, strict=True):
        estimates = area_study.select(duration=duration, estimation=WITH_INTERPOLATION)
        assert values(container.lines[0]) == pytest.approx([each.area for each in estimates])
    curves = [line for line in errors.lines if np.size(line.get_xdata()) > 1]
    assert len(curves) == 2 * 2
    expected = [
        100 * each.error
        for each in area_study.select(side=5, estimation=WITHOUT_INTERPOLATION)
        if np.isfinite(each.error)
    ]
    assert values(curves[0]) == pytest.approx(expected)


def test_figure_of_one_square_without_any_estimate(area_study: AreaStudy) -> None:
    unknown: dict[str, Any] = dict.fromkeys(("fundamental", "area", "area_low", "area_high"), np.nan)
    missing = [each._replace(heard=0, error=np.inf, **unknown) for each in area_study.estimates if each.side == 9]
    figure = square_area_figure(area_study._replace(estimates=missing, spectra={9: area_study.spectra[9]}), dpi=60)
    figure.canvas.draw()
    assert not [line for line in figure.axes[3].lines if np.size(line.get_xdata()) > 1]
