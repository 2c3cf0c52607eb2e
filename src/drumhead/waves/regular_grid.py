"""Whether scattered sites are the places of a regular grid, such as the electrodes of a Utah array."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SAME_PLACE = 1e-5
"""Coordinates that differ by less than this share of the array's extent count as the same."""
OFF_GRID = 1e-3
"""The greatest distance of a site from its place on a regular grid, as a share of the spacing."""
MAX_CELLS_PER_SITE = 10
"""Sites are left scattered if a grid would have more than this number of cells for each of them."""


def regular_grid(
    positions: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], tuple[float, float]] | None:
    """Return the row and column of each site, and the spacing ``(dy, dx)``; None if the sites are not on such a grid.

    Args:
        positions: ``(site, 2)``, the position ``(y, x)`` of each site.
    """
    axes = [_regular_axis(positions[:, axis]) for axis in range(2)]
    if axes[0] is None or axes[1] is None:
        return None
    (rows, dy), (columns, dx) = axes[0], axes[1]
    width = int(columns.max()) + 1
    cells = (int(rows.max()) + 1) * width
    if cells > MAX_CELLS_PER_SITE * len(positions) or len(np.unique(rows * width + columns)) < len(positions):
        return None
    if dy is None or dx is None:
        only = dy or dx
        return None if only is None else (rows, columns, (only, only))
    return rows, columns, (dy, dx)


def _regular_axis(coordinates: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.intp], float | None] | None:
    """Return the index of each coordinate on evenly spaced places, and the spacing, None if there is one place."""
    with np.errstate(over="ignore"):
        low, extent = coordinates.min(), np.ptp(coordinates)
    if not np.isfinite(extent):
        return None
    gaps = np.diff(np.sort(coordinates))
    gaps = gaps[gaps > SAME_PLACE * extent]
    if not len(gaps):
        return np.zeros(len(coordinates), np.intp), None
    spacing = float(
        f"{extent / round(extent / gaps.min()):.12g}"
    )  # 0.4, where rounded positions give 0.39999999999999997
    places = (coordinates - low) / spacing
    index = np.rint(places).astype(np.intp)
    return None if (abs(places - index) > OFF_GRID).any() else (index, spacing)
