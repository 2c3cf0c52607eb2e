"""The study of hearing a square's area as a figure."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator, ScalarFormatter

from drumhead.analysis.drums import continuous_fundamental, lattice_fundamental
from drumhead.analysis.square_area import WITH_INTERPOLATION, WITHOUT_INTERPOLATION, AreaStudy, paper_duration
from drumhead.report.style import DPI, FONT_SIZE, PAGE, styled

SHOWN = 4
"""Squares whose spectra are drawn."""
FOLLOWED = 3
"""Squares followed over listening time."""
DECADES = 2.5
"""How far below its largest value a spectrum is drawn."""
BELOW = "#e9e7ef"
"""Shade of what lies below the first bin of the paper's duration."""
SEPARATING = 2 / (2.5**0.5 - 1)
"""Periods of the fundamental after which, under a Hann window, it stands apart from the next mode, ``sqrt(5 / 2)``
times as fast: when they are two bins apart, half the width of a peak."""
SMALL: dict[str, Any] = {"fontsize": FONT_SIZE - 1, "va": "top"}


@styled()
def square_area_figure(study: AreaStudy, *, dpi: int = DPI) -> Figure:
    """Spectra heard, fundamentals, areas, and the error over listening time.

    Args:
        study: of at least one square.
        dpi: pixels to an inch.
    """
    figure = Figure(figsize=(PAGE / 72, 0.84 * PAGE / 72), dpi=dpi, layout="constrained")
    panels = figure.subplots(2, 2).ravel()
    for letter, axes, draw in zip("abcd", panels, (_spectra, _fundamentals, _areas, _errors), strict=True):
        draw(axes, study)
        axes.set_title(f"{letter}   {axes.get_title()}", loc="left", fontweight="bold", fontsize=FONT_SIZE)
        axes.set_title("")
    return figure


def _spectra(axes: Axes, study: AreaStudy) -> None:
    axes.set_title(f"Spectra heard in T dt = {study.durations[-1]:g}")
    sides = _spread(sorted(study.spectra), SHOWN)
    low, high = 0.5 * _lattice(study, sides[-1]), 4.2 * _lattice(study, sides[0])
    for row, side in enumerate(reversed(sides)):
        frequencies, amplitudes = study.spectra[side]
        shown = (frequencies > low) & (frequencies < high)
        floor = amplitudes.max() / 10**DECADES
        height = np.log10(np.maximum(amplitudes[shown], floor) / floor) / DECADES * 0.84
        axes.fill_between(frequencies[shown], row, row + height, color=_colour(side, study), lw=0)
        axes.plot(_lattice(study, side), row + 0.93, marker="v", ms=3.5, color="black")
    axes.set(xscale="log", xlim=(low, high), ylim=(0, len(sides) + 0.05))
    axes.set(xlabel="frequency", ylabel=f"amplitude ({DECADES:g} decades each)")
    axes.set_yticks([row + 0.3 for row in range(len(sides))], [f"L = {side}" for side in reversed(sides)])
    axes.tick_params(axis="y", length=0)
    _few_ticks(axes.xaxis)
    axes.axvspan(low, 1 / paper_duration(), color=BELOW, zorder=0, lw=0)
    note = f"below the first\nbin at T dt = {paper_duration():g}"
    axes.text(0.03, 0.97, f"{note}\n\n▼ fundamental\non the lattice", transform=axes.transAxes, **SMALL)


def _fundamentals(axes: Axes, study: AreaStudy) -> None:
    axes.set_title("The fundamental")
    paper = paper_duration()
    heard = [each for each in study.select(duration=study.durations[-1], estimation=WITH_INTERPOLATION) if each.heard]
    sides = np.array(sorted(study.spectra), np.float64)
    smooth = np.geomspace(0.85 * sides.min(), 1.18 * sides.max(), 200)
    continuous, lattice = continuous_fundamental(smooth, c=study.c), lattice_fundamental(smooth, dt=study.dt, c=study.c)
    inset = axes.inset_axes((0.15, 0.11, 0.36, 0.26))
    for panel, scale, offset in ((axes, 1.0, 0.0), (inset, 100 / continuous, 100.0)):
        panel.plot(smooth, scale * continuous - offset, color="0.6", lw=2.2, label="c / (L √2)")
        panel.plot(smooth, scale * lattice - offset, color="black", lw=0.9, ls="--", label="on the lattice")
    for each in heard:
        colour = _colour(each.side, study)
        axes.plot(each.side, each.fundamental, "o", ms=4, color=colour)
        exact = continuous_fundamental(float(each.side), c=study.c)
        inset.plot(each.side, 100 * each.fundamental / exact - 100, "o", ms=3, color=colour)
    axes.plot([], [], "o", ms=4, color=_colour(int(sides[len(sides) // 2]), study), label="heard")
    bottom = 0.7 * continuous.min()
    axes.axhspan(bottom, 1 / paper, color=BELOW, zorder=0, lw=0)
    axes.set(xscale="log", yscale="log", xlim=(smooth[0], smooth[-1]), ylim=(bottom, 1.5 * continuous.max()))
    axes.set(xlabel="side L (grid spacings)", ylabel="frequency")
    _plain_ticks(axes, [int(side) for side in sides])
    _few_ticks(axes.yaxis)
    axes.legend(loc="upper right", borderaxespad=0.5)
    note = (
        f"grey: below the first bin\nat T dt = {paper:g}, f = {1 / paper:g},\nfrom L = {study.first_unresolved_side} on"
    )
    axes.text(0.97, 0.74, note, transform=axes.transAxes, **SMALL | {"ha": "right"})
    inset.set(xscale="log", xlim=(smooth[0], smooth[-1]))
    inset.set_title("% from c / (L √2)", fontsize=FONT_SIZE - 1, pad=2)
    inset.tick_params(labelsize=FONT_SIZE - 2)
    _plain_ticks(inset, [int(side) for side in _spread(sides.astype(int).tolist(), FOLLOWED)])


def _areas(axes: Axes, study: AreaStudy) -> None:
    axes.set_title("The area heard (padded, interpolated)")
    truth = np.array(sorted(study.spectra)) ** 2.0
    span = (0.6 * truth.min(), 1.6 * truth.max())
    axes.plot(span, span, color="0.6", lw=1, zorder=0)
    looks = (("#d55e00", "s", 0.95), ("#0072b2", "D", 1.0), ("black", "o", 1.05))
    for duration, (colour, marker, shift) in zip(study.shown_durations, looks, strict=True):
        heard = [each for each in study.select(duration=duration, estimation=WITH_INTERPOLATION) if each.heard]
        area = np.array([each.area for each in heard])
        axes.errorbar(
            [shift * each.side**2 for each in heard],
            area,
            yerr=np.abs(np.array([[each.area_low, each.area_high] for each in heard]).reshape(-1, 2).T - area),
            fmt=marker,
            ms=3,
            lw=0.8,
            capsize=1.5,
            color=colour,
            label=f"T dt = {duration:.4g}",
        )
    axes.set(xscale="log", yscale="log", xlabel="area L²", ylabel="area heard", xlim=span)
    _few_ticks(axes.xaxis)
    _few_ticks(axes.yaxis)
    axes.legend(loc="upper left", borderaxespad=0.5)
    note = "median of points,\n10th to 90th percentile"
    axes.text(0.97, 0.03, note, transform=axes.transAxes, ha="right", va="bottom", fontsize=FONT_SIZE - 1)


def _errors(axes: Axes, study: AreaStudy) -> None:
    axes.set_title("Error over listening time")
    lines = {WITHOUT_INTERPOLATION: ":", WITH_INTERPOLATION: "-"}
    for side in _spread(sorted(study.spectra), FOLLOWED):
        colour = _colour(side, study)
        for estimation, line in lines.items():
            heard = [each for each in study.select(side=side, estimation=estimation) if np.isfinite(each.error)]
            durations, errors = [each.duration for each in heard], [100 * each.error for each in heard]
            axes.plot(durations, errors, ls=line, lw=1.1, marker=".", ms=3, color=colour)
        axes.plot([], [], color=colour, label=f"L = {side}")
        apart = SEPARATING / _lattice(study, side)
        if study.durations[0] <= apart <= study.durations[-1]:
            axes.plot(apart, 1.0, marker="v", ms=4, color=colour, transform=axes.get_xaxis_transform(), clip_on=False)
    axes.plot([], [], color="black", ls=":", label="bins alone")
    axes.plot([], [], color="black", label="padded, interpolated")
    axes.plot([], [], color="black", ls="", marker="v", ms=4, label=f"{SEPARATING:.1f} periods")
    axes.set(xscale="log", yscale="log", xlabel="listening time T dt", ylabel="error of the area (%)")
    axes.set_xlim(study.durations[0], study.durations[-1])
    _few_ticks(axes.xaxis)
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.legend(loc="lower left", borderaxespad=0.5, handlelength=1.5)


def _few_ticks(axis: Axis) -> None:
    """1, 2 and 5 of each decade of a logarithmic axis, or of many decades 1 alone."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 1000 * low else (1,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _plain_ticks(axes: Axes, values: list[int]) -> None:
    axes.set_xticks(values)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_locator(NullLocator())


def _lattice(study: AreaStudy, side: int) -> float:
    return lattice_fundamental(float(side), dt=study.dt, c=study.c)


def _spread(sides: list[int], number: int) -> list[int]:
    """Some of the sides, evenly spread, first and last among them."""
    chosen = np.linspace(0, len(sides) - 1, min(number, len(sides))).round().astype(int)
    return [sides[i] for i in chosen]


def _colour(side: int, study: AreaStudy) -> tuple[float, ...]:
    """One colour for each side, from dark (small) to light."""
    sides = sorted(study.spectra)
    place = LogNorm(min(sides), max(sides) * 1.5)(side) if len(sides) > 1 else 0.5
    colour: tuple[float, ...] = colormaps["viridis"](float(place))
    return colour
