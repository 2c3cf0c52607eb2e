"""All measurements of one movie, in one call: what ``drumhead waves`` writes and draws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from drumhead.waves.analytic import Analytic, analytic, from_state
from drumhead.waves.dispersion_fit import DispersionFit, fit_dispersion
from drumhead.waves.filters import check_band
from drumhead.waves.fits import PlaneFit
from drumhead.waves.frequency import frame_frequency
from drumhead.waves.generalized import generalized_phase
from drumhead.waves.gradient import smooth_signal
from drumhead.waves.measurements import LEVEL, Measurements, PhaseMethod, PlaneWaves
from drumhead.waves.movie import Movie
from drumhead.waves.permuted_sites import movie_models, permutation_test, permuted_models
from drumhead.waves.significance import SurrogateTest
from drumhead.waves.singularities import Singularities, find_singularities
from drumhead.waves.sites import LEAST_SITES, Bools, Complexes, Floats, exclusions, valid_sites
from drumhead.waves.spectrum import TravellingSpectrum, radial_average, travelling_spectrum
from drumhead.waves.tracks import Tracks, track_points
from drumhead.waves.travel import Travel, travel

LEAST_SURROGATES = 19
"""The least number of surrogates with which a p can be ``LEVEL``: the smallest p is ``1 / (1 + surrogates)``."""

SPECTRUM_PERIODS = 10
"""The length of the segments whose spectra are averaged, in periods of the median frequency."""

PADDED_VALUES = 3_000_000
"""A segment of at most this number of values is lengthened by zeros, for a finer frequency axis."""

Stage = Callable[[str, int, int], None]
"""``(what is being done, done, total)``."""


def measure_waves(
    movie: Movie,
    *,
    generator: np.random.Generator,
    band: tuple[float, float] | None = None,
    phase: PhaseMethod = "hilbert",
    frequency: npt.ArrayLike | None = None,
    surrogates: int = 199,
    min_amplitude: float = 0.0,
    smooth: float = 0.0,
    progress: Stage | None = None,
) -> Measurements:
    """Measure the waves of a movie.

    The phase is computed once, over the whole movie, and everything else is computed from it.

    Args:
        movie: a real movie.
        generator: the source of random numbers of the surrogates.
        band: the ends of the band, not for ``phase="state"``; None: no filter.
        phase: how the phase is made.
        frequency: for ``phase="state"``, as in :func:`drumhead.waves.from_state`.
        surrogates: the number of surrogates, 0, or 19 or more.
        min_amplitude: sites whose mean amplitude is below this share of the median site's are left out, such as those
            beside a brain; from 0 (none) to 1.
        smooth: the standard deviation in length of a Gaussian that smooths the complex movie over sites, for gradients
            and singularities; 0: none. Surrogates are smoothed after their sites are permuted, as the movie is.
        progress: called with the name of a stage, and with how much of it is done.

    Raises:
        ValueError: if a rule of the functions used is broken: fewer than 3 frames or valid sites, sites on a line, a
            band out of range, a movie too short for the band, or a complex movie.

    >>> from drumhead.waves import Grid, plane_wave
    >>> wave = plane_wave(Grid(spacing=(0.5, 0.4)), wave_vector=(-1.5, -2.0), frequency=8)
    >>> movie = Movie(values=wave.real, dt=0.01, spacing=(0.5, 0.4), length_unit="mm", time_unit="s")
    >>> result = measure_waves(movie, generator=np.random.default_rng(0), surrogates=19)
    >>> [round(float(each[37]), 4) for each in (result.waves.direction, result.waves.speed, result.waves.p)]
    [-2.4981, 20.1062, 0.05]
    """
    report: Stage = progress or (lambda stage, done, total: None)
    if surrogates and surrogates < LEAST_SURROGATES:
        raise ValueError(
            f"surrogates must be 0, or {LEAST_SURROGATES} or more: with fewer, p cannot be {LEVEL:g}; got {surrogates}"
        )
    if not 0 <= min_amplitude <= 1:
        raise ValueError(f"min_amplitude, a share of the median amplitude, must be in [0, 1]; got {min_amplitude}")
    if not 0 <= smooth < float("inf"):
        raise ValueError(f"smooth must be 0 or more and finite, got {smooth}")
    if band is not None:
        check_band(*band, dt=movie.dt)
    on_grid = movie.grid()
    if on_grid is not None:
        movie = on_grid
    excluded = exclusions(movie.values, movie.valid)
    sites = valid_sites(movie.values, movie.valid)
    report("phase", 0, 5)
    signal = _phase(movie, sites, band=band, phase=phase, frequency=frequency)
    _check_phases(signal, movie.frames)
    quiet = _quiet(signal, sites, min_amplitude)
    sites = valid_sites(movie.values, excluded.valid & ~quiet)
    signal.z[:, quiet] = np.nan
    report("plane waves", 1, 5)
    models = movie_models(movie, signal.z, sites)
    waves = _gradient_waves(movie, signal.z, sites, smooth) if movie.spacing else None
    report("plane waves of permuted sites", 2, 5)
    permuted = permuted_models(movie, signal, sites, generator)
    report("singularities", 3, 5)
    smoothed = signal.z
    if smooth and movie.spacing is not None:
        smoothed = smooth_signal(signal.z, smooth, spacing=movie.spacing, boundary=movie.boundary, valid=sites)
    found = None if waves is None else _singularities(movie, smoothed, sites)
    report("spectrum", 4, 5)
    spectrum = None if waves is None else _spectrum(movie, sites, waves.frequency)
    report("spectrum", 5, 5)
    test = permutation_test(
        movie, signal, sites, smooth, generator, surrogates, lambda done, total: report("surrogates", done, total)
    )
    return Measurements(
        movie=movie,
        exclusions=excluded,
        quiet=quiet,
        phase=phase,
        analytic=signal,
        smoothed=smoothed,
        waves=_plane_waves(movie, waves, models.plane, signal, test),
        statistic="gain" if waves is None else "pgd",
        null=np.empty((0, int(signal.trusted.sum()))) if test is None else test.null,
        gain_null=np.empty(0) if permuted is None else permuted.plane.gain,
        models=models,
        model_gain_null=np.empty(0) if permuted is None else permuted.gain,
        singularities=None if found is None else found[0],
        tracks=None if found is None else found[1],
        spectrum=spectrum,
        radial=None if spectrum is None else radial_average(spectrum),
        dispersion=None if spectrum is None else _dispersion(movie, spectrum),
    )


def _phase(
    movie: Movie,
    sites: Bools,
    *,
    band: tuple[float, float] | None,
    phase: PhaseMethod,
    frequency: npt.ArrayLike | None,
) -> Analytic:
    """Return the complex movie."""
    if phase == "state":
        if band is not None:
            raise ValueError("phase 'state' has the sites' own frequencies; give no band, or take phase 'hilbert'")
        return from_state(movie.values, dt=movie.dt, frequency=frequency, valid=sites)
    if phase not in ("hilbert", "generalized"):
        raise ValueError(f"phase must be 'hilbert', 'generalized' or 'state', got {phase!r}")
    signal = analytic(movie.values, dt=movie.dt, band=band, valid=sites)
    if phase == "hilbert":
        return signal
    generalized = generalized_phase(signal.z, dt=movie.dt, valid=sites)
    return Analytic(np.where(generalized.trusted, generalized.z, np.nan), signal.trusted)


def _check_phases(signal: Analytic, frames: int) -> None:
    """Raise an error if fewer than 3 sites have a phase."""
    count = int(np.isfinite(signal.z).any(axis=0).sum())
    if count < LEAST_SITES:
        raise ValueError(
            f"at least {LEAST_SITES} sites with a phase are needed, got {count}: in {frames} frames, the others do not "
            "oscillate at a frequency that can be found; take phase 'hilbert', or more frames"
        )


def _quiet(signal: Analytic, sites: Bools, min_amplitude: float) -> Bools:
    """Return the sites whose mean amplitude over the trusted frames is below a share of the median site's."""
    amplitude = np.zeros(sites.shape)
    for frame in np.flatnonzero(signal.trusted):
        amplitude += np.abs(signal.z[frame])
    known = sites & np.isfinite(amplitude)
    if not min_amplitude or not known.any():
        return np.zeros(sites.shape, np.bool_)
    quiet: Bools = known & (amplitude < min_amplitude * np.median(amplitude[known]))
    return quiet


def _spectrum(movie: Movie, sites: Bools, frequency: Floats) -> TravellingSpectrum:
    """Return the k-omega spectrum: with a window in space for recordings, whose edges do not fit together.

    Its segments last ten periods of the median frequency, since the spectrum of a whole recording is mostly noise.
    """
    assert movie.spacing is not None
    frequency = np.abs(frequency[np.isfinite(frequency)])
    periods = np.median(frequency) * movie.dt if len(frequency) else 0.0
    length = int(np.clip(SPECTRUM_PERIODS / periods if periods > 0 else movie.frames, 3, movie.frames))
    small = length * movie.values[0].size <= PADDED_VALUES
    return travelling_spectrum(
        movie.values,
        dt=movie.dt,
        spacing=movie.spacing,
        valid=sites,
        spatial_window="none" if movie.boundary == "circular" else "hann",
        segments=max(1, 2 * movie.frames // length - 1),
        padding=4 if small else 1,
    )


def _dispersion(movie: Movie, spectrum: TravellingSpectrum) -> DispersionFit | None:
    """Return the fit of the network's equation to hidden states, of a continuous medium's to recordings."""
    try:
        return fit_dispersion(spectrum, scheme="continuous" if movie.omega is None else "lattice")
    except ValueError:  # too few wave vectors have power
        return None


def _gradient_waves(movie: Movie, z: Complexes, sites: Bools, smooth: float) -> Travel:
    assert movie.spacing is not None
    return travel(z, dt=movie.dt, spacing=movie.spacing, boundary=movie.boundary, valid=sites, smooth=smooth)


def _singularities(movie: Movie, z: Complexes, sites: Bools) -> tuple[Singularities, Tracks]:
    assert movie.spacing is not None
    found = find_singularities(z, spacing=movie.spacing, valid=sites, boundary=movie.boundary)
    height, width = movie.values.shape[1:]
    tracks = track_points(
        found.frame,
        found.y,
        found.x,
        found.charge,
        shape=(movie.frames, height, width),
        spacing=movie.spacing,
        boundary=movie.boundary,
    )
    return found, tracks


def _plane_waves(
    movie: Movie, waves: Travel | None, fit: PlaneFit, signal: Analytic, test: SurrogateTest | None
) -> PlaneWaves:
    """Return the plane wave of each frame: from the gradients on a grid, from the fit for scattered sites."""
    p, p_max = np.full((2, movie.frames), np.nan)
    if test is not None:
        p[signal.trusted], p_max[signal.trusted] = test.p, test.p_max
    if waves is not None:
        return PlaneWaves(*waves[:6], fit.gain, p, p_max)
    frequency = _mean_frequency(signal.z, movie.dt)
    sign = np.sign(frequency)
    known = np.isfinite(frequency) & (fit.wave_number > 0)
    wave_number = np.where(known, fit.wave_number, np.nan)
    direction = np.where(known, np.arctan2(sign * fit.k_y, sign * fit.k_x), np.nan)
    speed = 2 * np.pi * np.abs(frequency) / wave_number
    pgd = np.full(movie.frames, np.nan)
    return PlaneWaves(direction, speed, 2 * np.pi / wave_number, frequency, pgd, fit.synchrony, fit.gain, p, p_max)


def _mean_frequency(z: Complexes, dt: float) -> Floats:
    """Return the mean frequency over the sites of each frame; NaN where no site has one."""
    frequencies = frame_frequency(z, dt=dt).reshape(len(z), -1)
    finite = np.isfinite(frequencies)
    counts = finite.sum(axis=1)
    mean: Floats = np.divide(
        np.where(finite, frequencies, 0).sum(axis=1), counts, out=np.full(len(z), np.nan), where=counts > 0
    )
    return mean
