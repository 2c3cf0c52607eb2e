"""The unit phasors of a movie and the places they are at: what the fits of :mod:`drumhead.waves.fits` take."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree

from drumhead.waves.sites import (
    LEAST_SITES,
    Bools,
    Complexes,
    Floats,
    Spacing,
    check_movie,
    check_positions,
    check_spacing,
    grid_positions,
    phase_mask,
)

COLLINEAR = 1e-6
"""Sites are on a line if their extent across it is below this share of their extent along it."""


class Places(NamedTuple):
    """Where the sites of a movie are."""

    positions: Floats
    """``(site, 2)``: the (y, x) of each site of a frame, row by row, in units of length."""
    used: Bools
    """``(site,)``: those that have a phase in some frame."""
    nyquist: Floats
    """``(2,)``: the largest wave number along y and x that the spacing of the sites can resolve."""
    grid: tuple[int, int] | None
    """The rows and columns of a grid; None for scattered sites."""

    @property
    def centre(self) -> Floats:
        """The middle of the used sites' bounding box, (y, x)."""
        points = self.positions[self.used]
        middle: Floats = (points.min(axis=0) + points.max(axis=0)) / 2
        return middle

    @property
    def extent(self) -> Floats:
        """The height and width of the used sites' bounding box."""
        size: Floats = np.ptp(self.positions[self.used], axis=0)
        return size


class PhaseMovie(NamedTuple):
    """A complex movie of which only the phase matters."""

    z: npt.NDArray[np.complexfloating]
    """``(time, y, x)`` or ``(time, site)``."""
    mask: Bools
    """Where it has a phase."""
    places: Places

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """``(time,)``: the number of sites that have a phase."""
        counts: npt.NDArray[np.int64] = self.mask.reshape(len(self.mask), -1).sum(axis=1)
        return counts

    def blocks(self, frames: int) -> Iterator[tuple[slice, Complexes]]:
        """Yield slices of at most ``frames`` frames, with their phasors ``z / |z|``, 0 where there is no phase."""
        for start in range(0, len(self.z), frames):
            part = slice(start, min(start + frames, len(self.z)))
            z, mask = self.z[part].astype(np.complex128), self.mask[part]
            yield part, np.divide(z, np.abs(z), out=np.zeros_like(z), where=mask)


def phase_movie(
    z: npt.ArrayLike, *, spacing: Spacing | None, positions: npt.ArrayLike | None, valid: npt.ArrayLike | None
) -> PhaseMovie:
    """Return the phases of a movie and the places of its sites.

    Args:
        z: complex, ``(time, y, x)`` with ``spacing``, or ``(time, site)`` with ``positions``.
        spacing: of a grid, ``(dy, dx)`` or one length.
        positions: of scattered sites, ``(site, 2)``, each (y, x).
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: if the arguments do not fit, or the sites that have a phase are fewer than 3 or on a line.
    """
    movie = np.asarray(z)
    check_movie(movie, least_frames=1)
    mask = phase_mask(movie, valid)
    used = mask.any(axis=0).ravel()
    if movie.ndim == 3:
        if spacing is None or positions is not None:
            raise ValueError("a movie (time, y, x) takes spacing, the length from site to site, and no positions")
        steps = check_spacing(spacing)
        grid = (movie.shape[1], movie.shape[2])
        places = Places(grid_positions(*grid, steps), used, np.pi / np.asarray(steps), grid)
    else:
        if positions is None or spacing is not None:
            raise ValueError("a movie (time, site) takes positions, the (y, x) of each site, and no spacing")
        points = check_positions(positions, movie.shape[1])
        _check_sites(points[used])
        places = Places(points, used, np.full(2, np.pi / _median_distance(points[used])), None)
    _check_sites(places.positions[used])
    return PhaseMovie(movie, mask, places)


def _check_sites(points: Floats) -> None:
    """Raise an error if there are too few sites, or if they are on a line."""
    if len(points) < LEAST_SITES:
        raise ValueError(f"at least {LEAST_SITES} sites with a phase are needed, got {len(points)}")
    _, across = (extents := np.linalg.svd(points - points.mean(axis=0), compute_uv=False))
    if across <= COLLINEAR * extents[0]:
        raise ValueError(f"the {len(points)} sites with a phase are on one line; a wave vector needs two dimensions")


def _median_distance(points: Floats) -> float:
    """Return the median distance of a site to its nearest neighbour."""
    distances, _ = KDTree(points).query(points, k=2)
    return float(np.median(distances[:, 1]))
