"""Struck drums and what points inside hear of them: the fundamental, and by it the drum's area.

The theory is in :mod:`drumhead.analysis.drums`. A drum is a linear field with a fixed rim, let go from the dent of a
soft mallet, a Gaussian at a random place; the mallet's size is a share of the drum's, so drums of all sizes are struck
alike.
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

MALLET = 0.1
"""Standard deviation of the dent, as a share of the drum's side."""


class DrumRecording(NamedTuple):
    """What points inside a square drum hear when it is struck, one strike after another."""

    side: int
    """Of the square, in grid spacings; it has ``side - 1`` cells each way."""
    dt: float
    """Time between samples."""
    c: float
    """Speed of waves."""
    signals: npt.NDArray[np.float32]
    """``(strike, point, time)``."""
    points: npt.NDArray[np.int64]
    """``(point, 2)``: row and column of the cells that listen, from 0."""


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
    """Strike a square drum at random places and record points at random places inside.

    The field of one strike at a time is in memory: ``duration / dt`` frames of ``(side - 1)^2`` float32.

    Args:
        side: in grid spacings, 2 or more; the square has ``side - 1`` cells each way.
        duration: how long each strike is heard, at least one step.
        generator: gives the places.
        strikes: how often it is struck, from rest each time.
        points: how many listen, at different places; fewer where there are fewer cells.
        dt: length of a step.
        c: speed of waves.

    Raises:
        ValueError: for an argument out of its range.
    """
    check_step(dt, c=c)
    steps = steps_in(duration, dt=dt)
    for name, value, least in (("side", side, 2), ("strikes", strikes, 1), ("points", points, 1)):
        if value < least:
            raise ValueError(f"{name} must be {least} or more, got {value}")
    cells = side - 1
    listening = np.sort(generator.choice(cells**2, size=min(points, cells**2), replace=False))
    places = generator.uniform(0, side, size=(strikes, 2))
    coupling = c**2 * laplacian(1, dtype=torch.float32)
    signals = np.empty((strikes, len(listening), steps), np.float32)
    for strike, place in enumerate(places):
        y0 = torch.from_numpy(_dent(side, place).astype(np.float32))[None, None]
        still = torch.zeros_like(y0)
        field = evolve(y0, still, still, coupling, dt=dt, steps=steps, boundary="fixed", nonlinearity="linear")
        signals[strike] = field[0, :, 0].flatten(1).numpy()[:, listening].T
    return DrumRecording(side, dt, c, signals, np.stack(np.unravel_index(listening, (cells, cells)), axis=1))


def steps_in(duration: float, *, dt: float) -> int:
    """The whole number of steps nearest to a duration.

    Raises:
        ValueError: if that is below one step, or not finite.
    """
    if not dt / 2 < duration < float("inf"):
        raise ValueError(f"duration must be at least one step, dt = {dt}, and finite; got {duration}")
    return max(1, round(duration / dt))


def estimate_spectra(
    recording: DrumRecording, *, duration: float | None = None, estimation: EstimationSettings = INTERPOLATED
) -> Spectrum:
    """What each point hears: the root mean square over strikes of its amplitudes, ``(point, bin)``.

    Args:
        recording: of a drum.
        duration: listen to the first part only; by default all.
        estimation: window and padding.
    """
    steps = recording.signals.shape[-1] if duration is None else steps_in(duration, dt=recording.dt)
    if steps > recording.signals.shape[-1]:
        raise ValueError(
            f"duration must be at most that of the recording, {recording.signals.shape[-1]} steps; got {steps}"
        )
    power: Floats | float = 0.0
    for strike in recording.signals[..., :steps]:  # one at a time, for the sake of memory
        frequencies, amplitudes = amplitude_spectrum(
            strike, dt=recording.dt, window=estimation.window, padding=estimation.padding
        )
        power += amplitudes**2 / len(recording.signals)
    return Spectrum(frequencies, np.sqrt(power))


def estimate_fundamentals(
    recording: DrumRecording, *, duration: float | None = None, estimation: EstimationSettings = INTERPOLATED
) -> Floats:
    """The fundamental each point hears, ``(point,)``: its lowest peak, NaN where there is none; arguments as above."""
    frequencies, amplitudes = estimate_spectra(recording, duration=duration, estimation=estimation)
    return np.array(
        [
            lowest_peak(Spectrum(frequencies, each), threshold=estimation.threshold, interpolate=estimation.interpolate)
            for each in amplitudes
        ]
    )


def estimate_areas(
    recording: DrumRecording, *, duration: float | None = None, estimation: EstimationSettings = INTERPOLATED
) -> Floats:
    """The area each point hears, ``(point,)``, by the lattice's form; NaN where it hears no fundamental."""
    fundamentals = estimate_fundamentals(recording, duration=duration, estimation=estimation)
    return lattice_area(fundamentals, dt=recording.dt, c=recording.c)


def _dent(side: int, place: npt.NDArray[np.float64]) -> Floats:
    """A Gaussian of height 1 around a place, row and column from 0 to ``side``, both on the rim; on all cells."""
    cells = np.arange(1, side)
    rows, columns = (np.exp(-(((cells - centre) / (MALLET * side)) ** 2) / 2) for centre in place)
    return np.outer(rows, columns)
