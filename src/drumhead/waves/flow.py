"""The velocity field of a wave: optical flow on its phase, or on the amplitude of a real movie.

The phase flow ``v`` of two frames minimises (Horn & Schunck 1981, on phase)

    sum_site m (phi_t + v . grad phi)^2  +  smoothness^2 sum_link |v_i - v_j|^2 / length_ij^2  +  eps sum_site |v|^2

over the valid sites, whose links join neighbours. ``phi_t`` is the change of phase from frame to frame divided by
``dt``, and the gradient is that of the signal midway. ``m`` is 1 where both components of the gradient exist and 0
elsewhere. ``eps`` is 1e-9 of the mean squared gradient: it decides only what the movie leaves open. A plane wave says
nothing about motion along its crests (the aperture problem); the shortest velocity is the one across them. The minimum
is the solution of one sparse linear system per pair of frames, without iterations.

Sources: Horn & Schunck 1981 (Artificial Intelligence 17, 185); on phase, Townsend & Gong 2018 (PLoS Computational
Biology 14, e1006643); on amplitude, Afrashteh et al. 2017 (NeuroImage 153, 58).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import solveh_banded
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, reverse_cuthill_mckee
from scipy.sparse.linalg import splu

from drumhead.short_repr import short_repr
from drumhead.waves.blocks import blocks
from drumhead.waves.gradient import check_complex_grid, phase_gradient
from drumhead.waves.sites import (
    Bools,
    Boundary,
    Complexes,
    Floats,
    Spacing,
    check_boundary,
    check_dt,
    check_movie,
    check_spacing,
    phase_mask,
    valid_sites,
)
from drumhead.waves.winding import Integers

EPSILON = 1e-9
"""The weight of the velocity's square, as a share of the mean squared gradient."""

ROUNDING = 1e-9
"""A gradient below this, in radians per site, counts as 0."""

BAND_VALUES = 40_000_000
"""The largest banded matrix, in values, that is solved as one; above it, a general sparse solver needs less memory."""

Weights = Literal["phase", "amplitude"]
"""How much each site counts: all the same, or by the product of its amplitudes in the two frames."""

AmplitudeMethod = Literal["ilk", "tvl1"]
"""scikit-image's ``optical_flow_ilk`` (iterative Lucas-Kanade) or ``optical_flow_tvl1``."""


@short_repr
class Flow(NamedTuple):
    """A velocity field for each pair of successive frames: one frame fewer than the movie, at the midpoints in time."""

    v_y: Floats
    """``(time - 1, y, x)``: the velocity along rows, in length per time; NaN at sites that are not valid."""
    v_x: Floats
    """``(time - 1, y, x)``: the velocity along columns."""


def phase_flow(
    z: npt.ArrayLike,
    *,
    dt: float,
    spacing: Spacing,
    valid: npt.ArrayLike | None = None,
    boundary: Boundary = "open",
    smoothness: float = 0.5,
    weights: Weights = "phase",
) -> Flow:
    """Return the optical flow of a complex movie's phase.

    Around a rotating wave's singularity the flow circulates; sources of waves are sources of the flow.

    Args:
        z: complex movie, ``(time, y, x)``.
        dt: the time from frame to frame.
        spacing: the length from row to row and from column to column.
        valid: the sites that may be used, ``(y, x)``; None: all.
        boundary: whether opposite edges are neighbours.
        smoothness: how much neighbours' velocities are made equal, above 0, in units of length times the gradient of
            phase. A plane wave's flow does not depend on it; around a rotating wave, whose gradient is 1 / radius, the
            flow at 3 to 7 sites is right to 1 % with 0.05 and a seventh too slow with 0.5.
        weights: ``"amplitude"`` keeps the centres of rotating waves, where phase turns quickly, from ruling.

    Returns:
        The velocity; NaN at a site without a phase in one of the two frames, and on an island of sites without any
        gradient.

    Raises:
        ValueError: for a movie that is not complex and ``(time, y, x)``, or an argument out of its range.

    A wave to the right, at 0.3 sites per frame:

    >>> time, row, column = np.mgrid[:2, :5, :7]
    >>> flow = phase_flow(np.exp(1j * (0.3 * time - column)), dt=1, spacing=1)
    >>> flow.v_x.shape, float(abs(flow.v_x - 0.3).max()) < 1e-6, float(abs(flow.v_y).max()) < 1e-6
    ((1, 5, 7), True, True)
    """
    movie = check_complex_grid(z, least_frames=2)
    dt, spacings, boundary = check_dt(dt), check_spacing(spacing), check_boundary(boundary)
    if not 0 < smoothness < float("inf"):
        raise ValueError(f"smoothness must be above 0 and finite, got {smoothness}")
    if weights not in ("phase", "amplitude"):
        raise ValueError(f"weights must be 'phase' or 'amplitude', got {weights!r}")
    mask = phase_mask(movie, valid)
    flow = Flow(*np.full((2, len(movie) - 1, *movie.shape[1:]), np.nan))
    sites: Bools = np.any(mask, axis=0)
    system = _System(sites, spacings, boundary, smoothness)
    for block in blocks(len(flow.v_y), movie[0].size):
        before, after = movie[block], movie[block.start + 1 : block.stop + 1]
        both = mask[block] & mask[block.start + 1 : block.stop + 1]
        with np.errstate(invalid="ignore", divide="ignore"):
            midway = np.where(both, before / np.abs(before) + after / np.abs(after), np.nan)
            change = np.angle(after * before.conj()) / dt
        gradient = phase_gradient(midway, spacing=spacings, boundary=boundary)
        importance = np.isfinite(gradient.g_y) & np.isfinite(gradient.g_x) & both
        amount = _amplitudes(before, after, importance) if weights == "amplitude" else importance.astype(np.float64)
        for frame in range(len(change)):
            counted = importance[frame]
            parts = (np.where(counted, each[frame], 0.0) for each in (gradient.g_y, gradient.g_x, change, amount))
            solution = system.solve(*parts)
            flow.v_y[block.start + frame], flow.v_x[block.start + frame] = np.where(both[frame], solution, np.nan)
    return flow


def amplitude_flow(x: npt.ArrayLike, *, dt: float, spacing: Spacing, method: AmplitudeMethod = "ilk") -> Flow:
    """Return the optical flow of a real movie's values by scikit-image: how patterns of amplitude move.

    The wave crests of a plane wave move with the wave. scikit-image has no way to leave sites out.

    Args:
        x: real movie, ``(time, y, x)``; it is scaled to [0, 1] as a whole.
        dt: the time from frame to frame.
        spacing: the length from row to row and from column to column.
        method: the algorithm.

    Raises:
        ValueError: for a movie that is not real and ``(time, y, x)``, or with sites that are not finite or constant.
    """
    from skimage.registration import optical_flow_ilk, optical_flow_tvl1

    if method not in ("ilk", "tvl1"):
        raise ValueError(f"method must be 'ilk' or 'tvl1', got {method!r}")
    movie = check_movie(x, least_frames=2, real=True).real
    if movie.ndim != 3:
        raise ValueError(f"a movie on a grid, (time, y, x), is needed; got shape {movie.shape}")
    mask = valid_sites(movie)
    if not mask.all():
        raise ValueError(
            f"amplitude flow needs all sites, and {int((~mask).sum())} of {mask.size} are not finite or constant; "
            "crop the movie to a rectangle without them, or use phase_flow"
        )
    dt, spacings = check_dt(dt), check_spacing(spacing)
    scaled = (movie - movie.min()) / np.ptp(movie)
    estimate = optical_flow_ilk if method == "ilk" else optical_flow_tvl1
    pairs = [estimate(first, second) for first, second in pairwise(scaled)]
    moved = np.asarray(pairs, np.float64)  # (time - 1, axis, y, x), in rows and columns from the first to the second
    return Flow(moved[:, 0] * spacings[0] / dt, moved[:, 1] * spacings[1] / dt)


class _System:
    """The linear system of one movie: its sites, their order and their links stay, the gradients change by frame.

    The unknowns are the two components of each site in turn. With sites in an order that keeps neighbours close, the
    matrix is banded, and LAPACK's banded Cholesky factorization solves it.
    """

    def __init__(self, sites: Bools, spacing: tuple[float, float], boundary: Boundary, smoothness: float) -> None:
        self.sites = sites
        self.count = int(sites.sum())
        number = np.where(sites, np.cumsum(sites).reshape(sites.shape) - 1, -1)
        first, second, weight = _links(number, spacing, boundary)
        weight = smoothness**2 * weight
        joined = coo_array((np.ones(len(first)), (first, second)), shape=(self.count, self.count)).tocsr()
        self.island = connected_components(joined, directed=False)[1]
        rank, reach = _order(number, joined, first, second)
        self.unknown = 2 * rank
        """The index of each site's y component; the x component is the next."""
        self.diagonal = np.zeros(self.count)
        np.add.at(self.diagonal, first, weight)
        np.add.at(self.diagonal, second, weight)
        self.links = first, second, weight
        self.least_square = (ROUNDING / max(spacing)) ** 2
        self.band: Floats | None = None
        width = max(2 * reach, 1) + 1
        if width * 2 * self.count <= BAND_VALUES:
            self.band = np.zeros((width, 2 * self.count), order="F")
            low, high = np.minimum(rank[first], rank[second]), np.maximum(rank[first], rank[second])
            for component in (0, 1):
                np.add.at(self.band, (2 * (high - low), 2 * low + component), -weight)
                self.band[0, self.unknown + component] = self.diagonal

    def solve(self, g_y: Floats, g_x: Floats, change: Floats, amount: Floats) -> Floats:
        """Return the flow ``(2, y, x)`` for one pair of frames, from arrays ``(y, x)``; NaN where there is none."""
        g_y, g_x, change, amount = (each[self.sites] for each in (g_y, g_x, change, amount))
        solution = np.full((2, *self.sites.shape), np.nan)
        squares = amount * (g_y**2 + g_x**2)
        known = np.bincount(self.island, weights=squares)[self.island] > self.least_square
        if not known.any():
            return solution
        counted = squares[amount > 0]
        epsilon = EPSILON * counted.mean()
        local = amount * g_y**2 + epsilon, amount * g_x**2 + epsilon, amount * g_y * g_x
        right = np.empty(2 * self.count)
        right[self.unknown], right[self.unknown + 1] = -amount * change * g_y, -amount * change * g_x
        values = self._solve_banded(*local, right) if self.band is not None else self._solve_sparse(*local, right)
        for component in (0, 1):
            solution[component][self.sites] = np.where(known, values[self.unknown + component], np.nan)
        return solution

    def _solve_banded(self, yy: Floats, xx: Floats, xy: Floats, right: Floats) -> Floats:
        assert self.band is not None
        band = self.band.copy(order="F")
        band[0, self.unknown] += yy
        band[0, self.unknown + 1] += xx
        band[1, self.unknown] += xy
        solved: Floats = solveh_banded(band, right, lower=True, overwrite_ab=True, overwrite_b=True, check_finite=False)
        return solved

    def _solve_sparse(self, yy: Floats, xx: Floats, xy: Floats, right: Floats) -> Floats:
        first, second, weight = self.links
        y, x = self.unknown, self.unknown + 1
        rows = np.concatenate([y, x, y, x, y[first], y[second], x[first], x[second]])
        columns = np.concatenate([y, x, x, y, y[second], y[first], x[second], x[first]])
        values = np.concatenate([yy + self.diagonal, xx + self.diagonal, xy, xy, *[-weight] * 4])
        matrix = coo_array((values, (rows, columns)), shape=(2 * self.count,) * 2).tocsc()
        factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        solved: Floats = factors.solve(right)
        return solved


def _links(number: Integers, spacing: tuple[float, float], boundary: Boundary) -> tuple[Integers, Integers, Floats]:
    """Return the two sites of each link between neighbours, and 1 over its squared length."""
    ends: list[tuple[Integers, Integers, Floats]] = []
    for axis in (0, 1):
        if boundary == "circular":
            first, second = number.ravel(), np.roll(number, -1, axis=axis).ravel()
        else:
            first, second = (np.delete(number, edge, axis=axis).ravel() for edge in (-1, 0))
        both = (first >= 0) & (second >= 0) & (first != second)
        ends.append((first[both], second[both], np.full(int(both.sum()), spacing[axis] ** -2)))
    first, second, weight = (np.concatenate(each) for each in zip(*ends, strict=True))
    return first, second, weight


def _order(number: Integers, joined: csr_array, first: Integers, second: Integers) -> tuple[Integers, int]:
    """Return each site's rank in the order, row by row, column by column or of Cuthill & McKee, of the least reach.

    The reach is the largest difference between the ranks of two neighbours.
    """
    count = joined.shape[0]
    by_columns, cuthill_mckee = np.empty(count, np.int64), np.empty(count, np.int64)
    by_columns[number.T[number.T >= 0]] = np.arange(count)
    cuthill_mckee[reverse_cuthill_mckee(joined + joined.T, symmetric_mode=True)] = np.arange(count)
    candidates = [np.arange(count), by_columns, cuthill_mckee]
    reaches = [int(np.abs(rank[first] - rank[second]).max(initial=0)) for rank in candidates]
    best = int(np.argmin(reaches))
    return candidates[best], reaches[best]


def _amplitudes(before: Complexes, after: Complexes, counted: Bools) -> Floats:
    """Return the product of the amplitudes of two frames, divided by its mean over the sites that count."""
    product = np.where(counted, np.abs(before) * np.abs(after), 0.0)
    number = counted.sum(axis=(1, 2), keepdims=True)
    mean = product.sum(axis=(1, 2), keepdims=True) / np.maximum(number, 1)
    shares: Floats = np.divide(product, mean, out=np.zeros_like(product), where=mean > 0)
    return shares
