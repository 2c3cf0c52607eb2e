"""Tests of rows of panels: pixels are squares, nothing overlaps, nothing is outside the page."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from drumhead.report.figures.panels import ColourBar, PanelRow, panel_figure
from drumhead.report.style import PAGE_WIDTH, figure_style

LEGEND = {"background": "#16161d", "square": "#e69f00", "disc": "#0072b2"}


def row(panels: int, *, height: int = 20, width: int = 30, bar: bool = False, extra_gap: bool = False) -> PanelRow:
    picture = np.zeros((height, width, 3), np.uint8)
    colours = ScalarMappable(Normalize(-1, 1))
    return PanelRow(
        label="a model\nstates",
        panels=[picture] * panels,
        titles=[f"bin {i}\nperiod {i}.5" for i in range(panels)],
        bar=ColourBar(colours=colours, ticks={-1: "low", 1: "high"}) if bar else None,
        extra_gap=extra_gap,
    )


@figure_style()
def boxes(figure: Figure) -> list[Bbox]:
    """Return the bounding boxes of panels, colour bars, texts and legends, in pixels."""
    figure.draw_without_rendering()
    drawn = [axes.get_tightbbox() for axes in figure.axes]
    drawn += [text.get_window_extent() for text in figure.texts]
    drawn += [legend.get_window_extent() for legend in figure.legends]
    return [box for box in drawn if box is not None]


@pytest.mark.parametrize(
    "rows",
    [
        [row(1)],
        [row(8), row(8)],
        [row(3, bar=True), row(6, bar=True, extra_gap=True), row(6)],
        [row(2, height=64, width=64), row(7, height=64, width=64, bar=True)],
        [row(4, height=60, width=20)],
        [row(3, height=500, width=400)],
    ],
)
def test_nothing_overlaps_and_everything_is_on_the_page(rows: list[PanelRow]) -> None:
    figure = panel_figure(rows, legend=LEGEND, dpi=150)
    for one, other in combinations(boxes(figure), 2):
        assert Bbox.intersection(one, other) is None
    assert figure.get_figwidth() * 72 <= PAGE_WIDTH + 1
    for box in boxes(figure):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= figure.bbox.width
        assert box.y1 <= figure.bbox.height


def test_long_labels_and_titles_are_wrapped() -> None:
    long = replace(row(3), label="tetrominoes-nwm-linear-seed2200, learning rate 0.001\nstates")
    long = replace(long, titles=["prediction\ntetrominoes-nwm-linear-seed2200, steps 50"] * 3)
    figure = panel_figure([long, row(9, height=64, width=64), long], legend=LEGEND, dpi=150)
    for one, other in combinations(boxes(figure), 2):
        assert Bbox.intersection(one, other) is None


@pytest.mark.parametrize("dpi", [100, 150, 300])
def test_pixels_of_images_are_squares_of_whole_pixels(dpi: int) -> None:
    figure = panel_figure([row(2)], legend={}, dpi=dpi)
    for axes in figure.axes:
        width, height = axes.get_window_extent().width / 30, axes.get_window_extent().height / 20
        assert width == pytest.approx(height)
        assert width == pytest.approx(round(width))


def test_the_legend_is_beside_a_short_first_row_or_else_below() -> None:
    beside = panel_figure([row(2), row(6)], legend=LEGEND, dpi=100)
    below = panel_figure([row(6), row(6)], legend=LEGEND, dpi=100)
    assert below.get_figheight() > beside.get_figheight()


def test_too_many_panels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"at most \d+ panels fit side by side on a page; got 40"):
        panel_figure([row(40)], legend=LEGEND, dpi=100)
