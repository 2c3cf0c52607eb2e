r"""The autocorrelation of a movie over time and space, with missing sites.

For lags ``(tau, d)`` in frames and sites,

    C(tau, d) = mean over pairs of x(t, r) x(t + tau, r + d),   divided by C(0, 0),

of a movie from which each site's mean is subtracted. The mean is over the pairs of valid sites that have this lag, so
missing sites and the edges do not bias it; lags with few pairs are NaN. A pattern that moves with velocity v has its
maximum at ``d = v tau``. ``C(-tau, -d) = C(tau, d)``, so only lags of 0 or more frames are returned.

The sums are computed by Fourier transforms that are padded with zeros, except along circular axes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import fft
from scipy.spatial.distance import pdist

from drumhead.short_repr import short_repr
from drumhead.waves.sites import (
    Boundary,
    Floats,
    Spacing,
    check_boundary,
    check_dt,
    check_movie,
    check_positions,
    check_spacing,
    valid_sites,
)

LEAST_PAIRS = 30
BLOCK = 2**22
"""The number of complex values of a block of the transforms over time."""


@short_repr
class Autocorrelation(NamedTuple):
    """The autocorrelation by lag; the lag 0 is in the middle of both spatial axes."""

    values: Floats
    """``(tau, dy, dx)``, 1 at lag 0; NaN where there are fewer than 30 pairs."""
    tau: Floats
    """``(tau,)``, in units of time, from 0."""
    dy: Floats
    """``(dy,)``, in units of length, ascending."""
    dx: Floats
    """``(dx,)``, in units of length, ascending."""
    pairs: npt.NDArray[np.int64]
    """``(tau, dy, dx)``: the number of pairs of values."""

    @property
    def origin(self) -> tuple[int, int]:
        """The indices of dy = 0 and dx = 0."""
        return int(np.abs(self.dy).argmin()), int(np.abs(self.dx).argmin())

    @property
    def correlation_time(self) -> float:
        """The lag at which the autocorrelation in time first falls to 1/e; NaN if it does not."""
        row, column = self.origin
        return _first_crossing(self.tau, self.values[:, row, column])

    @property
    def correlation_lengths(self) -> tuple[float, float]:
        """The lags along y and along x at which the autocorrelation in space first falls to 1/e; NaN if it does not."""
        row, column = self.origin
        along_y = _first_crossing(self.dy[row:], self.values[0, row:, column])
        return along_y, _first_crossing(self.dx[column:], self.values[0, row, column:])

    def velocity(self, frames: int) -> tuple[float, float]:
        """Return the velocity (v_y, v_x) at which the central maximum moves, in length per time.

        From each lag to the next, the maximum is followed over neighbouring sites, and placed between sites by a
        parabola along each axis; the velocity is the slope of a regression through the origin. It is that of a pattern.
        The maximum of a plane wave is a line, and its place on the line means nothing.

        Args:
            frames: the number of lags to follow, above 0.

        Raises:
            ValueError: if there are fewer lags, or the maximum reaches an edge before.
        """
        if not 1 <= frames < len(self.tau):
            raise ValueError(f"frames must be from 1 to {len(self.tau) - 1}, the last lag; got {frames}")
        place, peaks = self.origin, []
        for lag in range(1, frames + 1):
            place = _climb(self.values[lag], place)
            if not all(0 < index < size - 1 for index, size in zip(place, self.values.shape[1:], strict=True)):
                raise ValueError(f"the maximum reaches the edge at lag {lag}; frames must be below, got {frames}")
            peaks.append(_between_sites(self.values[lag], place))
        steps = np.array([self.dy[1] - self.dy[0], self.dx[1] - self.dx[0]])
        moved = (np.array(peaks) - self.origin) * steps
        tau = self.tau[1 : frames + 1]
        v_y, v_x = tau @ moved / (tau @ tau)
        return float(v_y), float(v_x)


@short_repr
class DistanceCorrelation(NamedTuple):
    """The correlation between sites by their distance."""

    distance: Floats
    """``(bin,)``: the mean distance of the pairs in each bin; NaN without pairs."""
    correlation: Floats
    """``(bin,)``: the mean of their correlation coefficients, -1 to 1."""
    pairs: npt.NDArray[np.int64]
    """``(bin,)``: their number."""


def autocorrelation(
    x: npt.ArrayLike,
    *,
    dt: float,
    spacing: Spacing,
    lags: int | None = None,
    boundary: Boundary = "open",
    valid: npt.ArrayLike | None = None,
) -> Autocorrelation:
    """Return the autocorrelation of a real movie over time and space.

    Args:
        x: real, ``(time, y, x)``.
        dt: the time from frame to frame.
        spacing: the length from site to site, ``(dy, dx)`` or one number.
        lags: the number of frames of the longest lag; None: a quarter of the movie.
        boundary: ``"circular"`` if opposite edges are joined.
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: if an argument is out of its range, or fewer than 3 sites are valid.

    >>> from drumhead.waves import Grid, plane_wave
    >>> grid = Grid(frames=80, dt=0.05, height=9, width=16, spacing=(1.0, 1.0))
    >>> wave = plane_wave(grid, wave_vector=(0, np.pi / 4), frequency=1).real
    >>> found = autocorrelation(wave, dt=grid.dt, spacing=grid.spacing, boundary="circular")
    >>> row, column = found.origin
    >>> found.values[5, row, column + 1 : column + 4].round(2).tolist()  # cos(k d - Omega tau), Omega tau = pi / 2
    [0.71, 1.0, 0.71]
    """
    movie = check_movie(x, real=True)
    if movie.ndim != 3:
        raise ValueError(f"a grid, (time, y, x), is needed; got shape {movie.shape}; use distance_correlation")
    dt, (dy, dx) = check_dt(dt), check_spacing(spacing)
    circular = check_boundary(boundary) == "circular"
    longest = len(movie) // 4 if lags is None else lags
    if not 0 <= longest < len(movie):
        raise ValueError(f"lags must be from 0 to {len(movie) - 1}, the number of frames less one; got {lags}")
    sites = valid_sites(movie, valid)
    centred = np.where(sites, movie - np.where(sites, movie, 0).mean(axis=0), 0)

    shape = sites.shape if circular else tuple(fft.next_fast_len(2 * n - 1, real=True) for n in sites.shape)
    lag_y, lag_x = (_space_lags(n, circular) for n in sites.shape)
    rows, columns = (lag_y % shape[0])[:, None], lag_x % shape[1]
    transform = fft.rfft2(centred, s=shape).reshape(len(movie), -1)
    products = _over_time(transform, longest).reshape(longest + 1, shape[0], -1)
    sums = fft.irfft2(products, s=shape)[:, rows, columns]
    mask = fft.rfft2(sites.astype(np.float64), s=shape)
    in_space = np.rint(fft.irfft2(np.abs(mask) ** 2, s=shape)[rows, columns]).astype(np.int64)
    pairs = (len(movie) - np.arange(longest + 1))[:, None, None] * in_space
    means: Floats = np.where(pairs >= LEAST_PAIRS, sums / np.maximum(pairs, 1), np.nan)
    zero = float(np.square(centred).sum() / (len(movie) * sites.sum()))
    tau, along_y, along_x = (
        np.asarray(step * lag, np.float64) for step, lag in ((dt, np.arange(longest + 1)), (dy, lag_y), (dx, lag_x))
    )
    return Autocorrelation(means / zero, tau, along_y, along_x, pairs)


def time_autocorrelation(x: npt.ArrayLike, *, lags: int, valid: npt.ArrayLike | None = None) -> Floats:
    """Return the autocorrelation in time of each site, ``(lag, ...)`` for lags of 0 to ``lags`` frames.

    Args:
        x: real, ``(time, y, x)`` or ``(time, site)``.
        lags: the longest lag, below the number of frames.
        valid: the sites that may be used; the others are NaN.

    >>> movie = np.sin(np.pi / 3 * np.arange(600))[:, None] * np.ones(3)
    >>> time_autocorrelation(movie, lags=3)[:, 0].round(2).tolist()
    [1.0, 0.5, -0.5, -1.0]
    """
    movie = check_movie(x, real=True)
    if not 0 <= lags < len(movie):
        raise ValueError(f"lags must be from 0 to {len(movie) - 1}, the number of frames less one; got {lags}")
    sites = valid_sites(movie, valid)
    traces = movie[:, sites] - movie[:, sites].mean(axis=0)
    padded = fft.next_fast_len(len(movie) + lags, real=True)
    sums = fft.irfft(np.abs(fft.rfft(traces, n=padded, axis=0)) ** 2, n=padded, axis=0)[: lags + 1]
    means = sums / (len(movie) - np.arange(lags + 1))[:, None]
    result = np.full((lags + 1, *sites.shape), np.nan)
    result[:, sites] = means / means[0]
    return result


def distance_correlation(
    x: npt.ArrayLike, positions: npt.ArrayLike, *, edges: npt.ArrayLike, valid: npt.ArrayLike | None = None
) -> DistanceCorrelation:
    """Return the mean correlation coefficient of pairs of scattered sites, by their distance.

    Args:
        x: real, ``(time, site)``.
        positions: ``(site, 2)``.
        edges: of the bins, ascending distances, ``(bin + 1,)``; a bin has its lower edge.
        valid: the sites that may be used; None: all.

    Raises:
        ValueError: if the arguments do not fit.
    """
    movie = check_movie(x, real=True)
    if movie.ndim != 2:
        raise ValueError(f"scattered sites, (time, site), are needed; got shape {movie.shape}; use autocorrelation")
    bins = np.asarray(edges, np.float64)
    if bins.ndim != 1 or len(bins) < 2 or not (np.diff(bins) > 0).all():
        raise ValueError(f"edges must be two or more ascending distances, got {bins.tolist()}")
    points, sites = check_positions(positions, movie.shape[1]), valid_sites(movie, valid)
    coefficients = np.asarray(np.corrcoef(movie[:, sites].T))[np.triu_indices(int(sites.sum()), 1)]
    distances = pdist(points[sites])
    index = np.searchsorted(bins, distances, side="right") - 1
    inside = (index >= 0) & (index < len(bins) - 1)
    counts, distance, correlation = (
        np.bincount(index[inside], weights=weights, minlength=len(bins) - 1)
        for weights in (None, distances[inside], coefficients[inside])
    )
    least = np.where(counts > 0, counts, np.nan)
    return DistanceCorrelation(distance / least, correlation / least, counts)


def _over_time(transform: npt.NDArray[np.complex128], longest: int) -> npt.NDArray[np.complex128]:
    """Return ``sum over t of conj(F(t)) F(t + tau)`` for lags of 0 to ``longest``, ``(tau, wave number)``."""
    frames, count = transform.shape
    padded = fft.next_fast_len(frames + longest)
    result = np.empty((longest + 1, count), np.complex128)
    width = max(1, BLOCK // padded)
    for start in range(0, count, width):
        part = slice(start, start + width)
        power = np.abs(fft.fft(transform[:, part], n=padded, axis=0)) ** 2
        result[:, part] = fft.ifft(power, axis=0)[: longest + 1]
    return result


def _space_lags(size: int, circular: bool) -> npt.NDArray[np.intp]:
    """Return the lags along an axis, in sites, ascending."""
    return np.arange(-((size - 1) // 2), size // 2 + 1) if circular else np.arange(-(size - 1), size)


def _first_crossing(lags: Floats, values: Floats) -> float:
    """Return the lag at which values, linear between lags, first fall to 1/e."""
    below = np.flatnonzero(values <= 1 / np.e)
    if not len(below) or not np.isfinite(values[: below[0]]).all():
        return float("nan")
    last = below[0]
    share = (values[last - 1] - 1 / np.e) / (values[last - 1] - values[last])
    return float(lags[last - 1] + share * (lags[last] - lags[last - 1]))


def _climb(values: Floats, place: tuple[int, int]) -> tuple[int, int]:
    """Go from site to neighbouring site, up to a maximum."""
    while True:
        rows = slice(max(place[0] - 1, 0), place[0] + 2)
        columns = slice(max(place[1] - 1, 0), place[1] + 2)
        around = np.nan_to_num(values[rows, columns], nan=-np.inf)
        row, column = np.unravel_index(around.argmax(), around.shape)
        best = rows.start + int(row), columns.start + int(column)
        if not values[best] > values[place]:
            return place
        place = best


def _between_sites(values: Floats, place: tuple[int, int]) -> tuple[float, float]:
    """Return the vertex of a parabola along each axis through a maximum and its neighbours."""
    row, column = place
    lines = values[row - 1 : row + 2, column], values[row, column - 1 : column + 2]
    shifts = []
    for before, peak, after in lines:
        curvature = before - 2 * peak + after
        shifts.append((before - after) / (2 * curvature) if curvature < 0 else 0.0)
    return row + float(shifts[0]), column + float(shifts[1])
