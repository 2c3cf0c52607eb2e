"""Arrows for pictures of waves: the way in which the waves go in each cell of a coarse grid of sites."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from drumhead.waves.gradient import wave_vector
from drumhead.waves.sites import Boundary, Complexes, Floats, Spacing, check_spacing


class Arrows(NamedTuple):
    """Arrows at points of a frame, each ``(arrow,)``."""

    y: Floats
    """The middle of the arrow's cell, in units of length."""
    x: Floats
    """The same along columns."""
    along_y: Floats
    """The arrow along growing rows. Its length is the cell's PGD: 1 if the waves of the cell go one way."""
    along_x: Floats
    """The arrow along growing columns."""


def frame_arrows(
    z: Complexes, frame: int, *, dt: float, spacing: Spacing, boundary: Boundary = "open", most: int = 12
) -> Arrows:
    """Return the arrows of one frame of a movie.

    In each cell, the wave vectors of its sites are added up and divided by the sum of their lengths, so that noise
    makes arrows shorter. Cells without a wave vector have none.

    Args:
        z: complex, ``(time, y, x)``.
        frame: the number of the frame, not the first or the last.
        dt: the time from frame to frame.
        spacing: ``(dy, dx)``.
        boundary: whether opposite edges are neighbours.
        most: the number of cells along the longer side, at most.

    >>> from drumhead.waves import Grid, plane_wave
    >>> wave = plane_wave(Grid(height=4, width=4), wave_vector=(0, -2))
    >>> arrows = frame_arrows(wave, 3, dt=0.01, spacing=(0.5, 0.4))
    >>> (arrows.along_x.round(6) + 0.0).tolist()[:3], len(arrows.y)
    ([-1.0, -1.0, -1.0], 16)
    """
    dy, dx = check_spacing(spacing)
    k_y, k_x = (each[1] for each in wave_vector(z[frame - 1 : frame + 2], dt=dt, spacing=spacing, boundary=boundary))
    height, width = k_y.shape
    step = -(-max(height, width) // most)
    known = np.isfinite(k_y) & np.isfinite(k_x)
    row, column = (each[known] // step for each in np.indices(k_y.shape))
    columns = -(-width // step)
    cell = row * columns + column
    count = -(-height // step) * columns
    total_y, total_x, length = (
        np.bincount(cell, weights=each[known], minlength=count) for each in (k_y, k_x, np.hypot(k_y, k_x))
    )
    used = np.flatnonzero(length > 0)
    top, left = used // columns * step, used % columns * step
    bottom, right = np.minimum(top + step, height), np.minimum(left + step, width)
    y, x = (top + bottom - 1) / 2 * dy, (left + right - 1) / 2 * dx
    return Arrows(y, x, total_y[used] / length[used], total_x[used] / length[used])
