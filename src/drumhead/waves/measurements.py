"""The measurements of one movie: what :func:`drumhead.waves.measure.measure_waves` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from drumhead.short_repr import short_repr
from drumhead.waves.analytic import Analytic
from drumhead.waves.dispersion_fit import DispersionFit
from drumhead.waves.model_choice import ModelChoice
from drumhead.waves.movie import Movie
from drumhead.waves.singularities import Singularities
from drumhead.waves.sites import Bools, Complexes, Exclusions, Floats
from drumhead.waves.spectrum import RadialAverage, TravellingSpectrum
from drumhead.waves.tracks import Tracks

PhaseMethod = Literal["hilbert", "generalized", "state"]
"""``"hilbert"``: :func:`drumhead.waves.analytic`. ``"generalized"``: the same, then
:func:`drumhead.waves.generalized_phase`. ``"state"``: :func:`drumhead.waves.from_state`."""

LEVEL = 0.05
"""A frame has a wave if its p is at most this."""


@short_repr
class PlaneWaves(NamedTuple):
    """The plane wave of each frame; every field is ``(time,)``, NaN where a number is not defined."""

    direction: Floats
    """Radians from +x towards +y: where the wave goes."""
    speed: Floats
    """Length per time."""
    wavelength: Floats
    """Length."""
    frequency: Floats
    """The mean over sites, cycles per time."""
    pgd: Floats
    """0 to 1; NaN for scattered sites, which have no gradient."""
    synchrony: Floats
    """0 to 1."""
    gain: Floats
    """The share of what synchrony leaves unexplained that a plane wave explains, at most 1."""
    p: Floats
    """The probability of such a PGD (for scattered sites: gain) by chance, frame by frame."""
    p_max: Floats
    """The same, with all frames together as one test."""


@short_repr
@dataclass(frozen=True, kw_only=True)
class Measurements:
    """The measurements of a movie."""

    movie: Movie
    """The movie; on a grid if its sites are on one."""
    exclusions: Exclusions
    """The sites that are not valid, and why."""
    quiet: Bools
    """The sites that are left out for their small amplitude, of the shape of a frame."""
    phase: PhaseMethod
    """How the phase was made."""
    analytic: Analytic
    """The complex movie, whose phase all measurements share."""
    smoothed: Complexes
    """The same after smoothing, in which singularities are found; the same array without smoothing."""
    waves: PlaneWaves
    """The plane wave of each frame."""
    statistic: Literal["pgd", "gain"]
    """The statistic of the surrogate test."""
    null: Floats
    """``(surrogate, trusted frame)``: the statistic by chance; no rows without surrogates."""
    gain_null: Floats
    """``(frame,)``: the plane wave's gain of some frames after one permutation of their sites."""
    models: ModelChoice
    """The plane, target and rotating wave of each frame, and which is best."""
    model_gain_null: Floats
    """``(frame,)``: the best model's gain of the same frames after the permutation."""
    singularities: Singularities | None
    """The phase singularities; None for scattered sites."""
    tracks: Tracks | None
    """Their tracks; None for scattered sites."""
    spectrum: TravellingSpectrum | None
    """The k-omega spectrum of the movie without a filter; None for scattered sites."""
    radial: RadialAverage | None
    """Its average over directions."""
    dispersion: DispersionFit | None
    """The stiffness and speed that fit the spectrum; None if too few waves have power."""

    @property
    def sites(self) -> Bools:
        """The sites that are used, of the shape of a frame."""
        return self.exclusions.valid & ~self.quiet

    @property
    def has_phase(self) -> Bools:
        """The sites that have a phase in some frame."""
        return np.asarray(np.isfinite(self.analytic.z).any(axis=0))

    def model(self, frame: int) -> str:
        """Return the best model of a frame: synchrony, plane, target or rotation; empty without a phase.

        It is none if its gain is not above that of 95 of 100 frames with permuted sites.
        """
        best = str(self.models.model[frame])
        chance = np.quantile(self.model_gain_null, 1 - LEVEL) if len(self.model_gain_null) else 0.0
        by_chance = best not in ("", "synchrony") and self.models.gain[frame] <= chance
        return "none" if by_chance else best

    @property
    def significant(self) -> Bools:
        """The frames whose p is at most ``LEVEL``; without surrogates, none."""
        return self.waves.p <= LEVEL
