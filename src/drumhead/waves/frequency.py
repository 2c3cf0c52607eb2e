"""The frequency of a movie: at each moment from its phase, and over its whole length from its spectrum."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drumhead.waves.blocks import blocks
from drumhead.waves.sites import Bools, Floats, check_dt, check_movie

PADDING = 4
"""Zeros that lengthen a trace to four times its length, so that its spectrum is sampled finely around a peak."""


def instantaneous_frequency(z: npt.ArrayLike, *, dt: float) -> Floats:
    """Return ``angle(z[n + 1] conj z[n]) / (2 pi dt)``, in cycles per time, between -1 and 1 times ``1 / (2 dt)``.

    Args:
        z: complex, ``(time, ...)``, at least 2 frames.
        dt: the time from frame to frame.

    Returns:
        One frame fewer than ``z`` has: each value belongs to the midpoint between two frames. NaN where a phase is.

    >>> time = 0.01 * np.arange(4)
    >>> instantaneous_frequency(np.exp(2j * np.pi * 8 * time)[:, None], dt=0.01).ravel().round(9)
    array([8., 8., 8.])
    """
    movie = check_movie(z, least_frames=2)
    steps: Floats = np.angle(movie[1:] * movie[:-1].conj()) / (2 * np.pi * check_dt(dt))
    return steps


def frame_frequency(z: npt.ArrayLike, *, dt: float) -> Floats:
    """Return the mean of the frequencies in the two steps around each frame, in cycles per time.

    Args:
        z: complex, ``(time, ...)``, at least 3 frames.
        dt: the time from frame to frame.

    Returns:
        Of the shape of ``z``. The first and the last frame have one step only, and are NaN.
    """
    movie = check_movie(z, least_frames=3)
    steps = instantaneous_frequency(movie, dt=dt)
    frequencies = np.full(movie.shape, np.nan)
    frequencies[1:-1] = (steps[1:] + steps[:-1]) / 2
    return frequencies


def mean_frequency(x: npt.ArrayLike, sites: Bools, *, dt: float) -> float:
    """Return the mean frequency of a movie, weighted by power, over the given sites; frequency 0 is not counted."""
    movie = check_movie(x, real=True)
    traces, frequencies = movie.reshape(len(movie), -1), np.fft.rfftfreq(len(movie), dt)
    chosen = np.flatnonzero(sites)
    power = np.zeros(len(frequencies))
    for block in blocks(len(chosen), len(movie)):
        power += (np.abs(np.fft.rfft(traces[:, chosen[block]], axis=0)) ** 2).sum(axis=1)
    return float(frequencies[1:] @ power[1:] / power[1:].sum())


def peak_frequency(x: npt.ArrayLike, sites: Bools, *, dt: float) -> Floats:
    """Return the frequency of the highest peak of each site's spectrum, in cycles per time.

    A Hann window is used, and a parabola through the logarithms of the peak and its two neighbours.

    Args:
        x: real, ``(time, y, x)`` or ``(time, site)``.
        sites: the sites to use, of the shape of a frame.
        dt: the time from frame to frame.

    Returns:
        Of the shape of a frame; NaN at other sites, and where no frequency above 0 and below ``1 / (2 dt)`` is a peak.
    """
    movie = check_movie(x, real=True)
    length = PADDING * len(movie)
    window = np.sin(np.pi * (np.arange(len(movie)) + 0.5) / len(movie)) ** 2
    traces, chosen = movie.reshape(len(movie), -1), np.flatnonzero(sites)
    peaks = np.full(traces.shape[1], np.nan)
    for block in blocks(len(chosen), length):
        centred = traces[:, chosen[block]] - traces[:, chosen[block]].mean(axis=0)
        levels = np.log(np.abs(np.fft.rfft(window[:, None] * centred, n=length, axis=0)) + np.finfo(np.float64).tiny)
        top = levels.argmax(axis=0)
        inside = (top > 0) & (top < len(levels) - 1)
        before, peak, after = (
            np.take_along_axis(levels, np.clip(top + step, 0, len(levels) - 1)[None], 0)[0] for step in (-1, 0, 1)
        )
        curvature = np.where(inside, before - 2 * peak + after, -1.0)
        shift = np.where(curvature < 0, (before - after) / (2 * curvature), 0.0)
        peaks[chosen[block]] = np.where(inside, (top + shift) / (length * dt), np.nan)
    return peaks.reshape(movie.shape[1:])
