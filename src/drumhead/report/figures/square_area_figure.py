"""The figure of the study of square areas: spectra, fundamental frequencies, estimated areas, errors."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator, ScalarFormatter

from drumhead.analysis.drums import continuous_fundamental, lattice_fundamental
from drumhead.analysis.square_area import WITH_INTERPOLATION, WITHOUT_INTERPOLATION, AreaStudy, paper_duration
from drumhead.report.figures.log_axis import set_plain_log_labels
from drumhead.report.style import DPI, FONT_SIZE, PAGE_WIDTH, figure_style

SPECTRA_COUNT = 4
"""The number of squares whose spectra are drawn."""
ERROR_CURVE_COUNT = 3
"""The number of squares whose error over duration is drawn."""
DECADES = 2.5
"""The range of each spectrum that is drawn, below its largest value."""
UNRESOLVED_COLOUR = "#e9e7ef"
"""The shade of frequencies below the first bin of the paper's duration."""
RESOLVING_PERIODS = 2 / (2.5**0.5 - 1)
"""The number of periods after which the fundamental is resolved from the next mode under a Hann window.

The next mode has ``sqrt(5 / 2)`` times its frequency. The two are resolved when they are two bins apart, which is half
the width of a peak."""
LEGEND_DISTANCE = 0.22
"""The distance from the axes to the legend below, relative to the height of the axes."""


@figure_style()
def square_area_figure(study: AreaStudy, *, dpi: int = DPI) -> Figure:
    """Draw spectra, fundamental frequencies, estimated areas, and the error over the duration of the recording.

    Args:
        study: a study of at least one square.
        dpi: the resolution in pixels per inch.
    """
    figure = Figure(figsize=(PAGE_WIDTH / 72, PAGE_WIDTH / 72), dpi=dpi, layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    for letter, axes, draw in zip(
        "abcd", panels, (_draw_spectra, _draw_fundamentals, _draw_areas, _draw_errors), strict=True
    ):
        draw(axes, study)
        axes.set_title(f"{letter}   {axes.get_title()}", loc="left", fontweight="bold", fontsize=FONT_SIZE)
        axes.set_title("")
    return figure


def _draw_spectra(axes: Axes, study: AreaStudy) -> None:
    axes.set_title(f"Spectra in T dt = {study.durations[-1]:g}")
    sides = _choose_sides(sorted(study.spectra), SPECTRA_COUNT)
    low, high = 0.5 * _lattice_frequency(study, sides[-1]), 4.2 * _lattice_frequency(study, sides[0])
    for row, side in enumerate(reversed(sides)):
        frequencies, amplitudes = study.spectra[side]
        shown = (frequencies > low) & (frequencies < high)
        floor = amplitudes.max() / 10**DECADES
        height = np.log10(np.maximum(amplitudes[shown], floor) / floor) / DECADES * 0.84
        axes.fill_between(frequencies[shown], row, row + height, color=_colour(side, study), lw=0)
        axes.plot(_lattice_frequency(study, side), row + 0.93, marker="v", ms=3.5, color="black")
    axes.set(xscale="log", xlim=(low, high), ylim=(0, len(sides) + 0.05))
    axes.set(xlabel="frequency", ylabel=f"amplitude ({DECADES:g} decades each)")
    axes.set_yticks([row + 0.3 for row in range(len(sides))], [f"L = {side}" for side in reversed(sides)])
    axes.tick_params(axis="y", length=0)
    _set_decade_ticks(axes.xaxis)
    below = f"below the first bin at T dt = {paper_duration():g}"
    axes.axvspan(low, max(low, 1 / paper_duration()), color=UNRESOLVED_COLOUR, zorder=0, lw=0, label=below)
    axes.plot([], [], marker="v", ms=3.5, ls="", color="black", label="fundamental on the lattice")
    _add_legend(axes, columns=1)


def _draw_fundamentals(axes: Axes, study: AreaStudy) -> None:
    axes.set_title("The fundamental frequency")
    paper = paper_duration()
    estimates = [
        each for each in study.select(duration=study.durations[-1], estimation=WITH_INTERPOLATION) if each.heard
    ]
    sides = np.array(sorted(study.spectra), np.float64)
    smooth = np.geomspace(0.85 * sides.min(), 1.18 * sides.max(), 200)
    continuous, lattice = continuous_fundamental(smooth, c=study.c), lattice_fundamental(smooth, dt=study.dt, c=study.c)
    inset = axes.inset_axes((0.15, 0.11, 0.36, 0.26))
    for panel, scale, offset in ((axes, 1.0, 0.0), (inset, 100 / continuous, 100.0)):
        panel.plot(smooth, scale * continuous - offset, color="0.6", lw=2.2, label="c / (L √2)")
        panel.plot(smooth, scale * lattice - offset, color="black", lw=0.9, ls="--", label="on the lattice")
    for each in estimates:
        colour = _colour(each.side, study)
        axes.plot(each.side, each.fundamental, "o", ms=4, color=colour)
        exact = continuous_fundamental(float(each.side), c=study.c)
        inset.plot(each.side, 100 * each.fundamental / exact - 100, "o", ms=3, color=colour)
    axes.plot([], [], "o", ms=4, color=_colour(int(sides[len(sides) // 2]), study), label="peak of the spectrum")
    bottom = 0.7 * continuous.min()
    below = f"below the first bin at T dt = {paper:g} (L = {study.first_unresolved_side} or more)"
    axes.axhspan(bottom, max(bottom, 1 / paper), color=UNRESOLVED_COLOUR, zorder=0, lw=0, label=below)
    axes.set(xscale="log", yscale="log", xlim=(smooth[0], smooth[-1]), ylim=(bottom, 1.5 * continuous.max()))
    axes.set(xlabel="side L (grid spacings)", ylabel="frequency")
    _set_plain_ticks(axes, [int(side) for side in sides])
    _set_decade_ticks(axes.yaxis)
    _add_legend(axes, columns=1)
    inset.set(xscale="log", xlim=(smooth[0], smooth[-1]))
    inset.set_title("% from c / (L √2)", fontsize=FONT_SIZE - 1, pad=2)
    inset.tick_params(labelsize=FONT_SIZE - 2)
    _set_plain_ticks(inset, [int(side) for side in _choose_sides(sides.astype(int).tolist(), ERROR_CURVE_COUNT)])


def _draw_areas(axes: Axes, study: AreaStudy) -> None:
    axes.set_title("The estimated area (padded, interpolated)")
    truth = np.array(sorted(study.spectra)) ** 2.0
    span = (0.6 * truth.min(), 1.6 * truth.max())
    axes.plot(span, span, color="0.6", lw=1, zorder=0)
    styles = (("#d55e00", "s", 0.95), ("#0072b2", "D", 1.0), ("black", "o", 1.05))
    for duration, (colour, marker, shift) in zip(study.shown_durations, styles, strict=True):
        estimates = [each for each in study.select(duration=duration, estimation=WITH_INTERPOLATION) if each.heard]
        area = np.array([each.area for each in estimates])
        axes.errorbar(
            [shift * each.side**2 for each in estimates],
            area,
            yerr=np.abs(np.array([[each.area_low, each.area_high] for each in estimates]).reshape(-1, 2).T - area),
            fmt=marker,
            ms=3,
            lw=0.8,
            capsize=1.5,
            color=colour,
            label=f"T dt = {duration:.4g}",
        )
    axes.set(xscale="log", yscale="log", xlabel="area L²", xlim=span)
    axes.set_ylabel("estimated area\n(median, 10th to 90th percentile)")
    _set_decade_ticks(axes.xaxis)
    _set_decade_ticks(axes.yaxis)
    _add_legend(axes, columns=3)


def _draw_errors(axes: Axes, study: AreaStudy) -> None:
    axes.set_title("Error over duration")
    lines = {WITHOUT_INTERPOLATION: ":", WITH_INTERPOLATION: "-"}
    for side in _choose_sides(sorted(study.spectra), ERROR_CURVE_COUNT):
        colour = _colour(side, study)
        for estimation, line in lines.items():
            estimates = [each for each in study.select(side=side, estimation=estimation) if np.isfinite(each.error)]
            durations, errors = [each.duration for each in estimates], [100 * each.error for each in estimates]
            axes.plot(durations, errors, ls=line, lw=1.1, marker=".", ms=3, color=colour)
        axes.plot([], [], color=colour, label=f"L = {side}")
        resolving = RESOLVING_PERIODS / _lattice_frequency(study, side)
        if study.durations[0] <= resolving <= study.durations[-1]:
            axes.plot(
                resolving, 1.0, marker="v", ms=4, color=colour, transform=axes.get_xaxis_transform(), clip_on=False
            )
    axes.plot([], [], color="black", ls=":", label="bins alone")
    axes.plot([], [], color="black", label="padded, interpolated")
    axes.plot([], [], color="black", ls="", marker="v", ms=4, label=f"{RESOLVING_PERIODS:.1f} periods")
    axes.set(xscale="log", yscale="log", xlabel="duration T dt", ylabel="error of the area (%)")
    axes.set_xlim(study.durations[0], study.durations[-1])
    _set_decade_ticks(axes.xaxis)
    set_plain_log_labels(axes.yaxis)
    axes.yaxis.set_minor_formatter(NullFormatter())
    _add_legend(axes, columns=2)


def _add_legend(axes: Axes, *, columns: int) -> None:
    """Add a legend below the axes, where it covers nothing."""
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -LEGEND_DISTANCE), ncols=columns, handlelength=1.5)


def _set_decade_ticks(axis: Axis) -> None:
    """Set ticks at 1, 2 and 5 in each decade of a logarithmic axis; at 1 alone if there are many decades."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _set_plain_ticks(axes: Axes, values: list[int]) -> None:
    """Set ticks at these values only."""
    axes.set_xticks(values)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())


def _lattice_frequency(study: AreaStudy, side: int) -> float:
    return lattice_fundamental(float(side), dt=study.dt, c=study.c)


def _choose_sides(sides: list[int], number: int) -> list[int]:
    """Return some of the sides, evenly spread, including the first and the last."""
    chosen = np.linspace(0, len(sides) - 1, min(number, len(sides))).round().astype(int)
    return [sides[i] for i in chosen]


def _colour(side: int, study: AreaStudy) -> tuple[float, ...]:
    """Return the colour of a side, from dark (small) to light."""
    sides = sorted(study.spectra)
    position = LogNorm(min(sides), max(sides) * 1.5)(side) if len(sides) > 1 else 0.5
    colour: tuple[float, ...] = colormaps["viridis"](float(position))
    return colour
