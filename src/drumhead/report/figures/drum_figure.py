"""The figure of drums: shapes and modes, counted modes against Weyl's law, spectra, and a pick-up's amplitudes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from drumhead.analysis.drums import correct_for_grid, weyl_count
from drumhead.analysis.drums.study import DrumStudy
from drumhead.report.style import DPI, FONT_SIZE, PAGE_WIDTH, figure_style, shorten_text

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "black")
SPECTRUM_LINES = 30
"""The number of lines of each drum in the panels of spectra."""
NAME_WIDTH = 62  # points
PANEL_HEIGHT = 150  # points


@figure_style()
def drums_figure(studies: Sequence[DrumStudy], *, shown_modes: int = 9, dpi: int = DPI) -> Figure:
    """Draw the modes of drums in a row each, and below them what their frequencies and a pick-up tell.

    Args:
        studies: one study or more.
        shown_modes: the number of modes in each row.
        dpi: the resolution in pixels per inch.
    """
    shown = min(shown_modes, min(len(study.modes.eigenvalues) for study in studies))
    cell = (PAGE_WIDTH - NAME_WIDTH) / shown
    rows_height = len(studies) * (cell + 3 * FONT_SIZE)
    size = (PAGE_WIDTH / 72, (rows_height + PANEL_HEIGHT + 2 * FONT_SIZE) / 72)
    figure = Figure(figsize=size, dpi=dpi, layout="constrained")
    upper, lower = np.asarray(figure.subfigures(2, 1, height_ratios=[rows_height, PANEL_HEIGHT]))
    grid = upper.subplots(len(studies), shown, squeeze=False)
    for study, row in zip(studies, grid, strict=True):
        _draw_modes(row, study)
    for axes, draw in zip(lower.subplots(1, 3), (_draw_counts, _draw_spectra, _draw_pickups), strict=True):
        draw(axes, studies)
    return figure


def _draw_modes(row: Sequence[Axes], study: DrumStudy) -> None:
    inside = study.drum.inside
    for number, axes in enumerate(row):
        shape = study.modes.shapes[number]
        relative = np.round(shape / np.abs(shape).max(), 6)  # else rounding decides the colour of nodal lines
        axes.imshow(np.where(inside, relative, np.nan), cmap="RdBu_r", vmin=-1, vmax=1)
        axes.contour(inside.astype(float), levels=[0.5], colors="black", linewidths=0.5)
        axes.set_title(f"{study.modes.frequencies[number]:.3f}", fontsize=FONT_SIZE - 1, pad=2)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    row[0].set_ylabel(shorten_text(study.drum.name, NAME_WIDTH))


def _draw_counts(axes: Axes, studies: Sequence[DrumStudy]) -> None:
    axes.set_title("a   Modes up to a frequency", loc="left", fontweight="bold")
    for study, colour in zip(studies, _colours(studies), strict=True):
        corrected = correct_for_grid(study.modes.eigenvalues, study.drum.spacing)
        frequencies = np.sqrt(np.maximum(corrected, 0)) / (2 * np.pi)
        axes.step(frequencies, np.arange(1, len(frequencies) + 1), where="post", color=colour, lw=0.9)
        smooth = np.linspace(frequencies[0], frequencies[-1], 200)
        count = weyl_count((2 * np.pi * smooth) ** 2, study.drum, rim=study.rim)
        axes.plot(smooth, count, color=colour, lw=0.9, ls="--")
    axes.plot([], [], color="0.4", lw=0.9, label="counted")
    axes.plot([], [], color="0.4", lw=0.9, ls="--", label="Weyl's law")
    axes.set(xlabel="frequency", ylabel="number of modes", ylim=(0, None))
    axes.legend(loc="upper left")


def _draw_spectra(axes: Axes, studies: Sequence[DrumStudy]) -> None:
    axes.set_title("b   Frequencies", loc="left", fontweight="bold")
    for position, (study, colour) in enumerate(zip(studies, _colours(studies), strict=True)):
        lines = study.modes.frequencies[:SPECTRUM_LINES]
        axes.vlines(lines, -position - 0.4, -position + 0.4, color=colour, lw=0.8)
    axes.set_yticks([-n for n in range(len(studies))], [shorten_text(s.drum.name, NAME_WIDTH) for s in studies])
    axes.set(xlabel="frequency", ylim=(-len(studies) + 0.4, 0.6))


def _draw_pickups(axes: Axes, studies: Sequence[DrumStudy]) -> None:
    axes.set_title("c   Amplitudes at a pick-up", loc="left", fontweight="bold")
    for position, (study, colour) in enumerate(zip(studies, _colours(studies), strict=True)):
        heights = np.abs(study.pickup.amplitudes[:SPECTRUM_LINES])
        heights = 0.85 * heights / heights.max()
        axes.bar(np.arange(1, len(heights) + 1), heights, bottom=-position, width=0.7, color=colour)
    axes.set_yticks([-n for n in range(len(studies))], [""] * len(studies))
    axes.set(xlabel="mode", ylim=(-len(studies) + 1, 1))


def _colours(studies: Sequence[DrumStudy]) -> list[str]:
    return [COLOURS[number % len(COLOURS)] for number in range(len(studies))]
