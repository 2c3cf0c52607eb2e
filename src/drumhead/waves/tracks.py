"""Tracks: which points of successive frames, such as phase singularities, are the same point on the move.

Between two frames the points of one charge are assigned to those of the next so that as many as possible have a partner
within reach, and the sum of the distances is least (the Hungarian method). A track may miss a few frames. Singularities
are born and die in pairs of opposite charge, or at the edge.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from drumhead.short_repr import short_repr
from drumhead.waves.sites import Boundary, Floats, Spacing, check_boundary, check_spacing
from drumhead.waves.winding import Integers

STEP_IN_SITES = 1.5
"""The default of the longest step of a track from frame to frame, in spacings."""

PAIR_IN_SITES = 2.0
"""How close two points of opposite charge are that are born or die in one frame as a pair, in spacings."""


@short_repr
class Tracks(NamedTuple):
    """The track of each point, and what each track does; tracks are numbered from 0."""

    track: Integers
    """``(point,)``: the number of the track of each point."""
    charge: Integers
    """``(track,)``: the charge of its points."""
    first: Integers
    """``(track,)``: its first frame."""
    last: Integers
    """``(track,)``: its last frame."""
    displacement: Floats
    """``(track,)``: the distance from its first to its last point, in units of length, also across the seam."""
    path: Floats
    """``(track,)``: the length of its path from point to point."""
    born_with: Integers
    """``(track,)``: the track of opposite charge that is born beside it in the same frame; -1 if there is none."""
    died_with: Integers
    """``(track,)``: the track of opposite charge that dies beside it in the same frame; -1 if there is none."""


def track_points(
    frame: npt.ArrayLike,
    y: npt.ArrayLike,
    x: npt.ArrayLike,
    charge: npt.ArrayLike,
    *,
    shape: tuple[int, int, int],
    spacing: Spacing,
    boundary: Boundary = "open",
    max_step: float | None = None,
    gap: int = 1,
) -> Tracks:
    """Link the points of successive frames into tracks.

    Args:
        frame: ``(point,)``, ascending.
        y: ``(point,)``, in units of length.
        x: ``(point,)``, in units of length.
        charge: ``(point,)``, a whole number; only points of equal charge are linked.
        shape: the movie's ``(time, y, x)``. Tracks are not born in its first frame and do not die in its last.
        spacing: the length from row to row and from column to column.
        boundary: whether opposite edges are neighbours.
        max_step: the longest step from frame to frame, in units of length; twice that across one missing frame. By
            default 1.5 of the larger spacing.
        gap: the number of successive frames that a track may miss.

    Raises:
        ValueError: if the points do not have the same number of each, are not in order, or an argument is out of range.

    Two points of charge 1 that move to the right, and one of charge -1 that appears later:

    >>> y, x = [1, 5, 1, 5, 1, 3, 5], [1, 1, 2, 2, 3, 9, 3]
    >>> found = track_points([0, 0, 1, 1, 2, 2, 2], y, x, [1, 1, 1, 1, 1, -1, 1], shape=(3, 8, 12), spacing=1)
    >>> found.track.tolist(), found.displacement.tolist()
    ([0, 1, 0, 1, 0, 2, 1], [2.0, 2.0, 0.0])
    """
    frame, charge = (np.asarray(each, np.int64) for each in (frame, charge))
    spacings, circular = check_spacing(spacing), check_boundary(boundary) == "circular"
    if frame.ndim != 1 or not frame.shape == np.shape(y) == np.shape(x) == charge.shape:
        raise ValueError(
            "frame, y, x and charge must have one number per point; "
            f"got shapes {frame.shape}, {np.shape(y)}, {np.shape(x)} and {charge.shape}"
        )
    points = np.stack([np.asarray(each, np.float64) for each in (y, x)], axis=-1)
    if len(frame) and not (frame[0] >= 0 and (np.diff(frame) >= 0).all() and frame[-1] < shape[0]):
        raise ValueError(f"frame must ascend within [0, {shape[0]}), the frames of a movie of {shape=}")
    if gap < 0:
        raise ValueError(f"gap must be at least 0 frames, got {gap}")
    reach = STEP_IN_SITES * max(spacings) if max_step is None else max_step
    if not 0 < reach < float("inf"):
        raise ValueError(f"max_step must be above 0 and finite, got {max_step}")
    period = np.array([shape[1] * spacings[0], shape[2] * spacings[1]]) if circular else None
    if period is not None:
        points = points % period
    track = _link(frame, points, charge, reach, gap, period)
    return _summary(track, frame, points, charge, shape[0], PAIR_IN_SITES * max(spacings), period)


def _link(frame: Integers, points: Floats, charge: Integers, reach: float, gap: int, period: Floats | None) -> Integers:
    """Return each point's track."""
    previous = np.full(len(frame), -1)
    for each in np.unique(charge):
        of_charge = np.flatnonzero(charge == each)
        starts = np.searchsorted(frame[of_charge], np.arange(frame[-1] + 2))
        open_ends = of_charge[:0]
        for now in range(frame[-1] + 1):
            candidates = of_charge[starts[now] : starts[now + 1]]
            open_ends = open_ends[now - frame[open_ends] <= gap + 1]
            limits = reach * (now - frame[open_ends]).astype(np.float64)
            a, b = _assign(points[open_ends], points[candidates], limits, period)
            previous[candidates[b]] = open_ends[a]
            open_ends = np.concatenate([np.delete(open_ends, a), candidates])
    track = np.empty(len(frame), np.int64)
    first = previous < 0
    track[first] = np.arange(first.sum())
    for point in np.flatnonzero(~first):
        track[point] = track[previous[point]]
    return track


def _assign(a: Floats, b: Floats, limits: Floats, period: Floats | None) -> tuple[Integers, Integers]:
    """Assign as many of ``a`` as possible to one of ``b`` each, within the limit of each ``a``, at least distance."""
    none = np.zeros(0, np.int64)
    if not len(a) or not len(b):
        return none, none
    near = cKDTree(a, boxsize=period).sparse_distance_matrix(
        cKDTree(b, boxsize=period), limits.max(), output_type="ndarray"
    )
    near = near[near["v"] <= limits[near["i"]]]
    i, j, distance = near["i"].astype(np.int64), near["j"].astype(np.int64), near["v"]
    alone = (np.bincount(i, minlength=len(a))[i] == 1) & (np.bincount(j, minlength=len(b))[j] == 1)
    pairs = [(i[alone], j[alone])]
    i, j, distance = i[~alone], j[~alone], distance[~alone]
    joined = coo_array((np.ones(len(i)), (i, len(a) + j)), shape=(len(a) + len(b),) * 2)
    component = connected_components(joined, directed=False)[1][i] if len(i) else none
    order = np.argsort(component, kind="stable")
    for links in np.split(order, np.flatnonzero(np.diff(component[order])) + 1) if len(i) else []:
        rows, row = np.unique(i[links], return_inverse=True)
        columns, column = np.unique(j[links], return_inverse=True)
        forbidden = 2 * (len(rows) + len(columns)) * (limits.max() + distance.max())
        cost = np.full((len(rows), len(columns)), forbidden)
        cost[row, column] = distance[links]
        best = linear_sum_assignment(cost)
        allowed = cost[best] < forbidden
        pairs.append((rows[best[0][allowed]], columns[best[1][allowed]]))
    return np.concatenate([each for each, _ in pairs]), np.concatenate([each for _, each in pairs])


def _summary(
    track: Integers,
    frame: Integers,
    points: Floats,
    charge: Integers,
    frames: int,
    pair_reach: float,
    period: Floats | None,
) -> Tracks:
    """Return what each track does."""
    order = np.argsort(track, kind="stable")  # by track, then by frame
    number = int(track.max(initial=-1)) + 1
    starts = np.searchsorted(track[order], np.arange(number))
    ends = np.searchsorted(track[order], np.arange(number), side="right") - 1
    first, last = order[starts], order[ends]
    steps = np.diff(points[order], axis=0)
    if period is not None:
        steps -= period * np.rint(steps / period)
    within = np.diff(track[order]) == 0
    owner = track[order][1:][within]
    moved = np.stack([np.bincount(owner, weights=each, minlength=number) for each in steps[within].T], axis=-1)
    path = np.bincount(owner, weights=np.linalg.norm(steps[within], axis=-1), minlength=number).astype(np.float64)
    born = _pairs(frame[first], points[first], charge[first], frame[first] > 0, pair_reach, period)
    died = _pairs(frame[last], points[last], charge[last], frame[last] < frames - 1, pair_reach, period)
    return Tracks(track, charge[first], frame[first], frame[last], np.linalg.norm(moved, axis=-1), path, born, died)


def _pairs(
    frame: Integers,
    points: Floats,
    charge: Integers,
    counted: npt.NDArray[np.bool_],
    reach: float,
    period: Floats | None,
) -> Integers:
    """Return each counted point's partner, a point of opposite charge in the same frame, or -1."""
    partner = np.full(len(frame), -1)
    for now in np.unique(frame[counted]):
        present = np.flatnonzero(counted & (frame == now))
        for each in np.unique(np.abs(charge[present])):
            positive, negative = present[charge[present] == each], present[charge[present] == -each]
            a, b = _assign(points[positive], points[negative], np.full(len(positive), reach), period)
            partner[positive[a]], partner[negative[b]] = negative[b], positive[a]
    return partner
