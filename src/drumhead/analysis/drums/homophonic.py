r"""Two drums that sound the same even in their amplitudes, if each is struck and heard at one special point.

Each drum consists of 21 copies of a triangle, each the mirror image of its neighbours, as Buser, Conway, Doyle and
Semmler (1994) describe. The copies of one drum are the 21 points of the projective plane of order 4, those of the
other its 21 lines. Three collineations of the plane, one for each side of the triangle, say which copies are
neighbours across that side: two points or lines that the collineation swaps. A copy whose point or line it leaves in
place has the rim there. Each of the three swaps seven pairs, so there is one closed way from copy to copy: six
copies, whose angles of 60 degrees meet at the special point.

A mode ``u`` of the first drum gives the mode ``v`` of the second with the same frequency: on the copy of a line, ``v``
is the sum of ``u`` over the copies of the line's five points, with the signs of mirror images. The norm of ``v`` is
twice that of ``u``, and so is its value at the special point. (The modes for which the norm is another belong to the
triangle alone, and vanish there.) So all normalised modes have equal magnitudes at the two special points.

The triangle here has angles of 30, 60 and 90 degrees, so that the copies do not overlap. The sides and the mirrors are
lines of symmetry of a triangular grid, on which all of this holds exactly too.

The three collineations were found by a search among those that swap seven pairs of points and leave the others in place
(the Baer involutions); all that make two such drums without overlaps differ by a renumbering of the plane, by the
exchange of points and lines, or by the side that is opposite to the right angle.

Source: Buser, Conway, Doyle, Semmler 1994, Int. Math. Res. Notices 9, 391.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from drumhead.analysis.drums.modes import check_count, lowest_eigenvectors
from drumhead.analysis.drums.pickup import LocalSpectrum
from drumhead.analysis.drums.shapes import polygon_distances
from drumhead.analysis.spectrum import Floats

COPIES = 21
"""The number of points, and of lines, of the projective plane of order 4."""

LINES = tuple(frozenset((k + shift) % COPIES for k in (3, 6, 7, 12, 14)) for shift in range(COPIES))
"""The points of each line: the shifts of a difference set (Singer 1938)."""

POINT_SWAPS = (
    ((4, 11), (5, 14), (6, 18), (7, 19), (10, 20), (12, 15), (13, 17)),
    ((3, 14), (4, 10), (8, 18), (9, 19), (11, 13), (15, 16), (17, 20)),
    ((0, 19), (1, 5), (2, 17), (3, 6), (8, 15), (9, 20), (11, 16)),
)
"""The points that are neighbours across the short leg, the hypotenuse, and the long leg of the triangle."""

ROOT_3 = 3**0.5
TRIANGLE = ((1.0, ROOT_3), (1.0, 0.0), (0.0, 0.0))
"""The corners of the first copy, with 30, 90 and 60 degrees; side ``k`` is opposite to corner ``k``."""

STEPS = ((-1, 0), (1, 0), (0, -1), (0, 1), (1, -1), (-1, 1))
"""The steps ``(row, column)`` to the six neighbours of a node of the triangular grid."""

Permutation = tuple[int, ...]


class HomophonicDrum(NamedTuple):
    """One of the two drums."""

    name: str
    copies: Floats
    """``(21, corner, 2)``: the corners ``(x, y)`` of each copy of the triangle, whose short leg is 1."""
    corners: Floats
    """``(corner, 2)``: the corners of the rim in order, counter-clockwise."""
    special: Floats
    """``(2,)``: the special point, where six copies meet."""


def homophonic_pair() -> tuple[HomophonicDrum, HomophonicDrum]:
    """Return the two drums, which are not congruent.

    >>> first, second = homophonic_pair()
    >>> len(first.corners), len(second.corners)
    (15, 15)
    """
    points = tuple(_permutation(swaps) for swaps in POINT_SWAPS)
    lines = tuple(tuple(LINES.index(frozenset(swap[p] for p in line)) for line in LINES) for swap in points)
    return _unfolded("homophonic-1", points), _unfolded("homophonic-2", lines)


def special_spectrum(drum: HomophonicDrum, count: int, *, resolution: int) -> LocalSpectrum:
    """Return what is heard at the special point of a strike there, with a fixed rim and waves of speed 1.

    The modes are those of the seven-point Laplacian on a triangular grid: the sum of the differences to the six
    neighbours times ``2 / (3 h^2)``.

    Args:
        drum: one of the pair.
        count: the number of modes, from the lowest.
        resolution: the number of grid spacings ``h`` in the short leg of the triangle, 2 or more.

    Raises:
        ValueError: if ``count`` or ``resolution`` is out of range.

    >>> first, second = (special_spectrum(drum, 5, resolution=4) for drum in homophonic_pair())
    >>> bool(np.allclose(first.frequencies, second.frequencies, rtol=1e-12))
    True
    >>> bool(np.allclose(first.amplitudes, second.amplitudes, rtol=1e-9))
    True
    """
    if resolution < 2 or int(resolution) != resolution:
        raise ValueError(f"resolution must be a whole number, 2 or more; got {resolution}")
    operator, special = _triangular_laplacian(drum, resolution)
    check_count(count, operator.shape[0])
    eigenvalues, vectors = lowest_eigenvectors(operator, count)
    cell = ROOT_3 / 2 / resolution**2  # the area of a node
    return LocalSpectrum(np.sqrt(eigenvalues) / (2 * np.pi), vectors[special] ** 2 / cell)


def _permutation(swaps: tuple[tuple[int, int], ...]) -> Permutation:
    """Return where each point goes."""
    images = list(range(COPIES))
    for first, second in swaps:
        images[first], images[second] = second, first
    return tuple(images)


def _unfolded(name: str, neighbours: tuple[Permutation, ...]) -> HomophonicDrum:
    """Return the drum whose copies are neighbours as three permutations say, unfolded from the first copy."""
    placed = {0: np.array(TRIANGLE)}
    waiting = [0]
    while waiting:
        here = waiting.pop()
        for side, images in enumerate(neighbours):
            there = images[here]
            if there not in placed:
                placed[there] = _mirrored(placed[here], side)
                waiting.append(there)
    copies = np.stack([placed[copy] for copy in range(COPIES)])
    middle = next(copy for copy in range(COPIES) if len(_around(copy, neighbours)) == 6)
    return HomophonicDrum(name, copies, _rim(copies, neighbours), copies[middle, 2])


def _mirrored(triangle: Floats, side: int) -> Floats:
    """Return the mirror image of a triangle in one of its sides."""
    start, end = triangle[(side + 1) % 3], triangle[(side + 2) % 3]
    along = (end - start) / np.linalg.norm(end - start)
    reach = triangle[side] - start
    image = triangle.copy()
    image[side] = start + 2 * (reach @ along) * along - reach
    return image


def _around(copy: int, neighbours: tuple[Permutation, ...]) -> list[int]:
    """Return the copies around the corner of 60 degrees of a copy, if they close up; else an empty list."""
    found = [copy]
    while (following := neighbours[len(found) % 2][found[-1]]) not in found:
        found.append(following)
    return found if following == copy and len(found) > 1 else []


def _rim(copies: Floats, neighbours: tuple[Permutation, ...]) -> Floats:
    """Return the corners of the rim in order, counter-clockwise, without those where it goes straight on."""
    following: dict[tuple[float, ...], Floats] = {}
    for copy, triangle in enumerate(copies):
        (x1, y1), (x2, y2) = triangle[1] - triangle[0], triangle[2] - triangle[0]
        for side, images in enumerate(neighbours):
            if images[copy] == copy:
                start, end = triangle[(side + 1) % 3], triangle[(side + 2) % 3]
                if x1 * y2 < x2 * y1:
                    start, end = end, start
                assert _key(start) not in following, "copies touch or overlap"
                following[_key(start)] = end
    rim = [next(iter(following.values()))]
    while len(rim) < len(following):
        rim.append(following[_key(rim[-1])])
    corners = np.stack(rim)
    before, after = corners - np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0) - corners
    turns = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    kept: Floats = corners[np.abs(turns) > 1e-9]
    return kept


def _key(point: Floats) -> tuple[float, ...]:
    return tuple(float(part) for part in np.round(point, 6) + 0.0)


def _triangular_laplacian(drum: HomophonicDrum, resolution: int) -> tuple[Any, int]:
    """Return the negative Laplacian on the nodes of a triangular grid inside a drum, and the node of the special point.

    Where the rim cuts the line to a neighbour at a share of the spacing, that neighbour's term is divided by the share.
    """
    from scipy.sparse import coo_array, diags_array

    right, up = np.array([1.0, 0.0]) / resolution, np.array([0.5, ROOT_3 / 2]) / resolution
    corners = drum.corners @ np.linalg.inv([right, up])  # (column, row): a column on is one `right`, a row on one `up`
    low, high = np.floor(corners.min(axis=0)).astype(int) - 1, np.ceil(corners.max(axis=0)).astype(int) + 1
    row, column = np.meshgrid(np.arange(low[1], high[1] + 1), np.arange(low[0], high[0] + 1), indexing="ij")
    inside, gaps = polygon_distances(corners, column * 1.0, row * 1.0)
    # The third direction is one `right` less one `up`: along it, column + row stays.
    slanted = np.stack([corners[:, 0], corners.sum(axis=1)], axis=1)
    _, slanted_gaps = polygon_distances(slanted, column * 1.0, (column + row) * 1.0)
    cuts = np.minimum(np.concatenate([gaps, slanted_gaps[2:]]), 1.0)
    cuts[cuts > 1 - 1e-9] = 1.0

    nodes = int(inside.sum())
    number = np.full(inside.shape, -1)
    number[inside] = np.arange(nodes)
    first, second = [], []
    for step, cut in zip(STEPS, cuts, strict=True):
        neighbour = np.roll(number, (-step[0], -step[1]), axis=(0, 1))
        linked = inside & (neighbour >= 0) & (cut == 1)
        first.append(number[linked])
        second.append(neighbour[linked])
    ends = np.concatenate(first), np.concatenate(second)
    links = coo_array((np.ones(len(ends[0])), ends), shape=(nodes, nodes))
    operator = 2 / 3 * resolution**2 * (diags_array((1 / cuts[:, inside]).sum(axis=0)) - links)
    special = np.rint(drum.special @ np.linalg.inv([right, up])).astype(int) - low
    return operator.tocsc(), int(number[special[1], special[0]])
