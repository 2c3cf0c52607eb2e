"""The sites of a movie: which are valid, how far apart they are, and the checks that every analysis begins with."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr

Floats: TypeAlias = npt.NDArray[np.float64]
Complexes: TypeAlias = npt.NDArray[np.complex128]
Bools: TypeAlias = npt.NDArray[np.bool_]

Boundary = Literal["open", "circular"]
"""``"open"``: the outermost sites have no neighbours beyond them. ``"circular"``: opposite edges are neighbours."""

Spacing: TypeAlias = float | tuple[float, float]
"""``(dy, dx)``: the length from row to row and from column to column, above 0. One number is both."""

LEAST_FRAMES = 3
LEAST_SITES = 3


@short_repr
class Exclusions(NamedTuple):
    """The sites that are not valid, by reason; each is ``(y, x)`` or ``(site,)``, and no site is in two of them."""

    excluded: Bools
    """The caller's mask excludes the site."""
    not_finite: Bools
    """The site has a value that is NaN or infinite."""
    constant: Bools
    """The site has the same value in all frames."""

    @property
    def valid(self) -> Bools:
        """The other sites."""
        return ~(self.excluded | self.not_finite | self.constant)

    def __str__(self) -> str:
        counts = {
            "excluded by the mask": self.excluded,
            "with values that are not finite": self.not_finite,
            "constant": self.constant,
        }
        parts = [f"{int(sites.sum())} {reason}" for reason, sites in counts.items() if sites.any()]
        valid = self.valid
        return f"{int(valid.sum())} of {valid.size} sites are valid" + (f" ({', '.join(parts)})" if parts else "")


def check_dt(dt: float) -> float:
    """Return the time from frame to frame.

    Raises:
        ValueError: if it is not above 0 and finite.
    """
    if not 0 < dt < float("inf"):
        raise ValueError(f"dt, the time from frame to frame, must be above 0 and finite, got {dt}")
    return float(dt)


def check_spacing(spacing: Spacing) -> tuple[float, float]:
    """Return the spacing ``(dy, dx)`` of rows and of columns.

    Raises:
        ValueError: if it is neither one number nor two, or if one of them is not above 0 and finite.

    >>> check_spacing(0.4)
    (0.4, 0.4)
    """
    both = np.asarray(spacing, np.float64)
    if both.shape not in ((), (2,)):
        raise ValueError(f"spacing must be one length, or (dy, dx) of rows and of columns, got {spacing!r}")
    dy, dx = (float(each) for each in np.broadcast_to(both, 2))
    if not (0 < dy < float("inf") and 0 < dx < float("inf")):
        raise ValueError(f"spacing, the length from site to site, must be above 0 and finite, got {spacing!r}")
    return dy, dx


def check_boundary(boundary: Boundary) -> Boundary:
    """Return the boundary.

    Raises:
        ValueError: if it is neither ``"open"`` nor ``"circular"``.
    """
    if boundary not in ("open", "circular"):
        raise ValueError(f"boundary must be 'open' or 'circular', got {boundary!r}")
    return boundary


def check_movie(
    x: npt.ArrayLike, *, least_frames: int = LEAST_FRAMES, real: bool = False
) -> npt.NDArray[np.float64 | np.complex128]:
    """Return a movie as an array of float64 or complex128.

    Args:
        x: ``(time, y, x)`` or ``(time, site)``, real or complex.
        least_frames: the number of frames that it must have.
        real: whether it must be real.

    Raises:
        ValueError: for another number of axes, too few frames, no sites, or another type of values.
    """
    movie = np.asarray(x)
    if movie.ndim not in (2, 3):
        raise ValueError(f"a movie is (time, y, x), or (time, site) for scattered sites; got shape {movie.shape}")
    if movie.dtype.kind not in "bifuc":
        raise ValueError(f"a movie holds real or complex numbers, got dtype {movie.dtype}")
    if real and movie.dtype.kind == "c":
        raise ValueError(f"a real movie is needed, got {movie.dtype}; pass its real part, or an analysis of its phase")
    if len(movie) < least_frames:
        raise ValueError(f"a movie must have at least {least_frames} frames here, got {len(movie)}")
    if not movie[0].size:
        raise ValueError(f"a movie must have sites, got shape {movie.shape}")
    return movie.astype(np.complex128 if movie.dtype.kind == "c" else np.float64, copy=False)


def check_positions(positions: npt.ArrayLike, sites: int) -> Floats:
    """Return the positions of scattered sites, ``(site, 2)``, each ``(y, x)`` in units of length.

    Raises:
        ValueError: for another shape, positions that are not finite, or two sites at one position.
    """
    points = np.asarray(positions, np.float64)
    if points.shape != (sites, 2):
        raise ValueError(f"positions must be ({sites}, 2), the (y, x) of each site; got shape {points.shape}")
    if not np.isfinite(points).all():
        raise ValueError(f"positions must be finite; site {int(np.argwhere(~np.isfinite(points))[0, 0])} has one not")
    distinct, counts = np.unique(points, axis=0, return_counts=True)
    if len(distinct) < sites:
        raise ValueError(f"sites must be at different positions; {counts.max()} are at {distinct[counts.argmax()]}")
    return points


def exclusions(x: npt.ArrayLike, valid: npt.ArrayLike | None = None) -> Exclusions:
    """Return which sites of a movie are not valid, and why.

    Args:
        x: ``(time, y, x)`` or ``(time, site)``.
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: if ``valid`` is not of the shape of a frame.

    >>> movie = np.random.default_rng(0).normal(size=(9, 2, 3))
    >>> movie[4, 0, 1], movie[:, 1, 2] = np.nan, 7
    >>> print(exclusions(movie))
    4 of 6 sites are valid (1 with values that are not finite, 1 constant)
    """
    movie = check_movie(x, least_frames=1)
    excluded = ~_mask(valid, movie.shape[1:])
    not_finite = ~np.isfinite(movie).all(axis=0) & ~excluded
    constant = (movie == movie[:1]).all(axis=0) & ~excluded & ~not_finite
    return Exclusions(excluded, not_finite, constant)


def valid_sites(x: npt.ArrayLike, valid: npt.ArrayLike | None = None, *, least_sites: int = LEAST_SITES) -> Bools:
    """Return which sites of a movie are valid: finite in every frame and not the same in all of them.

    Args:
        x: ``(time, y, x)`` or ``(time, site)``.
        valid: the sites that may be used, of the shape of a frame; None: all.
        least_sites: the number of valid sites that there must be.

    Raises:
        ValueError: if there are fewer; the message counts the others by reason. :func:`exclusions` says which they are.
    """
    found = exclusions(x, valid)
    if found.valid.sum() < least_sites:
        raise ValueError(f"at least {least_sites} valid sites are needed: {found}")
    return found.valid


def phase_mask(z: npt.ArrayLike, valid: npt.ArrayLike | None = None) -> Bools:
    """Return where a complex movie has a phase: at finite values that are not 0, frame by frame.

    Unlike :func:`valid_sites` this excludes no site for what happens in another frame, since a phase is often
    undefined at both ends of a movie, and a pattern of phases may be at rest.

    Args:
        z: complex, ``(time, y, x)`` or ``(time, site)``.
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: if ``z`` is not complex, or ``valid`` is not of the shape of a frame.
    """
    movie = np.asarray(z)
    if movie.dtype.kind != "c":
        raise ValueError(f"a complex movie is needed, got {movie.dtype}; drumhead.waves.analytic makes one")
    mask: Bools = np.isfinite(movie) & (movie != 0) & _mask(valid, movie.shape[1:])
    return mask


def grid_positions(height: int, width: int, spacing: Spacing) -> Floats:
    """Return the positions of a grid's sites, ``(height * width, 2)``, row by row, each ``(y, x)`` in units of length.

    >>> grid_positions(2, 2, (0.5, 0.25)).tolist()
    [[0.0, 0.0], [0.0, 0.25], [0.5, 0.0], [0.5, 0.25]]
    """
    dy, dx = check_spacing(spacing)
    y, x = np.meshgrid(dy * np.arange(height), dx * np.arange(width), indexing="ij")
    return np.stack([y.ravel(), x.ravel()], axis=1)


def _mask(valid: npt.ArrayLike | None, shape: tuple[int, ...]) -> Bools:
    """Return the caller's mask as an array of the shape of a frame."""
    if valid is None:
        return np.ones(shape, np.bool_)
    mask = np.asarray(valid)
    if mask.shape != shape or mask.dtype != np.bool_:
        raise ValueError(f"valid must be true or false for each site, {shape}; got {mask.dtype} of shape {mask.shape}")
    return mask
