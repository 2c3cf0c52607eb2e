"""How far something has spread around a pixel: radii of a share of it, its front, and the front's speed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.analysis.spectrum import Floats
from drumhead.short_repr import short_repr

FRONT = 0.05
"""The front is where the values last exceed this share of their maximum."""

ROUNDING = 1e-12
"""Values below this share of the maximum count as 0."""

EDGE_SHARE = 0.9
"""The front's speed is fitted while the front is within this share of the distance to the nearest edge."""


@short_repr
class Spread(NamedTuple):
    """How far values have spread around a pixel, for each frame; distances are in pixels."""

    radius_50: Floats
    """``(frame,)``: the radius of the disc that contains half of the sum."""
    radius_95: Floats
    """``(frame,)``: the radius of the disc that contains 95 % of the sum."""
    front: Floats
    """``(frame,)``: the largest distance of a value above 5 % of the maximum."""
    reach: npt.NDArray[np.int64]
    """``(frame,)``: the largest number of rows or columns to a value above rounding: half the side of its box."""


def measure_spread(values: npt.ArrayLike, point: tuple[int, int]) -> Spread:
    """Return how far values have spread around a pixel.

    Args:
        values: ``(frame, height, width)``, at least 0.
        point: ``(row, column)`` of the pixel.

    Returns:
        The distances; NaN and -1 in frames where all values are 0.

    >>> box = np.zeros((1, 9, 9))
    >>> box[0, 2:7, 2:7] = 1
    >>> measure_spread(box, (4, 4)).reach.tolist(), round(float(measure_spread(box, (4, 4)).front[0]), 3)
    ([2], 2.828)
    """
    movie = np.asarray(values, np.float64)
    if movie.ndim != 3 or not (0 <= point[0] < movie.shape[1] and 0 <= point[1] < movie.shape[2]):
        raise ValueError(f"values must be (frame, height, width) and contain the point; got {movie.shape} and {point}")
    rows, columns = (np.abs(np.arange(n) - p) for n, p in zip(movie.shape[1:], point, strict=True))
    distance, box = np.hypot(rows[:, None], columns), np.maximum(rows[:, None], columns)
    order = np.argsort(distance, axis=None, kind="stable")
    sorted_distance = distance.ravel()[order]
    found = []
    for frame in movie:
        largest = frame.max()
        if not largest > 0:
            found.append((np.nan, np.nan, np.nan, -1))
            continue
        cumulative = np.cumsum(frame.ravel()[order])
        radii = (sorted_distance[np.searchsorted(cumulative, share * cumulative[-1])] for share in (0.5, 0.95))
        found.append((*radii, distance[frame > FRONT * largest].max(), box[frame > ROUNDING * largest].max()))
    columns_of = np.array(found, np.float64).T
    return Spread(columns_of[0], columns_of[1], columns_of[2], columns_of[3].astype(np.int64))


def front_speed(front: npt.ArrayLike, times: npt.ArrayLike, *, farthest: float) -> float:
    """Return the slope of the straight line through a front's distances against time.

    Args:
        front: ``(frame,)``, distances.
        times: ``(frame,)``.
        farthest: the distance to the nearest edge. Frames from the first in which the front is at 90 % of it or more
            are left out.

    Returns:
        The speed in distance per time; NaN if fewer than two frames are left.
    """
    distance, time = np.asarray(front, np.float64), np.asarray(times, np.float64)
    beyond = np.flatnonzero(~(distance < EDGE_SHARE * farthest))
    count = int(beyond[0]) if len(beyond) else len(distance)
    return float(np.polyfit(time[:count], distance[:count], 1)[0]) if count >= 2 else float("nan")
