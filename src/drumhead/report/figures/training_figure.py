"""The figure of training: losses and a score over epochs, one line per run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from drumhead.report.figures.log_axis import set_plain_log_labels
from drumhead.report.style import DPI, PAGE_WIDTH, figure_style, legend_columns, legend_lines, wrap_legend

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#444444", "#cc79a7", "#56b4e9", "#b8860b")
"""The colours of lines on white."""
LINE_STYLES = ("-", "--", "-.", ":")
"""The line styles; the next one is used when all colours have been used."""
PANEL_HEIGHT, LINE_HEIGHT, AXIS_HEIGHT = 150, 13, 34  # points: of panels, a line of the legend, space below the panels

Metrics = Sequence[Mapping[str, float]]


@figure_style()
def training_figure(runs: Mapping[str, Sequence[Metrics]], *, dpi: int = DPI) -> Figure:
    """Draw the training loss, and the loss and foreground IoU on the validation images, over epochs.

    Args:
        runs: the rows of ``metrics.csv`` of each run, by the label of its model. The runs of a model share a colour.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if no epoch has finished.
    """
    if not any(metrics for seeds in runs.values() for metrics in seeds):
        raise ValueError("no epoch of these runs has finished")
    styles = {
        name: {"color": COLOURS[number % len(COLOURS)], "ls": LINE_STYLES[number // len(COLOURS) % len(LINE_STYLES)]}
        for number, name in enumerate(runs)
    }
    names = wrap_legend(list(runs))
    columns = legend_columns(names, PAGE_WIDTH - 48)  # the lines in the legend are longer than its usual swatches
    legend = LINE_HEIGHT * legend_lines(names, columns) + 6
    height = legend + PANEL_HEIGHT + AXIS_HEIGHT
    figure = Figure(figsize=(PAGE_WIDTH / 72, height / 72), dpi=dpi)
    panels = figure.subplots(1, 3)
    figure.subplots_adjust(
        left=0.07, right=0.985, bottom=AXIS_HEIGHT / height, top=1 - (legend + LINE_HEIGHT) / height, wspace=0.26
    )
    titles = {"train_loss": "training loss", "val_loss": "validation loss", "val_iou_foreground": "IoU, foreground"}
    for axes, (column, title) in zip(panels, titles.items(), strict=True):
        for name, seeds in runs.items():
            for metrics in seeds:
                _draw_line(axes, metrics, column, styles[name])
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
        if column == "val_iou_foreground":
            axes.set_ylim(-0.02, 1.02)
        else:
            axes.set_yscale("log")
            set_plain_log_labels(axes.yaxis)
            axes.tick_params(axis="y", which="both", labelsize=6)
    handles = [
        Line2D([], [], label=name, lw=1.2, **style)  # type: ignore[arg-type]
        for name, style in zip(names, styles.values(), strict=True)
    ]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(8 / PAGE_WIDTH, 1 - 2 / height),
        ncols=columns,
        handlelength=2,
    )
    return figure


def _draw_line(axes: Axes, metrics: Metrics, column: str, style: Mapping[str, str]) -> None:
    """Draw the line of one run; a dot if there is a single epoch."""
    points = [(row["epoch"], row[column]) for row in metrics if {"epoch", column} <= row.keys()]
    if points:
        epochs, values = zip(*points, strict=True)
        marker = "o" if len(points) == 1 else ""
        axes.plot(epochs, values, lw=1, marker=marker, ms=3, color=style["color"], ls=style["ls"])
