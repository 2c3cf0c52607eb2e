"""A band-pass filter without delay, for recordings in which waves of one band are looked for."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.blocks import blocks
from drumhead.waves.sites import Floats, check_dt, check_movie, valid_sites


@short_repr
class Filtered(NamedTuple):
    """A filtered movie."""

    values: Floats
    """Of the shape of the movie and in its units; NaN at sites that are not valid."""
    settling: int
    """The number of frames at both ends in which the filter still settles: its slowest part decays to 1 %."""


def check_band(low: float, high: float, *, dt: float) -> tuple[float, float]:
    """Return the band.

    Raises:
        ValueError: if not 0 < low < high < Nyquist's frequency, ``1 / (2 dt)``.
    """
    nyquist = 1 / (2 * check_dt(dt))
    if not 0 < low < high < nyquist:
        raise ValueError(
            f"a band must have 0 < low < high < {nyquist:g}, half the number of frames per unit of time (dt {dt:g}); "
            f"got {low:g} to {high:g}"
        )
    return float(low), float(high)


def bandpass(
    x: npt.ArrayLike,
    low: float,
    high: float,
    *,
    dt: float,
    order: int = 4,
    valid: npt.ArrayLike | None = None,
) -> Filtered:
    """Filter every valid site with a Butterworth filter that is run forwards and backwards, so that nothing is delayed.

    The filter has second-order sections, which are stable at low bands and high orders. Two passes double the order:
    the amplitude at both ends of the band is halved. Beyond its ends, a trace is continued by its point reflection
    (scipy's odd extension) while it is filtered.

    Args:
        x: real, ``(time, y, x)`` or ``(time, site)``.
        low: the lower end of the band, in cycles per time, above 0.
        high: the upper end, below ``1 / (2 dt)``.
        dt: the time from frame to frame.
        order: the order of the Butterworth filter that is run twice, 1 or more.
        valid: the sites that may be used; None: all.

    Raises:
        ValueError: for a band that is not in its range, too few frames for the filter, or fewer than 3 valid sites.

    >>> time = 0.002 * np.arange(2000)
    >>> trace = np.sin(2 * np.pi * 10 * time) + 5
    >>> filtered = bandpass(np.stack([trace, 2 * trace, 3 * trace], axis=1), 5, 40, dt=0.002)
    >>> middle = slice(filtered.settling, -filtered.settling)
    >>> float(np.abs(filtered.values[middle, 0] - np.sin(2 * np.pi * 10 * time[middle])).max()) < 0.01
    True
    """
    from scipy.signal import butter, sos2zpk, sosfiltfilt

    movie = check_movie(x, real=True)
    low, high = check_band(low, high, dt=dt)
    if order < 1:
        raise ValueError(f"order must be 1 or more, got {order}")
    sites = valid_sites(movie, valid)
    sections = butter(order, [low, high], btype="bandpass", fs=1 / dt, output="sos")
    least = _padding(sections) + 1
    if len(movie) < least:
        raise ValueError(f"a band-pass filter of order {order} needs at least {least} frames, got {len(movie)}")
    slowest = np.abs(sos2zpk(sections)[1]).max()
    values = np.full(movie.shape, np.nan)
    flat, flat_values = movie.reshape(len(movie), -1), values.reshape(len(movie), -1)
    chosen = np.flatnonzero(sites)
    for block in blocks(len(chosen), len(movie)):
        flat_values[:, chosen[block]] = sosfiltfilt(sections, flat[:, chosen[block]], axis=0)
    return Filtered(values, math.ceil(math.log(0.01) / math.log(slowest)))


def _padding(sections: Floats) -> int:
    """Return the number of samples by which scipy's ``sosfiltfilt`` continues a trace at both ends."""
    taps = 2 * len(sections) + 1 - min((sections[:, 2] == 0).sum(), (sections[:, 5] == 0).sum())
    return 3 * int(taps)
