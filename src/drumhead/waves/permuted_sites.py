"""What chance gives: the measures of a movie whose sites are permuted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from drumhead.waves.analytic import Analytic
from drumhead.waves.fits import fit_plane
from drumhead.waves.model_choice import ModelChoice, choose_model
from drumhead.waves.movie import Movie
from drumhead.waves.significance import SurrogateTest, surrogate_test
from drumhead.waves.sites import LEAST_FRAMES, Bools, Complexes, Floats
from drumhead.waves.surrogates import SurrogateKind, surrogate
from drumhead.waves.travel import directionality

SURROGATES: SurrogateKind = "sites"
"""The kind of surrogates: the sites are permuted, so a small p says that the phases are ordered in space."""

NULL_FRAMES = 1000
"""At most so many frames have their sites permuted once for the gain that chance gives."""

NULL_VALUES = 1_000_000
"""Fewer frames, 100 at the least, if they have more values than this."""


def movie_models(movie: Movie, z: Complexes, sites: Bools) -> ModelChoice:
    """Return the plane, target and rotating wave of each frame, and which is best."""
    return choose_model(z, spacing=movie.spacing, positions=movie.positions, valid=sites)


def permuted_models(movie: Movie, signal: Analytic, sites: Bools, generator: np.random.Generator) -> ModelChoice | None:
    """Return the models of frames, evenly spread, after one permutation of the sites; None with too few frames."""
    frames = np.flatnonzero(signal.trusted)
    most = min(len(frames), NULL_FRAMES, max(100, NULL_VALUES // movie.values[0].size))
    chosen = frames[np.unique(np.linspace(0, len(frames) - 1, most).astype(int))]
    used = sites & np.isfinite(signal.z[frames[0]])
    if len(chosen) < LEAST_FRAMES:
        return None
    permuted = surrogate(signal.z[chosen], kind=SURROGATES, generator=generator, valid=used)
    return movie_models(movie, np.asarray(permuted, np.complex128), used)


def permutation_test(
    movie: Movie,
    signal: Analytic,
    sites: Bools,
    smooth: float,
    generator: np.random.Generator,
    count: int,
    progress: Callable[[int, int], None],
) -> SurrogateTest | None:
    """Return the test of each trusted frame, or None without surrogates."""
    if count == 0:
        return None
    z = signal.z[signal.trusted]
    used = sites & np.isfinite(z[0])
    spacing = movie.spacing

    def statistic(values: npt.NDArray[np.float64 | np.complex128]) -> Floats:
        if spacing is not None:
            return directionality(values, spacing=spacing, boundary=movie.boundary, valid=used, smooth=smooth)
        return fit_plane(values, positions=movie.positions, valid=used).gain

    return surrogate_test(
        z, statistic, kind=SURROGATES, generator=generator, count=count, valid=used, progress=progress
    )
