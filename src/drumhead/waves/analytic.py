"""The analytic signal of a movie: a complex movie whose angle is the phase of each site.

A real trace has a phase only through what is assumed of it. Three ways are offered:

- :func:`analytic`: by Hilbert's transform, for recordings, after a band-pass filter if they are not of one band yet;
- :func:`morlet`: around one frequency, by a wavelet;
- :func:`from_state`: from a position and its velocity at the site's own frequency, for hidden states. It needs no
  filter and loses only the first and the last frame, where Hilbert's transform loses a third of a short movie.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.blocks import blocks
from drumhead.waves.filters import bandpass
from drumhead.waves.frequency import mean_frequency, peak_frequency
from drumhead.waves.sites import Bools, Complexes, Floats, check_dt, check_movie, valid_sites

Edges = Literal["nan", "keep"]
"""What the untrusted frames at both ends hold: NaN, or whatever the transform gives there."""


@short_repr
class Analytic(NamedTuple):
    """A complex movie."""

    z: Complexes
    """Of the shape of the movie; its modulus is the amplitude in the movie's units. NaN at sites that are not valid."""
    trusted: Bools
    """``(time,)``: whether the frame is far enough from both ends for its phase to be right."""


def analytic(
    x: npt.ArrayLike,
    *,
    dt: float,
    band: tuple[float, float] | None = None,
    edges: Edges = "nan",
    valid: npt.ArrayLike | None = None,
) -> Analytic:
    """Return the analytic signal by Hilbert's transform along time, over the whole record and without padding.

    The mean of each site is subtracted, since a constant has no phase.

    Args:
        x: real, ``(time, y, x)`` or ``(time, site)``.
        dt: the time from frame to frame.
        band: the ends of the band of :func:`drumhead.waves.bandpass`, which is applied first; None: no filter.
        edges: what the untrusted frames hold. Untrusted are, at both ends, the frames in which the filter settles or,
            without a band, those within one period of the mean frequency.
        valid: the sites that may be used; None: all.

    Raises:
        ValueError: as :func:`drumhead.waves.bandpass` does, and if no frame is trusted.

    >>> time = 0.01 * np.arange(200)
    >>> phase = 2 * np.pi * 5 * time[:, None] + np.array([0.0, 1.0, 2.0])
    >>> z, trusted = analytic(np.cos(phase), dt=0.01)
    >>> float(np.abs(z[trusted] - np.exp(1j * phase[trusted])).max()) < 1e-12, int(trusted.sum())
    (True, 160)
    """
    from scipy.signal import hilbert

    movie = check_movie(x, real=True)
    dt = check_dt(dt)
    sites = valid_sites(movie, valid)
    if band is None:
        ends = math.ceil(1 / (mean_frequency(movie, sites, dt=dt) * dt) - 1e-9)
    else:
        movie, ends = bandpass(movie, *band, dt=dt, valid=sites)
    trusted = _trusted(len(movie), ends, edges, "the filter settles" if band else "the transform is disturbed")
    z = np.full(movie.shape, np.nan, np.complex128)
    traces, signals, chosen = movie.reshape(len(movie), -1), z.reshape(len(movie), -1), np.flatnonzero(sites)
    for block in blocks(len(chosen), len(movie)):
        centred = traces[:, chosen[block]] - traces[:, chosen[block]].mean(axis=0)
        signals[:, chosen[block]] = hilbert(centred, axis=0)
    return _with_edges(z, trusted, edges)


def morlet(
    x: npt.ArrayLike,
    frequency: float,
    *,
    dt: float,
    cycles: float = 6.0,
    edges: Edges = "nan",
    valid: npt.ArrayLike | None = None,
) -> Analytic:
    """Return the complex signal around one frequency, by convolution with a complex Morlet wavelet.

    The wavelet is ``exp(2 pi i f t) exp(-t^2 / (2 s^2))`` with ``s = cycles / (2 pi f)``, so that its spectrum is a
    Gaussian of standard deviation ``f / cycles``; it is scaled so that a cosine of that frequency has its amplitude.

    Args:
        x: real, ``(time, y, x)`` or ``(time, site)``.
        frequency: the wavelet's frequency, in cycles per time, above 0 and below ``1 / (2 dt)``.
        dt: the time from frame to frame.
        cycles: the length of the wavelet: about the number of its periods, above 0. More cycles: a narrower band.
        edges: what the untrusted frames hold: those within ``cycles / (2 f)`` of either end.
        valid: the sites that may be used; None: all.

    Raises:
        ValueError: for a frequency or a number of cycles out of its range, if no frame is trusted, or if fewer than
            3 sites are valid.
    """
    from scipy.signal import oaconvolve

    movie = check_movie(x, real=True)
    dt = check_dt(dt)
    if not 0 < frequency < 1 / (2 * dt):
        raise ValueError(f"frequency must be above 0 and below {1 / (2 * dt):g}, 1 / (2 dt); got {frequency:g}")
    if not 0 < cycles < float("inf"):
        raise ValueError(f"cycles must be above 0 and finite, got {cycles}")
    sites = valid_sites(movie, valid)
    deviation = cycles / (2 * np.pi * frequency)
    trusted = _trusted(len(movie), math.ceil(cycles / (2 * frequency * dt)), edges, "the wavelet reaches beyond it")
    half = min(math.ceil(6 * deviation / dt), len(movie) - 1)
    time = dt * np.arange(-half, half + 1)
    envelope = np.exp(-(time**2) / (2 * deviation**2))
    wavelet = 2 / envelope.sum() * envelope * np.exp(2j * np.pi * frequency * time)
    z = np.full(movie.shape, np.nan, np.complex128)
    traces, signals, chosen = movie.reshape(len(movie), -1), z.reshape(len(movie), -1), np.flatnonzero(sites)
    for block in blocks(len(chosen), 2 * len(movie)):
        centred = traces[:, chosen[block]] - traces[:, chosen[block]].mean(axis=0)
        signals[:, chosen[block]] = oaconvolve(centred, wavelet[:, None], axes=0)[half : half + len(movie)]
    return _with_edges(z, trusted, edges)


def from_state(
    y: npt.ArrayLike,
    *,
    dt: float,
    frequency: float | npt.ArrayLike | None = None,
    valid: npt.ArrayLike | None = None,
) -> Analytic:
    """Return ``y[n] - i (y[n + 1] - y[n - 1]) / (2 sin(Omega dt))``, the phase from position and velocity.

    It is exact for a wave of the frequency ``Omega / (2 pi)``, however short the movie. The mean is not subtracted: an
    oscillator moves about 0.

    Args:
        y: hidden states, real, ``(time, y, x)`` or ``(time, site)``, at least 3 frames.
        dt: the time step.
        frequency: ``Omega / (2 pi)`` in cycles per time, one number or one for each site, below ``1 / (2 dt)``; for
            example ``neighbours_in_phase`` of :func:`drumhead.analysis.natural_frequency.natural_frequencies`.
            None: the highest peak of the site's spectrum. A site whose frequency is not above 0 has no phase: NaN.
        valid: the sites that may be used; None: all.

    Returns:
        The complex movie, whose first and last frame are NaN and not trusted.

    Raises:
        ValueError: for a frequency of another shape or at least ``1 / (2 dt)``, or if fewer than 3 sites are valid.

    >>> phase = 2 * np.pi * 0.7 * 0.1 * np.arange(3)[:, None] + np.array([0.0, 1.0, 2.0])
    >>> z, trusted = from_state(np.cos(phase), dt=0.1, frequency=0.7)
    >>> float(np.abs(z[1] - np.exp(1j * phase[1])).max()) < 1e-12, trusted.tolist()
    (True, [False, True, False])
    """
    states = check_movie(y, real=True)
    dt = check_dt(dt)
    sites = valid_sites(states, valid)
    frequencies = _site_frequencies(states, sites, frequency, dt=dt)
    oscillating = sites & (frequencies > 0)
    divisor = np.where(oscillating, 2 * np.sin(2 * np.pi * np.where(oscillating, frequencies, 0) * dt), np.nan)
    z = np.full(states.shape, np.nan, np.complex128)
    z.real[1:-1] = np.where(oscillating, states[1:-1], np.nan)
    z.imag[1:-1] = (states[:-2] - states[2:]) / divisor
    trusted = np.ones(len(states), np.bool_)
    trusted[[0, -1]] = False
    return Analytic(z, trusted)


def _site_frequencies(
    states: npt.NDArray[np.float64 | np.complex128],
    sites: Bools,
    frequency: float | npt.ArrayLike | None,
    *,
    dt: float,
) -> Floats:
    """Return the frequency of each site, 0 or NaN where it has none."""
    if frequency is None:
        return peak_frequency(states, sites, dt=dt)
    given = np.asarray(frequency, np.float64)
    if given.shape not in ((), states.shape[1:]):
        raise ValueError(f"frequency must be one number or one for each site, {states.shape[1:]}; got {given.shape}")
    if (given[np.isfinite(given)] >= 1 / (2 * dt)).any():
        raise ValueError(f"frequency must be below {1 / (2 * dt):g}, 1 / (2 dt); got {np.nanmax(given):g}")
    return np.broadcast_to(given, states.shape[1:])


def _trusted(frames: int, ends: int, edges: Edges, reason: str) -> Bools:
    """Return which frames are further than ``ends`` frames from both ends."""
    if edges not in ("nan", "keep"):
        raise ValueError(f"edges must be 'nan' or 'keep', got {edges!r}")
    trusted = np.zeros(frames, np.bool_)
    trusted[ends : frames - ends] = True
    if not trusted.any() and edges == "nan":
        raise ValueError(
            f"the movie of {frames} frames is too short: {ends} frames at each end have no trusted phase, "
            f"where {reason}. Take a longer movie or a higher frequency, edges='keep', or from_state for hidden states"
        )
    return trusted


def _with_edges(z: Complexes, trusted: Bools, edges: Edges) -> Analytic:
    """Empty the untrusted frames, if that is asked."""
    if edges == "nan":
        z[~trusted] = np.nan
    return Analytic(z, trusted)
