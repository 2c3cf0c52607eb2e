"""The figure page of ``drumhead waves``: phase, direction, speed, PGD, spectrum and singularities of one movie."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.projections.polar import PolarAxes

from drumhead.report.colours import SERIES
from drumhead.report.style import DPI, FONT_SIZE, PAGE_WIDTH, figure_style, two_digits, wrap_text
from drumhead.waves import lattice_wave_number, summarise_directions
from drumhead.waves.arrows import frame_arrows
from drumhead.waves.measurements import LEVEL, Measurements
from drumhead.waves.sites import Bools, Floats

PHASE_COLOURS = "twilight"
"""A cyclic colour map: a phase of -pi has the colour of pi."""
NO_PHASE = "#b9e6b0"
"""The colour of sites without a phase, which no phase has."""
EXAMPLES = 4
"""The number of frames that are shown, spread over one period."""
DIRECTION_BINS = 24
SHORT_UNIT = 4
"""Longer names of the unit of time are in the title of the page alone."""
MOST_TRACKS = 100
"""The greatest number of tracks that are drawn, each of 3 frames or more."""
OBSERVED, CHANCE = SERIES[0], "0.6"


@figure_style()
def measured_waves_figure(measurements: Measurements, *, dpi: int = DPI) -> Figure:
    """Draw the measurements of a movie on one page.

    Args:
        measurements: the measurements.
        dpi: the resolution in pixels per inch.
    """
    figure = Figure(figsize=(PAGE_WIDTH / 72, 1.14 * PAGE_WIDTH / 72), dpi=dpi, layout="constrained")
    parts = figure.subfigures(3, 1, height_ratios=(0.8, 1, 1.2))
    assert isinstance(parts, np.ndarray)
    top, middle, bottom = parts
    figure.suptitle(_title(measurements), fontsize=FONT_SIZE)
    _draw_examples(top, measurements)
    rose = middle.add_subplot(1, 3, 1, projection="polar")
    assert isinstance(rose, PolarAxes)
    _draw_rose(rose, measurements)
    _draw_speed(middle.add_subplot(1, 3, 2), measurements)
    _draw_null(middle.add_subplot(1, 3, 3), measurements)
    left, right = bottom.subplots(1, 2)
    _draw_spectrum(left, measurements)
    _draw_tracks(right, measurements)
    for letter, axes in zip("bcdef", (rose, *middle.axes[1:], left, right), strict=True):
        axes.set_title(f"{letter}   {axes.get_title()}", loc="left", fontweight="bold", fontsize=FONT_SIZE)
        axes.set_title("")
    return figure


def example_frames(measurements: Measurements, count: int = EXAMPLES) -> list[int]:
    """Return frames spread over one period about the moment of the clearest plane wave; fewer in a short movie.

    The moment is where the PGD (for scattered sites: the gain), averaged over a period, is largest.
    """
    waves, movie = measurements.waves, measurements.movie
    clarity = waves.gain if measurements.statistic == "gain" else waves.pgd
    usable = np.flatnonzero(np.isfinite(waves.frequency) & np.isfinite(clarity))
    if not len(usable):
        return []
    frequency = np.median(np.abs(waves.frequency[usable]))
    period = int(np.clip(round(1 / (frequency * movie.dt)) if frequency > 0 else 1, 1, len(usable)))
    smooth = np.convolve(clarity[usable], np.ones(period) / period, mode="valid")
    start = int(smooth.argmax())
    return [int(usable[start + round(step * period / count)]) for step in range(min(count, period))]


def phase_image(measurements: Measurements, frame: int) -> Floats:
    """Return the phase of a frame, ``(y, x)`` in radians; NaN where there is none."""
    phase: Floats = np.angle(measurements.smoothed[frame])
    return np.where(np.isfinite(measurements.smoothed[frame]), phase, np.nan)


def _title(measurements: Measurements) -> str:
    movie, waves = measurements.movie, measurements.waves
    shape = " x ".join(map(str, movie.values.shape[1:]))
    shown = _chosen(measurements)
    parts = [
        movie.name or "movie",
        f"{movie.frames} frames, {shape} sites, {int(measurements.sites.sum())} valid",
        f"median frequency {_two_digits_median(waves.frequency)} per {movie.time_unit}",
        f"median speed {_two_digits_median(waves.speed[shown])} {movie.length_unit} per {movie.time_unit}",
    ]
    if len(movie.time_unit) > SHORT_UNIT:
        parts.append(f"times t ({movie.time_unit})")
    return wrap_text("; ".join(parts), 0.93 * PAGE_WIDTH)  # hinting widens text at low resolutions


def _draw_examples(figure: Figure, measurements: Measurements) -> None:
    frames = example_frames(measurements)
    movie = measurements.movie
    panels = np.atleast_1d(figure.subplots(1, max(1, len(frames)), sharex=True, sharey=True))
    colours = colormaps[PHASE_COLOURS].with_extremes(bad=NO_PHASE)
    for number, (axes, frame) in enumerate(zip(panels, frames, strict=False)):
        unit = f" {movie.time_unit}" if len(movie.time_unit) <= SHORT_UNIT else ""
        title = f"t = {movie.times[frame]:.4g}{unit}"
        axes.set_title(
            f"a   {title}" if number == 0 else title, loc="left", fontweight="bold" if number == 0 else "normal"
        )
        if movie.spacing is None:
            assert movie.positions is not None
            y, x = movie.positions.T
            axes.scatter(x, y, c=phase_image(measurements, frame), cmap=colours, vmin=-np.pi, vmax=np.pi, s=9)
            axes.invert_yaxis()
        else:
            axes.imshow(
                phase_image(measurements, frame),
                cmap=colours,
                vmin=-np.pi,
                vmax=np.pi,
                extent=_extent(measurements),
                interpolation="nearest",
            )
            _draw_arrows(axes, measurements, frame)
            _draw_singularities(axes, measurements, frame)
        axes.set_aspect("equal")
        axes.set_xlabel(f"x ({movie.length_unit})")
    panels[0].set_ylabel(f"y ({movie.length_unit}),\nrows grow downwards")
    bar = figure.colorbar(ScalarMappable(Normalize(-np.pi, np.pi), colours), ax=panels.tolist(), shrink=0.8, pad=0.01)
    bar.set_ticks([-np.pi, 0, np.pi], labels=["−π", "0", "π"])
    bar.set_label("phase")
    bar.outline.set_visible(False)


def _draw_arrows(axes: Axes, measurements: Measurements, frame: int) -> None:
    """Draw where the waves go; the scale makes an arrow of length 1 as long as its cell."""
    movie = measurements.movie
    assert movie.spacing is not None
    arrows = frame_arrows(
        measurements.smoothed, frame, dt=movie.dt, spacing=movie.spacing, boundary=movie.boundary, most=9
    )
    cell = -(-max(movie.values.shape[1:]) // 9) * min(movie.spacing)
    axes.quiver(
        arrows.x,
        arrows.y,
        arrows.along_x,
        arrows.along_y,
        angles="xy",
        scale_units="xy",
        scale=1 / cell,
        pivot="mid",
        color="white",
        edgecolor="black",
        lw=0.3,
        width=0.013,
    )


def _draw_singularities(axes: Axes, measurements: Measurements, frame: int) -> None:
    found = measurements.singularities
    if found is None:
        return
    here = found.frame == frame
    if here.sum() > 60:
        return
    for chirality, marker in ((1, "o"), (-1, "s")):
        chosen = here & (found.chirality == chirality)
        axes.plot(found.x[chosen], found.y[chosen], marker, ms=3.5, mfc="none", mec="#00c853", mew=0.9)


def _draw_rose(axes: PolarAxes, measurements: Measurements) -> None:
    axes.set_title("Direction of waves")
    axes.set_theta_direction(-1)  # +y points down, as in the pictures
    chosen = _chosen(measurements)
    directions = measurements.waves.direction[chosen]
    directions = directions[np.isfinite(directions)]
    edges = np.linspace(-np.pi, np.pi, DIRECTION_BINS + 1)
    counts, _ = np.histogram(directions, edges)
    shares = counts / max(1, counts.sum())
    axes.bar(edges[:-1], shares, np.diff(edges), align="edge", color=OBSERVED, lw=0.3, ec="white")
    mean, resultant, count = summarise_directions(directions)
    if count:
        axes.plot([mean, mean], [0, resultant * axes.get_ylim()[1]], color="black", lw=1.2)
    axes.set_xticks(np.arange(0, 2 * np.pi, np.pi / 2), ["+x", "+y\n(down)", "−x", "−y"])
    axes.set_yticks([])
    axes.spines["polar"].set_linewidth(0.4)
    axes.grid(lw=0.3)
    axes.set_xlabel(f"{count} frames; line: mean, resultant {two_digits(resultant) if count else '-'}")


def _draw_speed(axes: Axes, measurements: Measurements) -> None:
    movie = measurements.movie
    axes.set_title("Speed")
    speeds = measurements.waves.speed
    chosen = _chosen(measurements) & np.isfinite(speeds)
    axes.set_xlabel(f"speed ({movie.length_unit} per {movie.time_unit})")
    axes.set_ylabel("frames")
    if not chosen.any():
        _say(axes, "no frame has a speed")
        return
    limit = float(np.quantile(speeds[chosen], 0.98))
    axes.hist(speeds[chosen].clip(max=limit), bins=30, range=(0, limit), color=OBSERVED)
    median = float(np.median(speeds[chosen]))
    axes.axvline(median, color="black", lw=1)
    axes.text(median, axes.get_ylim()[1], f" median {two_digits(median)}", va="top")


def _draw_null(axes: Axes, measurements: Measurements) -> None:
    name = "PGD" if measurements.statistic == "pgd" else "gain"
    axes.set_title(f"{name}, and by chance")
    trusted = measurements.analytic.trusted
    observed = measurements.waves.pgd[trusted] if measurements.statistic == "pgd" else measurements.waves.gain[trusted]
    observed, null = observed[np.isfinite(observed)], measurements.null[np.isfinite(measurements.null)]
    low = min(0.0, float(observed.min(initial=0)))
    bins = np.linspace(low, 1, 51).tolist()
    if null.size:
        axes.hist(null, bins, density=True, color=CHANCE, label="sites permuted")
    axes.hist(observed, bins, density=True, histtype="step", color=OBSERVED, lw=1.2, label="movie")
    tested = len(measurements.null) > 0
    share = f"p ≤ {LEVEL:g} in {measurements.significant.sum()} of {trusted.sum()} frames"
    axes.set(xlabel=f"{name} of a frame\n{share if tested else 'no surrogates'}", ylabel="density", xlim=(low, 1))
    axes.legend(loc="upper right")


def _draw_spectrum(axes: Axes, measurements: Measurements) -> None:
    movie = measurements.movie
    axes.set_title("Spectrum over frequency and wave number")
    axes.set_xlabel(f"wave number |k| (radians per {movie.length_unit})")
    axes.set_ylabel(f"frequency (cycles per {movie.time_unit})")
    radial = measurements.radial
    if radial is None:
        _say(axes, "scattered sites: not defined")
        return
    limit = _frequency_limit(measurements)
    shown = (radial.frequency > 0) & (radial.frequency <= limit)
    power = radial.power[shown]
    top = float(power.max(initial=0)) or 1.0
    image = axes.pcolormesh(
        radial.wave_number,
        radial.frequency[shown],
        np.maximum(power, 1e-6 * top),
        norm=LogNorm(1e-4 * top, top),
        cmap="magma",
        shading="nearest",
        rasterized=True,
    )
    rings = np.flatnonzero(power.max(axis=0, initial=0) > 1e-4 * top)
    last = min(max(3, int(rings.max(initial=0))), len(radial.wave_number) - 1)
    axes.set_xlim(0, radial.wave_number[last])
    bar = axes.figure.colorbar(image, ax=axes, pad=0.02)
    bar.set_ticks([1e-4 * top, 1e-2 * top, top], labels=["1/10000", "1/100", "max"])
    bar.ax.minorticks_off()
    bar.outline.set_visible(False)
    bar.set_label("power density")
    _draw_dispersion(axes, measurements, limit)


def _frequency_limit(measurements: Measurements) -> float:
    """Return the highest frequency that the spectrum's panel shows: four times the median frequency."""
    assert measurements.radial is not None
    frequency = measurements.waves.frequency
    known = np.abs(frequency[np.isfinite(frequency)])
    highest = float(measurements.radial.frequency[-1])
    if not len(known):
        return highest
    return float(np.clip(4 * np.median(known), measurements.radial.frequency[min(3, len(frequency) - 1)], highest))


def _draw_dispersion(axes: Axes, measurements: Measurements, limit: float) -> None:
    """Draw the fitted frequency by wave number, along an axis of the grid, if the fit explains more than it leaves."""
    fit, movie = measurements.dispersion, measurements.movie
    if fit is None or movie.spacing is None:
        return
    text = f"no dispersion fits (R² {two_digits(fit.r_squared)})"
    if fit.r_squared > 0.5 and fit.speed_squared > 0:
        k = np.linspace(0, axes.get_xlim()[1], 200)
        if movie.omega is None:
            frequency = np.sqrt(np.maximum(fit.stiffness + fit.speed_squared * k**2, 0)) / (2 * np.pi)
        else:
            level = np.maximum(fit.stiffness + fit.speed_squared * lattice_wave_number(0.0, k, movie.spacing) ** 2, 0)
            frequency = np.arcsin(np.minimum(movie.dt / 2 * np.sqrt(level), 1)) / (np.pi * movie.dt)
        axes.plot(k[frequency > 0], frequency[frequency > 0], "--", color="white", lw=1)
        text = (
            f"dashed: fit, stiffness {two_digits(fit.stiffness)}, speed {two_digits(fit.speed_squared**0.5)}, "
            f"R² {two_digits(fit.r_squared)}"
        )
    axes.text(0.98, 0.97, text, color="white", ha="right", va="top", transform=axes.transAxes, fontsize=FONT_SIZE - 1)
    axes.set_ylim(0, limit)


def _draw_tracks(axes: Axes, measurements: Measurements) -> None:
    movie = measurements.movie
    axes.set_title("Tracks of phase singularities")
    axes.set(xlabel=f"x ({movie.length_unit})", ylabel=f"y ({movie.length_unit}), rows grow downwards")
    found, tracks = measurements.singularities, measurements.tracks
    if found is None or tracks is None:
        _say(axes, "scattered sites: not defined")
        return
    left, right, bottom, top = _extent(measurements)
    axes.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
    lengths = tracks.last - tracks.first
    order = np.argsort(lengths, kind="stable")[::-1][:MOST_TRACKS]
    longest = [track for track in order if lengths[track] >= 2]
    colours = {1: SERIES[0], -1: SERIES[1]}
    for track in reversed(longest):
        points = tracks.track == track
        y, x = found.y[points], found.x[points]
        jump = (np.abs(np.diff(y)) > (bottom - top) / 2) | (np.abs(np.diff(x)) > (right - left) / 2)
        y, x = (np.insert(each, np.flatnonzero(jump) + 1, np.nan) for each in (y, x))
        axes.plot(x, y, lw=0.8, color=colours[int(-tracks.charge[track])])
        axes.plot(x[-1], y[-1], "o", ms=1.8, color=colours[int(-tracks.charge[track])])
    for chirality, label in ((1, "turns from +x towards +y (charge −1)"), (-1, "turns the other way (charge +1)")):
        axes.plot([], [], lw=1.2, color=colours[chirality], label=label)
    axes.plot([], [], "o", ms=2, color="0.4", label=f"last point; {len(longest)} of {len(lengths)} tracks, the longest")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), fontsize=FONT_SIZE - 1)


def _extent(measurements: Measurements) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top of the frame, half a site beyond the outermost sites; y grows downwards."""
    assert measurements.movie.spacing is not None
    (dy, dx), (height, width) = measurements.movie.spacing, measurements.movie.values.shape[1:]
    return -dx / 2, (width - 0.5) * dx, (height - 0.5) * dy, -dy / 2


def _chosen(measurements: Measurements) -> Bools:
    """Return the frames whose direction and speed are shown: those with a wave, or all without surrogates."""
    return measurements.significant if len(measurements.null) else measurements.analytic.trusted


def _two_digits_median(values: Floats) -> str:
    kept = values[np.isfinite(values)]
    return two_digits(float(np.median(kept))) if kept.size else "-"


def _say(axes: Axes, text: str) -> None:
    axes.set(xticks=[], yticks=[])
    axes.text(0.5, 0.5, text, ha="center", va="center", transform=axes.transAxes, color="0.4")
