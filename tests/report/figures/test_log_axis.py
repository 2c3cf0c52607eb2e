"""Tests of the tick labels of logarithmic axes."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from drumhead.report.figures.log_axis import set_plain_log_labels
from drumhead.report.figures.training_figure import training_figure
from drumhead.report.style import figure_style


def labels(figure: Figure, *, minor: bool) -> list[str]:
    """Return the tick labels of the y axis that are drawn."""
    axes = figure.axes[0]
    low, high = axes.get_ylim()
    ticks = zip(axes.get_yticks(minor=minor), axes.get_yticklabels(minor=minor), strict=True)
    return [label.get_text() for value, label in ticks if low <= value <= high and label.get_text()]


@pytest.mark.parametrize(
    ("limits", "major", "minor"), [((0.01, 10), ["0.01", "0.1", "1", "10"], []), ((1.5, 4.5), [], ["2", "3", "4"])]
)
@figure_style()
def test_labels_are_plain_numbers(limits: tuple[float, float], major: list[str], minor: list[str]) -> None:
    figure = Figure()
    axes = figure.add_subplot()
    axes.set(yscale="log", ylim=limits)
    set_plain_log_labels(axes.yaxis)
    figure.draw_without_rendering()
    assert labels(figure, minor=False) == major
    assert labels(figure, minor=True) == minor


@figure_style()
def test_losses_have_plain_labels() -> None:
    metrics = [{"epoch": epoch, "train_loss": loss} for epoch, loss in ((1, 1.8), (2, 0.02))]
    figure = training_figure({"NWM": [metrics]})
    figure.draw_without_rendering()
    shown = labels(figure, minor=False)
    assert shown == ["0.1", "1"]
