"""Surrogates: movies that keep some properties of a movie and are random in all others.

A statistic of a movie says little by itself. Its values over surrogates are what it has by chance if only the kept
properties matter; :mod:`drumhead.waves.significance` compares the two. Which question that answers depends on the kind:

=================  ===============================================  ==========================================
kind               keeps                                            asks
=================  ===============================================  ==========================================
``sites``          every trace; permutes the sites                  Is the phase ordered in space?
``phase``          the power spectrum of every site                 Are the sites related at all?
``shift``          every trace up to a circular shift in time       The same, for traces that are not sinusoids
``phase_common``   all cross-spectra, so every linear wave          Are there events beyond stationary waves?
``fourier3``       the power spectrum over frequency and wave       Are there more spirals or sources than
                   vector                                           this spectrum makes?
``iaaft``          each site's values, and nearly its spectrum      As ``phase``, for skewed amplitudes
=================  ===============================================  ==========================================

``phase_common`` is no test for waves: its surrogates contain the same waves as the movie. Of Fourier coefficients, only
phases are random; the mean of a trace and, for an even number of frames, its Nyquist component stay as they are.

References: Theiler et al. 1992 (``phase``), Prichard & Theiler 1994 (``phase_common``), Schreiber & Schmitz 1996
(``iaaft``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
from scipy import fft

from drumhead.waves.sites import Bools, Complexes, Floats, check_movie, valid_sites

SurrogateKind = Literal["sites", "phase", "shift", "phase_common", "fourier3", "iaaft"]
"""What a surrogate keeps; the module's table says what each kind is for."""

Values: TypeAlias = npt.NDArray[np.float64 | np.complex128]
Draw: TypeAlias = Callable[[np.random.Generator], Values]

IAAFT_ROUNDS = 200
"""The most rounds of ``iaaft``. Most traces stop changing within 100."""


def surrogate(
    x: npt.ArrayLike, *, kind: SurrogateKind, generator: np.random.Generator, valid: npt.ArrayLike | None = None
) -> Values:
    """Return one surrogate of a movie.

    Args:
        x: ``(time, y, x)`` or ``(time, site)``. A complex movie stays one: surrogates of an analytic signal are
            analytic signals, which saves a Hilbert transform for each.
        kind: what the surrogate keeps.
        generator: the source of random numbers.
        valid: the sites that may be used, of the shape of a frame; None: all.

    Returns:
        A movie of the shape of ``x``. Sites that are not valid, and frames at both ends without a finite value, keep
        their values.

    Raises:
        ValueError: for an unknown kind, fewer than 3 valid sites or frames, ``iaaft`` of a complex movie, or
            ``fourier3`` of scattered or missing sites.

    >>> movie = np.random.default_rng(0).normal(size=(9, 2, 3))
    >>> shuffled = surrogate(movie, kind="phase", generator=np.random.default_rng(1))
    >>> np.allclose(abs(np.fft.rfft(shuffled, axis=0)), abs(np.fft.rfft(movie, axis=0)))
    True
    """
    return surrogate_sampler(x, kind=kind, valid=valid)(generator)


def surrogate_sampler(x: npt.ArrayLike, *, kind: SurrogateKind, valid: npt.ArrayLike | None = None) -> Draw:
    """Return a function that draws surrogates of a movie, as :func:`surrogate` does, from the generator it is given.

    What the surrogates have in common, such as the movie's Fourier transform, is computed once.
    """
    if kind not in get_args(SurrogateKind):
        raise ValueError(f"kind must be one of {', '.join(get_args(SurrogateKind))}; got {kind!r}")
    movie = check_movie(x)
    frames = _finite_frames(movie)
    sites = valid_sites(movie[frames], valid)
    if kind == "fourier3":
        draw_grid = _fourier3(movie[frames], sites)

        def sample_grid(generator: np.random.Generator) -> Values:
            result = movie.copy()
            result[frames] = draw_grid(generator)
            return result

        return sample_grid

    draw_traces = _TRACE_KINDS[kind](np.ascontiguousarray(movie[frames][:, sites].T))

    def sample(generator: np.random.Generator) -> Values:
        result = movie.copy()
        result[frames, sites] = draw_traces(generator).T
        return result

    return sample


def _finite_frames(movie: Values) -> slice:
    """Return the frames from the first to the last that has a finite value."""
    finite = np.flatnonzero(np.isfinite(movie.reshape(len(movie), -1)).any(axis=1))
    return slice(int(finite[0]), int(finite[-1]) + 1) if len(finite) else slice(0, len(movie))


def _sites(traces: Values) -> Draw:
    """Permute the sites. ``traces`` is ``(site, time)``, here and below."""
    return lambda generator: generator.permutation(traces, axis=0)


def _shift(traces: Values) -> Draw:
    """Shift each trace by a random number of frames, with its end joined to its beginning."""
    sites, frames = traces.shape
    rows, columns = np.arange(sites)[:, None], np.arange(frames)

    def draw(generator: np.random.Generator) -> Values:
        shifted: Values = traces[rows, (columns + generator.integers(frames, size=(sites, 1))) % frames]
        return shifted

    return draw


def _phase(traces: Values) -> Draw:
    """Draw the phases of all Fourier coefficients, apart for each site."""
    return _random_phases(traces, phases_of=len(traces))


def _phase_common(traces: Values) -> Draw:
    """Draw the phases that are added to the Fourier coefficients of all sites alike."""
    return _random_phases(traces, phases_of=1)


def _random_phases(traces: Values, *, phases_of: int) -> Draw:
    """Turn each Fourier coefficient by a random angle; ``phases_of`` is the number of sites, or 1 for common angles."""
    frames = traces.shape[1]
    is_complex = np.iscomplexobj(traces)
    spectrum = fft.fft(traces) if is_complex else fft.rfft(traces)
    fixed = [0, frames // 2] if frames % 2 == 0 else [0]

    def draw(generator: np.random.Generator) -> Values:
        angles = generator.uniform(0, 2 * np.pi, size=(phases_of, spectrum.shape[1]))
        angles[:, fixed] = 0
        turned = spectrum * np.exp(1j * angles)
        result: Values = fft.ifft(turned, overwrite_x=True) if is_complex else fft.irfft(turned, n=frames)
        return result

    return draw


def _iaaft(traces: Values) -> Draw:
    """Alternate between the spectrum and the sorted values of each trace, beginning with a random order of its values.

    The last step sets the values, so these are exact and the spectrum is approximate.
    """
    if np.iscomplexobj(traces):
        raise ValueError("iaaft keeps the histogram of real values, and the movie is complex; pass the real movie")
    amplitudes, ordered = np.abs(fft.rfft(traces)), np.sort(traces)

    def draw(generator: np.random.Generator) -> Values:
        values: Values = generator.permuted(traces, axis=1)
        changing = np.arange(len(traces))
        for _ in range(IAAFT_ROUNDS):
            coefficients = fft.rfft(values[changing])
            size = np.abs(coefficients)
            factor = np.divide(amplitudes[changing], size, out=np.zeros_like(size), where=size > 0)
            filtered = fft.irfft(coefficients * factor, n=traces.shape[1])
            ranked = np.empty_like(filtered)
            np.put_along_axis(ranked, np.argsort(filtered, kind="stable"), ordered[changing], axis=1)
            moved = (ranked != values[changing]).any(axis=1)
            values[changing] = ranked
            changing = changing[moved]
            if not len(changing):
                break
        return values

    return draw


def _fourier3(movie: Values, sites: Bools) -> Draw:
    """Draw the phases of the Fourier coefficients over time, y and x, in conjugate pairs if the movie is real."""
    if movie.ndim != 3:
        raise ValueError(f"fourier3 needs a grid, (time, y, x); got shape {movie.shape}; for scattered sites: phase")
    if not sites.all():
        raise ValueError(
            f"fourier3 needs all sites, and {int((~sites).sum())} of {sites.size} are not valid; "
            "pass a rectangle without them, or take another kind, such as phase"
        )
    is_complex = np.iscomplexobj(movie)
    spectrum = fft.fftn(movie) if is_complex else fft.rfftn(movie)
    own_partners = np.ix_(*([0, n // 2] if n % 2 == 0 else [0] for n in movie.shape))

    def draw(generator: np.random.Generator) -> Values:
        turn = _complex_phases(generator, movie.shape) if is_complex else _hermitian_phases(generator, movie.shape)
        turn[own_partners] = 1
        result: Values = fft.ifftn(spectrum * turn) if is_complex else fft.irfftn(spectrum * turn, s=movie.shape)
        return result

    return draw


def _complex_phases(generator: np.random.Generator, shape: tuple[int, ...]) -> Complexes:
    factors: Complexes = np.exp(1j * generator.uniform(0, 2 * np.pi, size=shape))
    return factors


def _hermitian_phases(generator: np.random.Generator, shape: tuple[int, ...]) -> Complexes:
    """Return the phase factors of a real movie of white noise: random, and conjugate at opposite frequencies."""
    noise: Floats = generator.standard_normal(shape)
    transform: Complexes = fft.rfftn(noise)
    return transform / np.abs(transform)


_TRACE_KINDS: dict[str, Callable[[Values], Draw]] = {
    "sites": _sites,
    "phase": _phase,
    "shift": _shift,
    "phase_common": _phase_common,
    "iaaft": _iaaft,
}
