"""Drums of any shape on a square grid: polygons, discs, and masks of pixels.

A shape has coordinates ``(x, y)``: ``x`` along columns, ``y`` along rows, which grow downwards in pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.analysis.spectrum import Floats

Mask = npt.NDArray[np.bool_]

SMALLEST_CUT = 1e-4
"""A rim is never closer to a node than this share of the spacing: the error is far below that of the grid."""

BYTES_PER_NODE = 80
"""Memory for each node and for each doubling of their number, of the sparse factorisation of a Laplacian."""


class Drum(NamedTuple):
    """A shape on a grid: its nodes, and how far from each the rim is."""

    name: str
    """A name for pictures and tables."""
    inside: Mask
    """``(height, width)``: whether the node is inside the rim. The outermost nodes of the array are outside."""
    spacing: float
    """The distance of neighbouring nodes."""
    cuts: Floats
    """``(4, height, width)``: the distance to the rim up, down, left and right, as a share of the spacing, above 0 and
    at most 1. It is 1 where the neighbour is inside, and everywhere outside."""
    area: float
    """The area of the shape."""
    perimeter: float
    """The length of its rim."""
    corner_term: float
    """The constant in Weyl's law: the sum of ``(pi^2 - a^2) / (24 pi a)`` over the corners' inner angles ``a``, and 1/6
    for a smooth rim."""

    @property
    def pieces(self) -> int:
        """The number of separate parts, each a drum of its own."""
        from scipy.ndimage import label

        return int(label(self.inside)[1])


def polygon_drum(vertices: npt.ArrayLike, *, resolution: int, offset: float = 0.0, name: str = "polygon") -> Drum:
    """Return a simple polygon as a drum.

    Args:
        vertices: ``(corner, 2)``: the coordinates ``(x, y)`` of the corners in order around the polygon, either way.
        resolution: the number of nodes per unit of length, 1 or more.
        offset: the position of the nodes, from 0 to below 1 spacing: 0 puts nodes on integer coordinates, which suits a
            fixed rim; 0.5 puts them half a spacing beside, which suits a free rim.
        name: a name for pictures and tables.

    Raises:
        ValueError: if the polygon is not simple, has no area, or is too thin or too large for the grid.

    >>> drum = polygon_drum([(0, 0), (2, 0), (2, 1), (0, 1)], resolution=8)
    >>> drum.area, drum.perimeter, int(drum.inside.sum()) == 15 * 7
    (2.0, 6.0, True)
    """
    corners = np.asarray(vertices, np.float64)
    if corners.ndim != 2 or corners.shape[1] != 2 or len(corners) < 3 or not np.isfinite(corners).all():
        raise ValueError(f"vertices must be (corner, 2), finite, with 3 corners or more; got shape {corners.shape}")
    edges = np.roll(corners, -1, axis=0) - corners
    twice_area = float(np.sum(corners[:, 0] * edges[:, 1] - corners[:, 1] * edges[:, 0]))
    if twice_area == 0 or _crosses_itself(corners):
        raise ValueError("vertices must be those of a simple polygon; these edges cross or enclose no area")
    if twice_area < 0:
        corners = corners[::-1]
        edges = np.roll(corners, -1, axis=0) - corners
    return _grid_drum(
        lambda x, y: polygon_distances(corners, x, y),
        (corners.min(axis=0), corners.max(axis=0)),
        resolution,
        offset,
        Shape(name, abs(twice_area) / 2, float(np.hypot(*edges.T).sum()), float(sum(map(_corner, _angles(edges))))),
    )


def disc_drum(radius: float = 1.0, *, resolution: int, offset: float = 0.0, name: str = "disc") -> Drum:
    """Return a disc around the origin as a drum; the other arguments are those of :func:`polygon_drum`.

    >>> drum = disc_drum(resolution=32)
    >>> from drumhead.analysis.drums import membrane_modes
    >>> round(float(membrane_modes(drum, 1).eigenvalues[0]), 2)  # the squared first zero of J0 is 5.7832
    5.78
    """
    if not 0 < radius < float("inf"):
        raise ValueError(f"radius must be positive and finite, got {radius}")

    def distances(x: Floats, y: Floats) -> tuple[Mask, Floats]:
        half_x, half_y = (np.sqrt(np.maximum(radius**2 - other**2, 0)) for other in (y, x))
        inside = x**2 + y**2 < radius**2 * (1 - 1e-12)
        return inside, np.stack([y + half_y, half_y - y, x + half_x, half_x - x])

    bounds = np.full(2, -radius), np.full(2, radius)
    shape = Shape(name, float(np.pi * radius**2), float(2 * np.pi * radius), 1 / 6)
    return _grid_drum(distances, bounds, resolution, offset, shape)


def pixel_drum(mask: npt.ArrayLike, *, spacing: float = 1.0, name: str = "mask") -> Drum:
    """Return the pixels of a mask as a drum, whose rim runs along the edges of the pixels.

    A rim that is slanted or curved becomes a staircase: its length is then too large by up to the factor ``sqrt(2)``,
    and eigenvalues converge to the shape's only in proportion to the spacing.

    Args:
        mask: ``(height, width)``, true inside.
        spacing: the side of a pixel.
        name: a name for pictures and tables.

    >>> drum = pixel_drum(np.ones((8, 16)))
    >>> drum.area, drum.perimeter
    (128.0, 48.0)
    """
    inside = _checked_mask(mask, spacing)
    cuts = np.where(_shifted(inside), 1.0, 0.5)
    cuts[:, ~inside] = 1.0
    sides = int((cuts == 0.5).sum())
    return Drum(name, inside, spacing, cuts, float(inside.sum() * spacing**2), sides * spacing, _pixel_corners(inside))


def lattice_drum(mask: npt.ArrayLike, *, name: str = "lattice") -> Drum:
    """Return the cells of a mask as a drum whose rim lies one cell beyond them, like a field with a fixed boundary.

    This is the membrane of :mod:`drumhead.fields.wave` with the coupling ``c^2 laplacian``. Its area and rim are those
    of the staircase through the cells just outside, so that ``n x n`` cells are a square of side ``n + 1``.

    >>> drum = lattice_drum(np.ones((9, 9)))
    >>> drum.area, drum.perimeter
    (100.0, 40.0)
    """
    inside = _checked_mask(mask, 1.0)
    squares = inside[1:, 1:] | inside[1:, :-1] | inside[:-1, 1:] | inside[:-1, :-1]  # between four nodes each
    hull = pixel_drum(squares)
    return Drum(name, inside, 1.0, np.ones((4, *inside.shape)), hull.area, hull.perimeter, hull.corner_term)


class Shape(NamedTuple):
    """The name and the measures of a shape in the continuum; see :class:`Drum`."""

    name: str
    area: float
    perimeter: float
    corner_term: float


def neighbour_inside(drum: Drum) -> Mask:
    """Return ``(4, height, width)``: whether node and neighbour up, down, left and right are both inside."""
    return _shifted(drum.inside) & drum.inside


def polygon_distances(corners: Floats, x: Floats, y: Floats) -> tuple[Mask, Floats]:
    """Return which points are strictly inside a polygon, and their distances to it up, down, left and right."""
    distances = np.full((4, *x.shape), np.inf)
    crossings = np.zeros(x.shape, int)
    on_rim = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        length = np.hypot(x2 - x1, y2 - y1)
        along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length
        across = ((x - x1) * (y2 - y1) - (y - y1) * (x2 - x1)) / length
        on_rim |= (np.abs(across) < 1e-9) & (along > -1e-9) & (along < length + 1e-9)
        if y1 != y2:
            crossings += ((y1 <= y) != (y2 <= y)) & (x1 + (y - y1) * (x2 - x1) / (y2 - y1) > x)
        for axis, (p, q, p1, q1, p2, q2) in enumerate([(y, x, y1, x1, y2, x2), (x, y, x1, y1, x2, y2)]):
            if abs(q2 - q1) < 1e-12:
                continue
            meets = (np.minimum(q1, q2) - 1e-12 <= q) & (q <= np.maximum(q1, q2) + 1e-12)
            gap = np.where(meets, p1 + (q - q1) * (p2 - p1) / (q2 - q1) - p, np.inf)
            for direction, signed in ((2 * axis, -gap), (2 * axis + 1, gap)):
                nearer = meets & (signed > 1e-12) & (signed < distances[direction])
                distances[direction][nearer] = signed[nearer]
    return (crossings % 2 == 1) & ~on_rim, distances


def _shifted(inside: Mask) -> Mask:
    """Return ``(4, height, width)``: whether the neighbour up, down, left and right is inside."""
    return np.stack([np.roll(inside, shift, axis) for axis in (0, 1) for shift in (1, -1)])


def _grid_drum(
    distances: Callable[[Floats, Floats], tuple[Mask, Floats]],
    bounds: tuple[Floats, Floats],
    resolution: int,
    offset: float,
    shape: Shape,
) -> Drum:
    """Return a shape on the grid, given which points are inside and how far the rim is from them in four directions."""
    if resolution < 1 or int(resolution) != resolution:
        raise ValueError(f"resolution must be a whole number of nodes per unit of length, 1 or more; got {resolution}")
    if not 0 <= offset < 1:
        raise ValueError(f"offset must be from 0 to below 1, got {offset}")
    lowest, highest = np.floor(bounds[0] * resolution).astype(int) - 1, np.ceil(bounds[1] * resolution).astype(int) + 1
    _check_memory(float(np.prod((highest - lowest + 1).astype(float))))
    x, y = ((np.arange(low, high + 1) + offset) / resolution for low, high in zip(lowest, highest, strict=True))
    grid_y, grid_x = np.meshgrid(y, x, indexing="ij")
    inside, rim = distances(grid_x, grid_y)
    cuts = np.clip(rim * resolution, SMALLEST_CUT, 1.0)
    cuts[cuts > 1 - 1e-9] = 1.0
    cuts[:, ~inside] = 1.0
    _check_thickness(inside)
    return Drum(shape.name, inside, 1 / resolution, cuts, shape.area, shape.perimeter, shape.corner_term)


def _crosses_itself(corners: Floats) -> bool:
    """Return whether two edges of a polygon that are not neighbours touch."""

    def turn(a: Floats, b: Floats, c: Floats) -> float:
        return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))

    count = len(corners)
    for i in range(count):
        for j in range(i + 2, count - (i == 0)):
            a, b, c, d = corners[i], corners[(i + 1) % count], corners[j], corners[(j + 1) % count]
            if turn(a, b, c) * turn(a, b, d) <= 0 and turn(c, d, a) * turn(c, d, b) <= 0:
                lowest = np.maximum(np.minimum(a, b), np.minimum(c, d))
                highest = np.minimum(np.maximum(a, b), np.maximum(c, d))
                if (highest >= lowest).all():  # edges on one line may still be apart
                    return True
    return False


def _angles(edges: Floats) -> Sequence[float]:
    """Return the inner angles of a polygon whose edges turn from +x towards +y."""
    before = np.roll(edges, 1, axis=0)
    turns = np.arctan2(before[:, 0] * edges[:, 1] - before[:, 1] * edges[:, 0], (before * edges).sum(axis=1))
    return [float(np.pi - turn) for turn in turns]


def _corner(angle: float) -> float:
    """Return what a corner adds to the constant in Weyl's law."""
    return float((np.pi**2 - angle**2) / (24 * np.pi * angle))


def _pixel_corners(inside: Mask) -> float:
    """Return the corner term of a staircase rim: of right angles, inwards and outwards."""
    around = np.sum([np.roll(inside, (i, j), (0, 1)) for i in (0, 1) for j in (0, 1)], axis=0)
    diagonal = np.roll(inside, (1, 1), (0, 1)) == inside
    convex = int((around == 1).sum()) + 2 * int(((around == 2) & diagonal & (np.roll(inside, 1, 0) != inside)).sum())
    return convex * _corner(np.pi / 2) + int((around == 3).sum()) * _corner(3 * np.pi / 2)


def _checked_mask(mask: npt.ArrayLike, spacing: float) -> Mask:
    """Return a mask with nodes outside all around it, or raise ``ValueError``."""
    inside = np.asarray(mask) != 0
    if inside.ndim != 2 or not inside.any():
        raise ValueError(f"mask must be (height, width) with a pixel inside; got shape {inside.shape}")
    if not 0 < spacing < float("inf"):
        raise ValueError(f"spacing must be positive and finite, got {spacing}")
    _check_memory(float(inside.size))
    return np.pad(inside, 1)


def _check_thickness(inside: Mask) -> None:
    """Raise ``ValueError`` unless each piece of the shape has a node with all its neighbours inside."""
    from scipy.ndimage import binary_erosion, label

    pieces, count = label(inside)
    if count == 0:
        raise ValueError("no node of the grid is inside the shape; use a higher resolution or a larger shape")
    thick = len(set(pieces[binary_erosion(inside)].tolist()))
    if thick < count:
        raise ValueError(
            f"{count - thick} of {count} pieces of the shape are thinner than three nodes; use a higher resolution"
        )


def _check_memory(nodes: float) -> None:
    """Raise ``ValueError`` if the modes of a grid of this size would need more memory than the machine has."""
    import os

    needed = BYTES_PER_NODE * nodes * max(1.0, float(np.log2(nodes)))
    available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > available / 2:
        raise ValueError(
            f"a grid of {nodes:,.0f} nodes needs about {needed / 1e9:,.1f} GB for its modes, more than half of this "
            f"machine's {available / 1e9:,.1f} GB; use a lower resolution"
        )
