"""Regular polygons on a canvas: their geometry, placement and rendering.

Pixel (row, column) is the point with these integer coordinates; it belongs to a polygon if the point lies inside.
The circumscribed circles of all polygons lie within the canvas and do not overlap, so no two polygons touch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.bool_]

MIN_GAP = 2.0
"""Smallest gap between two circles, in pixels: more than a diagonal step, so there is background in between."""
MAX_TRIES = 100
"""Number of positions that are tried for a polygon before its canvas is restarted."""
MAX_RESTARTS = 1000
"""Number of attempts to fill a canvas before an error is raised."""
SUBPIXELS = 8
"""Number of points per pixel, along each side, that antialiasing averages over."""


class Polygon(NamedTuple):
    """A regular polygon; lengths in pixels."""

    sides: int
    radius: float
    """Distance from the centre to a vertex."""
    row: float
    """Row of the centre."""
    column: float
    """Column of the centre."""
    angle: float = 0.0
    """Angle of the first vertex in radians, from the direction of increasing columns towards increasing rows."""

    @property
    def area(self) -> float:
        """Area in pixels.

        >>> Polygon(4, radius=10.0, row=0.0, column=0.0).area
        200.0
        """
        return self.sides / 2 * self.radius**2 * math.sin(2 * math.pi / self.sides)

    def vertices(self) -> npt.NDArray[np.float64]:
        """Return the row and column of each vertex: (side, 2)."""
        angles = self.angle + 2 * np.pi / self.sides * np.arange(self.sides)
        return np.stack([self.row + self.radius * np.sin(angles), self.column + self.radius * np.cos(angles)], axis=1)

    def shrunk(self, width: float) -> Polygon:
        """Return the polygon with every side moved inwards by ``width``; its radius is 0 if nothing is left."""
        return self._replace(radius=max(0.0, self.radius - width / math.cos(math.pi / self.sides)))


def place_polygons(
    generator: np.random.Generator,
    num_polygons: int,
    *,
    canvas: int,
    sides: Sequence[int],
    radii: tuple[float, float],
    rotate: bool,
    distinct: bool = False,
) -> list[Polygon]:
    """Draw polygons that do not touch, with uniform number of sides, radius, position and, optionally, angle.

    If a polygon finds no free position in 100 tries, the canvas is restarted; it is attempted at most 1000 times.

    Args:
        generator: the random stream.
        num_polygons: number of polygons.
        canvas: side of the canvas, in pixels.
        sides: the numbers of sides to draw from.
        radii: smallest and largest radius.
        rotate: draw random angles; otherwise the first vertex is at angle 0.
        distinct: draw each number of sides at most once.

    Raises:
        ValueError: no canvas with that many polygons was found.
    """
    for _ in range(MAX_RESTARTS):
        polygons: list[Polygon] = []
        while len(polygons) < num_polygons:
            free = [each for each in sides if not distinct or all(each != polygon.sides for polygon in polygons)]
            num_sides = free[int(generator.integers(len(free)))]
            radius = generator.uniform(*radii)
            angle = generator.uniform(0.0, 2 * math.pi / num_sides) if rotate else 0.0
            placed = _place(generator, Polygon(num_sides, radius, 0.0, 0.0, angle), polygons, canvas)
            if placed is None:
                break
            polygons.append(placed)
        else:
            return polygons
    raise ValueError(
        f"no canvas of {num_polygons} polygons was found in {MAX_RESTARTS} tries on {canvas} pixels with radii from "
        f"{radii[0]:g} to {radii[1]:g}: use fewer polygons, smaller radii or a larger canvas"
    )


def _place(generator: np.random.Generator, polygon: Polygon, others: Sequence[Polygon], canvas: int) -> Polygon | None:
    """Return the polygon at a random free position; None if none was found."""
    for _ in range(MAX_TRIES):
        row, column = generator.uniform(polygon.radius, canvas - 1 - polygon.radius, size=2).tolist()
        if all(
            math.hypot(row - other.row, column - other.column) >= polygon.radius + other.radius + MIN_GAP
            for other in others
        ):
            return polygon._replace(row=row, column=column)
    return None


def polygon_mask(polygon: Polygon, canvas: int) -> Pixels:
    """Return which pixels of a canvas belong to a polygon: (canvas, canvas).

    >>> polygon_mask(Polygon(4, radius=1.5, row=2.0, column=2.0), canvas=5).astype(int)
    array([[0, 0, 0, 0, 0],
           [0, 0, 1, 0, 0],
           [0, 1, 1, 1, 0],
           [0, 0, 1, 0, 0],
           [0, 0, 0, 0, 0]])
    """
    from skimage.draw import polygon2mask

    pixels: Pixels = polygon2mask((canvas, canvas), polygon.vertices())
    return pixels


def render_polygon(polygon: Polygon, canvas: int, *, outline: float | None, antialias: bool) -> npt.NDArray[np.float64]:
    """Return the brightness of a polygon: (canvas, canvas), 0 to 1.

    Args:
        polygon: the polygon to draw.
        canvas: side of the image, in pixels.
        outline: width of the drawn edge, in pixels; None fills the polygon.
        antialias: set each pixel to the fraction of it that the polygon covers; otherwise to 0 or 1.
    """
    scale = SUBPIXELS if antialias else 1
    pixels = polygon_mask(_scaled(polygon, scale), canvas * scale)
    if outline is not None:
        pixels &= ~polygon_mask(_scaled(polygon.shrunk(outline), scale), canvas * scale)
    return np.asarray(pixels.reshape(canvas, scale, canvas, scale).mean(axis=(1, 3)))


def _scaled(polygon: Polygon, scale: int) -> Polygon:
    """Return the polygon on a canvas that has ``scale`` x ``scale`` pixels in place of each pixel."""
    row, column = (scale * (centre + 0.5) - 0.5 for centre in (polygon.row, polygon.column))
    return polygon._replace(radius=scale * polygon.radius, row=row, column=column)
