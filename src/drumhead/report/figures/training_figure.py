"""The figure of how runs trained: losses and a score over epochs, a line for each run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from drumhead.report.style import DPI, PAGE, legend_columns, styled

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#444444", "#cc79a7", "#56b4e9", "#b8860b")
"""Of lines on white."""
DASHES = ("-", "--", "-.", ":")
"""Of lines whose colours come again."""
PANEL, LINE, FOOT = 150, 13, 34  # heights in points: of the panels, a line of the legend, what is below the panels

Metrics = Sequence[Mapping[str, float]]


@styled()
def training_figure(runs: Mapping[str, Sequence[Metrics]], *, dpi: int = DPI) -> Figure:
    """Loss of training and validation, and IoU on the foreground of the validation images, over epochs.

    Args:
        runs: by the name of a model, the rows of ``metrics.csv`` of its runs, which share a colour.
        dpi: pixels to an inch.

    Raises:
        ValueError: if no epoch has finished.
    """
    if not any(metrics for seeds in runs.values() for metrics in seeds):
        raise ValueError("no epoch of these runs has finished")
    looks = {
        name: {"color": COLOURS[number % len(COLOURS)], "ls": DASHES[number // len(COLOURS) % len(DASHES)]}
        for number, name in enumerate(runs)
    }
    columns = legend_columns(list(runs), PAGE - 16)
    legend = LINE * math.ceil(len(runs) / columns) + 6
    height = legend + PANEL + FOOT
    figure = Figure(figsize=(PAGE / 72, height / 72), dpi=dpi)
    panels = figure.subplots(1, 3)
    figure.subplots_adjust(left=0.07, right=0.985, bottom=FOOT / height, top=1 - (legend + LINE) / height, wspace=0.26)
    titles = {"train_loss": "training loss", "val_loss": "validation loss", "val_iou_foreground": "IoU, foreground"}
    for axes, (column, title) in zip(panels, titles.items(), strict=True):
        for name, seeds in runs.items():
            for metrics in seeds:
                _draw_line(axes, metrics, column, looks[name])
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set_xlabel("epoch")
        if column == "val_iou_foreground":
            axes.set_ylim(-0.02, 1.02)
        else:
            axes.set_yscale("log")
            axes.tick_params(axis="y", which="both", labelsize=6)
    handles = [Line2D([], [], label=name, lw=1.2, **look) for name, look in looks.items()]  # type: ignore[arg-type]
    figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(8 / PAGE, 1 - 2 / height), ncols=columns, handlelength=2
    )
    return figure


def _draw_line(axes: Axes, metrics: Metrics, column: str, look: Mapping[str, str]) -> None:
    """One run; a dot too, where there is a single epoch."""
    known = [(row["epoch"], row[column]) for row in metrics if {"epoch", column} <= row.keys()]
    if known:
        epochs, values = zip(*known, strict=True)
        marker = "o" if len(known) == 1 else ""
        axes.plot(epochs, values, lw=1, marker=marker, ms=3, color=look["color"], ls=look["ls"])
