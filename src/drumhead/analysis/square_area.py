"""The study of square area: estimates of it from recordings of points, by side, duration and method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from drumhead.analysis.drums import check_step, continuous_area, largest_resolvable_side, lattice_area
from drumhead.analysis.drums.recordings import (
    DrumRecording,
    estimate_fundamentals,
    estimate_spectra,
    simulate_drum,
    steps_in,
)
from drumhead.analysis.spectrum import INTERPOLATED, NEAREST_BIN, Floats, Spectrum
from drumhead.models import NWMConfig
from drumhead.short_repr import short_repr

SIDES = (5, 7, 8, 10, 16, 24, 32, 48)
"""The default sides of the squares, in grid spacings."""

DURATION_COUNT = 17
"""The number of durations, evenly spaced on a logarithmic scale; odd, so that one is in the middle."""

WITHOUT_INTERPOLATION, WITH_INTERPOLATION = "bins alone", "between bins"
ESTIMATIONS = {WITHOUT_INTERPOLATION: NEAREST_BIN, WITH_INTERPOLATION: INTERPOLATED}
"""The settings of the two methods of estimation, by name."""


def paper_duration() -> float:
    """Return the simulated duration ``T dt`` of the paper's networks."""
    config = NWMConfig()
    return config.steps * config.dt


@short_repr
class AreaEstimate(NamedTuple):
    """The area of one square, estimated at its points in one duration by one method.

    A point whose spectrum has no peak has no estimate. The fields are the columns of the study's CSV.
    """

    side: int
    """The side of the square, in grid spacings."""
    duration: float
    """The duration of the recording that is used."""
    estimation: str
    """The method: a key of ``ESTIMATIONS``."""
    points: int
    """The number of points recorded."""
    heard: int
    """The number of points whose spectrum has a peak."""
    fundamental: float
    """The median fundamental over points."""
    area: float
    """The median over points of the area on the lattice."""
    area_low: float
    """The 10th percentile of that area."""
    area_high: float
    """The 90th percentile of that area."""
    area_continuous: float
    """The area of the median fundamental in the continuum."""
    error: float
    """The median over points of ``|area / L^2 - 1|``, which is infinite for a point without a peak."""


@short_repr
class AreaStudy(NamedTuple):
    """The results of the study."""

    dt: float
    """The time step."""
    c: float
    """The wave speed."""
    durations: Floats
    """The durations, from the paper's to the longest."""
    spectra: dict[int, Spectrum]
    """By side: the root mean square over strikes and points of the amplitudes in the longest duration."""
    estimates: list[AreaEstimate]
    """An estimate for every side, duration and method."""

    @property
    def shown_durations(self) -> list[float]:
        """The three durations that tables and figures show: the paper's, the middle one and the longest."""
        return [float(self.durations[i]) for i in (0, len(self.durations) // 2, -1)]

    @property
    def first_unresolved_side(self) -> int:
        """The least side of squares with less than one period of their fundamental in the paper's duration."""
        return max(2, largest_resolvable_side(paper_duration(), dt=self.dt, c=self.c) + 1)

    def select(self, *, side: int | None = None, duration: float | None = None, estimation: str) -> list[AreaEstimate]:
        """Return the estimates by one method, for one square or all, and for one duration or all."""
        return [
            each
            for each in self.estimates
            if each.estimation == estimation and side in (None, each.side) and duration in (None, each.duration)
        ]


def study_areas(
    sides: Sequence[int] = SIDES,
    *,
    duration: float = 1000.0,
    strikes: int = 8,
    points: int = 16,
    seed: int = 0,
    dt: float = 0.1,
    c: float = 1.0,
    progress: Callable[[int, int], None] | None = None,
) -> AreaStudy:
    """Simulate square drums and estimate their areas.

    The strikes and points of a square do not depend on the other sides.

    Args:
        sides: the sides of the squares, in grid spacings, each 2 or more and none twice.
        duration: the longest duration; more than the shortest one, which is :func:`paper_duration`.
        strikes: the number of strikes of each square.
        points: the number of points recorded in each square.
        seed: the seed of strikes and points.
        dt: the time step.
        c: the wave speed.
        progress: called with the number of squares done and the total.

    Raises:
        ValueError: for an argument out of its range.
    """
    if not sides or min(sides) < 2 or len(set(sides)) < len(sides):
        raise ValueError(f"sides must be 2 or more and none twice; got {list(sides)}")
    check_step(dt, c=c)
    shortest = paper_duration()
    if not shortest < duration < float("inf"):
        raise ValueError(f"duration must be more than the paper's T dt = {shortest:g} and finite, got {duration}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    durations = dt * np.unique([steps_in(each, dt=dt) for each in np.geomspace(shortest, duration, DURATION_COUNT)])
    study = AreaStudy(dt, c, durations, {}, [])
    for squares_done, side in enumerate(sorted(sides), start=1):
        generator = np.random.default_rng([seed, side])
        recording = simulate_drum(
            side, duration=duration, generator=generator, strikes=strikes, points=points, dt=dt, c=c
        )
        frequencies, amplitudes = estimate_spectra(recording)
        study.spectra[side] = Spectrum(frequencies, np.sqrt(np.mean(amplitudes**2, axis=0)))
        study.estimates.extend(
            estimate_area(recording, duration=each, estimation=name)
            for each in durations.tolist()
            for name in ESTIMATIONS
        )
        if progress:
            progress(squares_done, len(sides))
    return study


def estimate_area(recording: DrumRecording, *, duration: float, estimation: str) -> AreaEstimate:
    """Estimate the area of a recorded square by one method; ``estimation`` is a key of ``ESTIMATIONS``."""
    fundamentals = estimate_fundamentals(recording, duration=duration, settings=ESTIMATIONS[estimation])
    areas = lattice_area(fundamentals, dt=recording.dt, c=recording.c)
    has_peak = ~np.isnan(areas)
    errors = np.where(has_peak, np.abs(areas / recording.side**2 - 1), np.inf)
    low, median, high = np.percentile(areas[has_peak], [10, 50, 90]) if has_peak.any() else [np.nan] * 3
    fundamental = np.median(fundamentals[has_peak]) if has_peak.any() else np.nan
    return AreaEstimate(
        side=recording.side,
        duration=duration,
        estimation=estimation,
        points=len(areas),
        heard=int(has_peak.sum()),
        fundamental=float(fundamental),
        area=float(median),
        area_low=float(low),
        area_high=float(high),
        area_continuous=float(continuous_area(fundamental, c=recording.c)),
        error=float(np.median(errors)),
    )
