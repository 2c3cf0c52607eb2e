"""Simulated recordings of points inside a drum, and estimates of its fundamental and area from them.

The theory is in :mod:`drumhead.analysis.drums`. A drum is a linear field with a fixed rim. A strike sets its initial
position to a Gaussian around a random point. The width of the Gaussian is a fixed share of the drum's side, so the
simulations of large and small drums are alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from drumhead.analysis.drums import check_step, lattice_area
from drumhead.analysis.spectrum import (
    INTERPOLATED,
    EstimationSettings,
    Floats,
    Spectrum,
    amplitude_spectrum,
    lowest_peak,
)
from drumhead.fields import evolve, laplacian

STRIKE_WIDTH = 0.1
"""The standard deviation of the Gaussian of a strike, as a share of the drum's side."""


class DrumRecording(NamedTuple):
    """The position over time of points inside a square drum, for each of several strikes."""

    side: int
    """The side of the square in grid spacings; it has ``side - 1`` cells each way."""
    dt: float
    """The time between samples."""
    c: float
    """The wave speed."""
    signals: npt.NDArray[np.float32]
    """``(strike, point, time)``: the position of each point."""
    points: npt.NDArray[np.int64]
    """``(point, 2)``: the row and column of each point's cell, from 0."""


def simulate_drum(
    side: int,
    *,
    duration: float,
    generator: np.random.Generator,
    strikes: int = 8,
    points: int = 16,
    dt: float = 0.1,
    c: float = 1.0,
) -> DrumRecording:
    """Simulate strikes of a square drum at random positions, and record random points inside it.

    The field of one strike at a time is in memory: ``duration / dt`` frames of ``(side - 1)^2`` float32.

    Args:
        side: in grid spacings, 2 or more; the square has ``side - 1`` cells each way.
        duration: the duration recorded of each strike, at least one step.
        generator: draws the positions of strikes and points.
        strikes: the number of strikes, each from rest.
        points: the number of points, all different; fewer if the drum has fewer cells.
        dt: the time step.
        c: the wave speed.

    Raises:
        ValueError: for an argument out of its range.
    """
    check_step(dt, c=c)
    steps = steps_in(duration, dt=dt)
    for name, value, least in (("side", side, 2), ("strikes", strikes, 1), ("points", points, 1)):
        if value < least:
            raise ValueError(f"{name} must be {least} or more, got {value}")
    cells = side - 1
    recorded = np.sort(generator.choice(cells**2, size=min(points, cells**2), replace=False))
    centres = generator.uniform(0, side, size=(strikes, 2))
    coupling = c**2 * laplacian(1, dtype=torch.float32)
    signals = np.empty((strikes, len(recorded), steps), np.float32)
    for strike, centre in enumerate(centres):
        y0 = torch.from_numpy(_gaussian(side, centre).astype(np.float32))[None, None]
        zero = torch.zeros_like(y0)
        field = evolve(y0, zero, zero, coupling, dt=dt, steps=steps, boundary="fixed", nonlinearity="linear")
        signals[strike] = field[0, :, 0].flatten(1).numpy()[:, recorded].T
    return DrumRecording(side, dt, c, signals, np.stack(np.unravel_index(recorded, (cells, cells)), axis=1))


def steps_in(duration: float, *, dt: float) -> int:
    """Return the whole number of time steps nearest to a duration.

    Raises:
        ValueError: if the duration is less than one step, or not finite.
    """
    if not dt / 2 < duration < float("inf"):
        raise ValueError(f"duration must be at least one step, dt = {dt}, and finite; got {duration}")
    return max(1, round(duration / dt))


def estimate_spectra(
    recording: DrumRecording, *, duration: float | None = None, settings: EstimationSettings = INTERPOLATED
) -> Spectrum:
    """Return the spectrum of each point, ``(point, bin)``: the root mean square of its amplitudes over strikes.

    Args:
        recording: a recording of a drum.
        duration: the duration used, from the start; the whole recording by default.
        settings: window and padding.
    """
    steps = recording.signals.shape[-1] if duration is None else steps_in(duration, dt=recording.dt)
    if steps > recording.signals.shape[-1]:
        raise ValueError(
            f"duration must be at most that of the recording, {recording.signals.shape[-1]} steps; got {steps}"
        )
    power: Floats | float = 0.0
    for strike in recording.signals[..., :steps]:  # one at a time, to save memory
        frequencies, amplitudes = amplitude_spectrum(
            strike, dt=recording.dt, window=settings.window, padding=settings.padding
        )
        power += amplitudes**2 / len(recording.signals)
    return Spectrum(frequencies, np.sqrt(power))


def estimate_fundamentals(
    recording: DrumRecording, *, duration: float | None = None, settings: EstimationSettings = INTERPOLATED
) -> Floats:
    """Return the fundamental estimated at each point, ``(point,)``: its lowest spectral peak, NaN if there is none.

    Args:
        recording: a recording of a drum.
        duration: the duration used, from the start; the whole recording by default.
        settings: of the spectrum and its peak.
    """
    frequencies, amplitudes = estimate_spectra(recording, duration=duration, settings=settings)
    return np.array(
        [
            lowest_peak(Spectrum(frequencies, each), threshold=settings.threshold, interpolate=settings.interpolate)
            for each in amplitudes
        ]
    )


def estimate_areas(
    recording: DrumRecording, *, duration: float | None = None, settings: EstimationSettings = INTERPOLATED
) -> Floats:
    """Return the area estimated at each point, ``(point,)``, from its fundamental; NaN without one.

    The area is that of the square with this fundamental on the lattice. The arguments are those of
    :func:`estimate_fundamentals`.
    """
    fundamentals = estimate_fundamentals(recording, duration=duration, settings=settings)
    return lattice_area(fundamentals, dt=recording.dt, c=recording.c)


def _gaussian(side: int, centre: npt.NDArray[np.float64]) -> Floats:
    """Return a Gaussian of height 1 on all cells; its centre is a row and a column, from rim (0) to rim (``side``)."""
    cells = np.arange(1, side)
    rows, columns = (np.exp(-(((cells - position) / (STRIKE_WIDTH * side)) ** 2) / 2) for position in centre)
    return np.outer(rows, columns)
