"""The figure of receptive fields over time: maps at some steps, and how far they reach after each step."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from drumhead.analysis.receptive_field_study import ReceptiveFieldStudy
from drumhead.analysis.spectrum import Floats
from drumhead.report.figures.training_figure import COLOURS
from drumhead.report.style import DPI, PAGE_WIDTH, figure_style, wrap_text

MAPS = 5
"""The number of maps of a recurrent model."""

FAINTEST = 1e-3
"""The share of a map's maximum at which its colours begin."""

MAP_SIDE, LABEL_WIDTH, PANEL_HEIGHT, TITLE_HEIGHT, AXIS_HEIGHT = 66.0, 70.0, 130.0, 14.0, 42.0  # points


@figure_style()
def receptive_field_figure(models: Mapping[str, ReceptiveFieldStudy], *, dpi: int = DPI) -> Figure:
    """Draw maps of each model's receptive field, a row each; below, its radius and its front after each step.

    Args:
        models: the receptive fields by title; those of models without steps are drawn as horizontal lines.
        dpi: the resolution in pixels per inch.
    """
    rows = len(models)
    height = rows * (MAP_SIDE + TITLE_HEIGHT) + 3 * TITLE_HEIGHT + PANEL_HEIGHT + AXIS_HEIGHT
    figure = Figure(figsize=(PAGE_WIDTH / 72, height / 72), dpi=dpi)
    image = None
    for row, (title, model) in enumerate(models.items()):
        bottom = height - (row + 1) * (MAP_SIDE + TITLE_HEIGHT)
        middle = (bottom + MAP_SIDE / 2) / height
        figure.text(6 / PAGE_WIDTH, middle, wrap_text(title, LABEL_WIDTH - 10), va="center", fontweight="bold")
        chosen = np.unique(np.linspace(0, len(model.field.steps) - 1, MAPS).round().astype(int))
        for place, frame in enumerate(chosen):
            left = LABEL_WIDTH + place * (MAP_SIDE + 8)
            axes = figure.add_axes((left / PAGE_WIDTH, bottom / height, MAP_SIDE / PAGE_WIDTH, MAP_SIDE / height))
            values = model.field.sensitivity[frame]
            image = axes.imshow(
                np.maximum(values / max(values.max(), np.finfo(float).tiny), FAINTEST),
                norm=LogNorm(FAINTEST, 1),
                cmap="magma",
                interpolation="nearest",
            )
            axes.set_axis_off()
            step = f"step {model.field.steps[frame]}" if model.total_steps else "all layers"
            axes.set_title(step, fontsize=7, pad=2)
    assert image is not None
    top = (height - MAP_SIDE - TITLE_HEIGHT) / height
    bar = figure.add_axes((1 - 58 / PAGE_WIDTH, top, 5 / PAGE_WIDTH, MAP_SIDE / height))
    colour_bar = figure.colorbar(image, cax=bar, ticks=[FAINTEST, 0.01, 0.1, 1], label="share of the largest")
    colour_bar.ax.set_yticklabels([f"{FAINTEST:g}", "0.01", "0.1", "1"], fontsize=7)
    radius, front = (
        figure.add_axes((left, AXIS_HEIGHT / height, 0.37, PANEL_HEIGHT / height)) for left in (0.075, 0.525)
    )
    longest = max(model.total_steps or 1 for model in models.values())
    for number, (title, model) in enumerate(models.items()):
        colour = COLOURS[number % len(COLOURS)]
        _draw_line(radius, model, model.spread.radius_95, colour, longest, title)
        _draw_line(front, model, model.spread.front, colour, longest, title)
    for axes, title in ((radius, "radius of 95 % of the sensitivity"), (front, "front: above 5 % of the largest")):
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set_xlabel("step")
        axes.set_ylabel("pixels")
        axes.set_xlim(0, longest * 1.02)
        axes.set_ylim(bottom=0)
    front.legend(loc="upper left", bbox_to_anchor=(1.02, 1), handlelength=1.5)
    _fit_legend(front, list(models))
    return figure


def _draw_line(axes: Axes, model: ReceptiveFieldStudy, values: Floats, colour: str, longest: int, title: str) -> None:
    """Draw distances against steps; a horizontal line for a model without steps."""
    if model.total_steps is None:
        axes.plot([0, longest], [values[0]] * 2, color=colour, lw=1.2, ls="--", label=title)
    else:
        axes.plot(model.field.steps, values, color=colour, lw=1.2, marker="o", ms=2, label=title)


def _fit_legend(axes: Axes, titles: list[str]) -> None:
    """Wrap the titles in the legend to the space at the right of the panel."""
    legend = axes.get_legend()
    assert legend is not None
    for text, title in zip(legend.get_texts(), titles, strict=True):
        text.set_text(wrap_text(title, 44, 7))
        text.set_fontsize(7)
