"""Tests of the score figure: bars, marks, colours, layout."""

from __future__ import annotations

from itertools import combinations
from statistics import stdev

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

from drumhead.report.colours import SERIES
from drumhead.report.figures.score_figure import PUBLISHED, BarStatistics, ScoreBar, scores_figure
from drumhead.report.style import figure_style

NWM = ScoreBar("MNIST", "NWM, linear", "paper", BarStatistics.of([0.7, 0.8, 0.9]))
QUICK = ScoreBar("MNIST", "NWM, linear", "lite", BarStatistics.of([0.4]))
CNN = ScoreBar("Tetrominoes", "CNN, 2 layers", PUBLISHED, BarStatistics.of([0.0, 0.16]))


def bars_of(axes: Axes) -> list[Rectangle]:
    return [patch for patch in axes.patches if isinstance(patch, Rectangle)]


def test_bars_are_means_and_marks_are_seeds_and_deviations() -> None:
    figure = scores_figure([NWM, QUICK, CNN], score="IoU")
    mnist, tetrominoes = figure.axes
    assert [bar.get_width() for bar in bars_of(mnist)] == pytest.approx([0.8, 0.4])
    assert [bar.get_width() for bar in bars_of(tetrominoes)] == pytest.approx([0.08])
    dots = [list(map(float, np.asarray(line.get_xdata()))) for line in mnist.lines if line.get_marker() == "o"]
    assert dots == [[0.7, 0.8, 0.9], [0.4]]
    (error,) = [container for container in mnist.containers if isinstance(container, ErrorbarContainer)]
    ends = error[2][0].get_segments()[0][:, 0]
    assert ends == pytest.approx([0.8 - stdev([0.7, 0.8, 0.9]), 0.8 + stdev([0.7, 0.8, 0.9])])
    assert [label.get_text() for label in mnist.get_yticklabels()] == ["NWM, linear"]


def test_each_recipe_has_a_colour_and_a_position() -> None:
    other = [bar._replace(model="LSTM, linear") for bar in (QUICK, NWM)]
    (axes,) = scores_figure([NWM, QUICK, *other], score="IoU").axes
    bars = sorted(bars_of(axes), key=lambda bar: bar.get_y())
    assert [bar.get_width() for bar in bars] == pytest.approx([0.8, 0.4, 0.8, 0.4])
    colours = [bar.get_facecolor() for bar in bars]
    assert colours[0] == colours[2] != colours[1] == colours[3]


def words(figure: Figure) -> str:
    return " ".join(text.get_text() for text in figure.texts)


def test_the_note_explains_the_marks_that_occur() -> None:
    assert words(scores_figure([QUICK], score="IoU")) == "Bar: mean over seeds. Circle: one seed."
    assert "Thick line: standard deviation." in words(scores_figure([CNN], score="IoU"))


def test_the_legend_lists_the_recipes() -> None:
    (legend,) = scores_figure([NWM, QUICK, CNN], score="IoU").legends
    assert [text.get_text() for text in legend.get_texts()] == ["paper", "lite", PUBLISHED]


def test_axis_of_fractions_is_0_to_1_and_of_losses_starts_at_0() -> None:
    assert scores_figure([NWM], score="IoU").axes[0].get_xlim() == (0, 1)
    losses = NWM._replace(statistics=BarStatistics.of([2.5, 3]))
    low, high = scores_figure([losses], score="loss", is_fraction=False).axes[0].get_xlim()
    assert low == 0
    assert high > 3


def test_series_differ_in_lightness() -> None:
    lightness = [float(np.dot(to_rgb(colour), [0.2126, 0.7152, 0.0722])) for colour in SERIES]
    assert min(abs(a - b) for a, b in combinations(lightness, 2)) > 0.05


@figure_style()
def test_long_names_do_not_overlap() -> None:
    bars = [
        NWM._replace(dataset=dataset, model=f"{model}, linear, hidden channels 16", group=group)
        for dataset in ("MNIST", "Multi-MNIST", "Polygons", "Tetrominoes")
        for model in ("NWM", "LSTM", "GRU")
        for group in (PUBLISHED, "paper", "lite, epochs 5, batch size 8, learning rate 0.0005", "smoke")
    ]
    figure = scores_figure(bars, score="IoU, foreground", dpi=72)
    figure.draw_without_rendering()
    boxes = [box for axes in figure.axes if (box := axes.get_tightbbox())]
    boxes += [text.get_window_extent() for text in figure.texts]
    boxes += [legend.get_window_extent() for legend in figure.legends]
    for one, other in combinations(boxes, 2):
        assert Bbox.intersection(one, other) is None
    assert min(box.x0 for box in boxes) >= 0
    assert max(box.x1 for box in boxes) <= figure.bbox.width


def test_refuses() -> None:
    with pytest.raises(ValueError, match="must be at least one bar"):
        scores_figure([], score="IoU")
    with pytest.raises(ValueError, match=r"got several of \[\('MNIST', 'NWM, linear', 'paper'\)\]"):
        scores_figure([NWM, NWM], score="IoU")
    many = [NWM._replace(group=f"recipe {i}") for i in range(6)]
    with pytest.raises(ValueError, match="at most 5 recipes have distinct colours"):
        scores_figure(many, score="IoU")
