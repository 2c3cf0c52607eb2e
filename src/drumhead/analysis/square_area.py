"""The study of hearing a square's area: squares of many sides, heard for longer and longer, by two estimations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from drumhead.analysis.drum_recordings import (
    DrumRecording,
    estimate_fundamentals,
    estimate_spectra,
    simulate_drum,
    steps_in,
)
from drumhead.analysis.drums import check_step, continuous_area, largest_resolvable_side, lattice_area
from drumhead.analysis.spectrum import INTERPOLATED, NEAREST_BIN, Floats, Spectrum
from drumhead.models import NWMConfig

SIDES = (5, 7, 8, 10, 16, 24, 32, 48)
"""Of the squares, in grid spacings, unless others are chosen."""

DURATION_COUNT = 17
"""How many durations, evenly spaced on a logarithmic scale, each once: odd, so that one is in the middle."""

WITHOUT_INTERPOLATION, WITH_INTERPOLATION = "bins alone", "between bins"
ESTIMATIONS = {WITHOUT_INTERPOLATION: NEAREST_BIN, WITH_INTERPOLATION: INTERPOLATED}
"""The two estimations, by name."""


def paper_duration() -> float:
    """How long the paper's networks listen: ``T dt``."""
    config = NWMConfig()
    return config.steps * config.dt


class AreaEstimate(NamedTuple):
    """What the points of one square hear in one duration by one estimation. Points that hear no peak have no area."""

    side: int
    """Of the square, in grid spacings."""
    duration: float
    """How long they listen."""
    estimation: str
    """A key of ``ESTIMATIONS``."""
    points: int
    """How many listen."""
    heard: int
    """How many hear a peak."""
    fundamental: float
    """Median over points."""
    area: float
    """Median over points, by the lattice's form."""
    area_low: float
    """Tenth percentile."""
    area_high: float
    """Ninetieth percentile."""
    area_continuous: float
    """By the continuum's form, of the median fundamental."""
    error: float
    """Median over points of ``|area / L^2 - 1|``; a point that hears no peak errs without bound."""


class AreaStudy(NamedTuple):
    """The study's outcome."""

    dt: float
    """Length of a step."""
    c: float
    """Speed of waves."""
    durations: Floats
    """From the paper's to the longest."""
    spectra: dict[int, Spectrum]
    """By side: the root mean square over strikes and points of what is heard in the longest duration."""
    estimates: list[AreaEstimate]
    """For every side, duration and estimation."""

    @property
    def shown_durations(self) -> list[float]:
        """Three to show: the paper's, the middle one, the longest."""
        return [float(self.durations[i]) for i in (0, len(self.durations) // 2, -1)]

    @property
    def first_unresolved_side(self) -> int:
        """Of this side and more, squares ring less than one period in the paper's duration."""
        return max(2, largest_resolvable_side(paper_duration(), dt=self.dt, c=self.c) + 1)

    def select(self, *, side: int | None = None, duration: float | None = None, estimation: str) -> list[AreaEstimate]:
        """What was heard by an estimation, of one square or all, in one duration or all."""
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
    """Strike squares and hear their areas; a square's strikes and points do not depend on which others there are.

    Args:
        sides: of the squares, in grid spacings, each 2 or more and none twice.
        duration: the longest, more than :func:`paper_duration`, the shortest.
        strikes: how often each is struck.
        points: how many listen in each.
        seed: of strikes and listening points.
        dt: length of a step.
        c: speed of waves.
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
    for number, side in enumerate(sorted(sides), start=1):
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
            progress(number, len(sides))
    return study


def estimate_area(recording: DrumRecording, *, duration: float, estimation: str) -> AreaEstimate:
    """What the points of a recorded square hear of its area, ``estimation`` being a key of ``ESTIMATIONS``."""
    fundamentals = estimate_fundamentals(recording, duration=duration, estimation=ESTIMATIONS[estimation])
    areas = lattice_area(fundamentals, dt=recording.dt, c=recording.c)
    known = ~np.isnan(areas)
    errors = np.where(known, np.abs(areas / recording.side**2 - 1), np.inf)
    low, middle, high = np.percentile(areas[known], [10, 50, 90]) if known.any() else [np.nan] * 3
    fundamental = np.median(fundamentals[known]) if known.any() else np.nan
    return AreaEstimate(
        side=recording.side,
        duration=duration,
        estimation=estimation,
        points=len(areas),
        heard=int(known.sum()),
        fundamental=float(fundamental),
        area=float(middle),
        area_low=float(low),
        area_high=float(high),
        area_continuous=float(continuous_area(fundamental, c=recording.c)),
        error=float(np.median(errors)),
    )
