"""The gradient of phase over the sites of a grid, and the wave vector that follows from it.

The gradient is made of differences between neighbours, ``angle(z[i + 1] conj z[i])``, each wrapped to (-pi, pi]; at a
site it is the mean of the differences on its two sides, or the one there is. So it is right for wavelengths down to 2
sites. A central difference ``angle(z[i + 1] conj z[i - 1]) / 2``, which is often used, reverses the direction of waves
shorter than 4 sites. Below 2 sites no method can tell the direction: the wave is aliased.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.blocks import blocks
from drumhead.waves.frequency import frame_frequency
from drumhead.waves.sites import (
    Boundary,
    Complexes,
    Floats,
    Spacing,
    check_boundary,
    check_movie,
    check_spacing,
    phase_mask,
)


@short_repr
class PhaseGradient(NamedTuple):
    """The gradient of phase, in radians per length, ``(time, y, x)``; NaN where a site has no valid neighbour."""

    g_y: Floats
    """Along growing rows; between -1 and 1 times ``pi / dy``."""
    g_x: Floats
    """Along growing columns; between -1 and 1 times ``pi / dx``."""


@short_repr
class WaveVector(NamedTuple):
    """The wave vector, in radians per length, ``(time, y, x)``. It points where the wave goes."""

    k_y: Floats
    """Along growing rows."""
    k_x: Floats
    """Along growing columns."""


def phase_gradient(
    z: npt.ArrayLike,
    *,
    spacing: Spacing,
    boundary: Boundary = "open",
    valid: npt.ArrayLike | None = None,
    smooth: float = 0.0,
) -> PhaseGradient:
    """Return the gradient of the phase of a complex movie.

    Args:
        z: complex, ``(time, y, x)``; only its angle matters, unless it is smoothed.
        spacing: ``(dy, dx)``, the length from row to row and from column to column.
        boundary: whether opposite edges are neighbours.
        valid: the sites that may be used; None: all.
        smooth: the standard deviation in length of a Gaussian that smooths the complex signal first, over sites with a
            phase only; 0: none. A phase itself is never averaged.

    Raises:
        ValueError: for a movie that is not complex and ``(time, y, x)``, or a spacing that is not above 0.

    >>> from drumhead.waves import Grid, plane_wave
    >>> wave = plane_wave(Grid(spacing=(0.5, 0.4)), wave_vector=(-1.1, -2.3))
    >>> g_y, g_x = phase_gradient(wave, spacing=(0.5, 0.4))
    >>> float(abs(g_y - 1.1).max()) < 1e-12, float(abs(g_x - 2.3).max()) < 1e-12
    (True, True)
    """
    movie = check_complex_grid(z)
    dy, dx = check_spacing(spacing)
    circular = check_boundary(boundary) == "circular"
    gradient = PhaseGradient(np.empty(movie.shape), np.empty(movie.shape))
    for block in blocks(len(movie), movie[0].size):
        part = smooth_signal(movie[block], smooth, spacing=spacing, boundary=boundary, valid=valid)
        gradient.g_y[block] = _mean_of_links(part, axis=1, circular=circular) / dy
        gradient.g_x[block] = _mean_of_links(part, axis=2, circular=circular) / dx
    return gradient


def wave_vector(
    z: npt.ArrayLike,
    *,
    dt: float,
    spacing: Spacing,
    boundary: Boundary = "open",
    valid: npt.ArrayLike | None = None,
    smooth: float = 0.0,
) -> WaveVector:
    """Return the wave vector at each site, ``-sign(f) grad phase``, which points where the wave goes.

    Args:
        z: complex, ``(time, y, x)``, at least 3 frames.
        dt: the time from frame to frame.
        spacing: ``(dy, dx)``, the length from row to row and from column to column.
        boundary: whether opposite edges are neighbours.
        valid: the sites that may be used; None: all.
        smooth: as in :func:`phase_gradient`.

    Returns:
        The wave vectors. ``f`` is the site's frequency averaged over the two steps around the frame, so the first and
        the last frame are NaN.
    """
    movie = check_complex_grid(z, least_frames=3)
    gradient = phase_gradient(movie, spacing=spacing, boundary=boundary, valid=valid, smooth=smooth)
    sign = -np.sign(frame_frequency(movie, dt=dt))
    return WaveVector(sign * gradient.g_y, sign * gradient.g_x)


def check_complex_grid(z: npt.ArrayLike, *, least_frames: int = 1) -> Complexes:
    """Return a complex movie ``(time, y, x)``.

    Raises:
        ValueError: if it is not one, or has too few frames.
    """
    movie = check_movie(z, least_frames=least_frames)
    if movie.ndim != 3:
        raise ValueError(
            f"a movie on a grid, (time, y, x), is needed; got shape {movie.shape}. For scattered sites, fit a wave"
        )
    if movie.dtype.kind != "c":
        raise ValueError(f"a complex movie is needed, got {movie.dtype}; drumhead.waves.analytic makes one")
    return movie.astype(np.complex128, copy=False)


def _mean_of_links(z: Complexes, *, axis: int, circular: bool) -> Floats:
    """Return the mean of the wrapped phase differences on both sides of each site along an axis, in radians."""
    if z.shape[axis] < 2:
        return np.full(z.shape, np.nan)
    z = np.moveaxis(z, axis, -1)
    links = np.full((*z.shape[:-1], z.shape[-1] + 1), np.nan)  # link i joins sites i - 1 and i
    links[..., 1:-1] = np.angle(z[..., 1:] * z[..., :-1].conj())
    if circular:
        links[..., 0] = links[..., -1] = np.angle(z[..., 0] * z[..., -1].conj())
    before, after = links[..., :-1], links[..., 1:]
    mean = np.where(np.isnan(before), after, np.where(np.isnan(after), before, (before + after) / 2))
    return np.moveaxis(mean, -1, axis)


def smooth_signal(
    z: npt.ArrayLike,
    smooth: float,
    *,
    spacing: Spacing,
    boundary: Boundary = "open",
    valid: npt.ArrayLike | None = None,
) -> Complexes:
    """Return the Gaussian mean of a complex movie around each site with a phase, over sites with a phase only.

    A phase is never averaged: the mean of the complex signal has one again. Sites without a phase stay without one.

    Args:
        z: complex, ``(time, y, x)``.
        smooth: the standard deviation of the Gaussian, in units of length; 0: the movie as it is.
        spacing: ``(dy, dx)``, the length from row to row and from column to column.
        boundary: whether opposite edges are neighbours.
        valid: the sites that may be used; None: all.

    Raises:
        ValueError: as :func:`phase_gradient`.
    """
    from scipy.ndimage import gaussian_filter

    movie, (dy, dx) = check_complex_grid(z), check_spacing(spacing)
    if not 0 <= smooth < float("inf"):
        raise ValueError(f"smooth must be 0 or more and finite, got {smooth}")
    mode, deviations = "wrap" if check_boundary(boundary) == "circular" else "constant", (0.0, smooth / dy, smooth / dx)
    smoothed = np.empty_like(movie)
    for block in blocks(len(movie), movie[0].size):
        mask = phase_mask(movie[block], valid)
        filled = np.where(mask, movie[block], 0)
        if smooth:
            total = gaussian_filter(filled.real, deviations, mode=mode) + 1j * gaussian_filter(
                filled.imag, deviations, mode=mode
            )
            weight = gaussian_filter(mask.astype(np.float64), deviations, mode=mode)
            smoothed[block] = np.divide(total, weight, out=np.full_like(total, np.nan), where=mask)
        else:
            smoothed[block] = np.where(mask, filled, np.nan)
    return smoothed
