"""Regular polygons on a canvas: what one is, where it may go, how it is drawn.

Pixel (row, column) is the point with these whole numbers as coordinates; it belongs to a polygon if the point lies
inside. Every polygon has the circle through its vertices to itself: circles stay on the canvas and apart, so that no
two polygons touch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.bool_]

GAP = 2.0
"""Least distance of two circles, in pixels: more than a diagonal step, so there is background in between."""
MAX_TRIES = 100
"""Places tried for a polygon before its canvas starts again."""
MAX_RESTARTS = 1000
"""Times a canvas starts again before it is an error."""
SUBPIXELS = 8
"""Points per pixel, along each side, that an antialiased pixel is the mean of."""


class Polygon(NamedTuple):
    """A regular polygon; lengths in pixels."""

    sides: int
    radius: float
    """From the centre to a vertex."""
    row: float
    """Of the centre."""
    column: float
    """Of the centre."""
    angle: float = 0.0
    """Of the first vertex, in radians, from the direction of growing columns towards that of growing rows."""

    @property
    def area(self) -> float:
        """In pixels.

        >>> Polygon(4, radius=10.0, row=0.0, column=0.0).area
        200.0
        """
        return self.sides / 2 * self.radius**2 * math.sin(2 * math.pi / self.sides)

    def vertices(self) -> npt.NDArray[np.float64]:
        """(side, 2): row and column of each vertex."""
        angles = self.angle + 2 * np.pi / self.sides * np.arange(self.sides)
        return np.stack([self.row + self.radius * np.sin(angles), self.column + self.radius * np.cos(angles)], axis=1)

    def shrunk(self, width: float) -> Polygon:
        """The same polygon with every side moved inwards; of radius 0 where nothing is left."""
        return self._replace(radius=max(0.0, self.radius - width / math.cos(math.pi / self.sides)))


def place_polygons(
    generator: np.random.Generator,
    number: int,
    *,
    canvas: int,
    sides: Sequence[int],
    radii: tuple[float, float],
    rotate: bool,
) -> list[Polygon]:
    """Draw polygons that keep apart: each with a uniform number of sides, radius, place and, if wanted, angle.

    A polygon that finds no place in 100 tries starts the canvas again, at most 1000 times.

    Args:
        generator: the random stream.
        number: how many polygons.
        canvas: side of the canvas, in pixels.
        sides: the numbers of sides to draw from.
        radii: least and greatest radius.
        rotate: draw angles; else the first vertex is at angle 0.

    Raises:
        ValueError: no canvas with so many polygons was found.
    """
    for _ in range(MAX_RESTARTS):
        polygons: list[Polygon] = []
        while len(polygons) < number:
            kind = sides[int(generator.integers(len(sides)))]
            radius = generator.uniform(*radii)
            angle = generator.uniform(0.0, 2 * math.pi / kind) if rotate else 0.0
            found = _find_place(generator, Polygon(kind, radius, 0.0, 0.0, angle), polygons, canvas)
            if found is None:
                break
            polygons.append(found)
        else:
            return polygons
    raise ValueError(
        f"no canvas of {number} polygons was found in {MAX_RESTARTS} tries on {canvas} pixels with radii from "
        f"{radii[0]:g} to {radii[1]:g}: use fewer polygons, smaller radii or a larger canvas"
    )


def _find_place(
    generator: np.random.Generator, polygon: Polygon, others: Sequence[Polygon], canvas: int
) -> Polygon | None:
    for _ in range(MAX_TRIES):
        row, column = generator.uniform(polygon.radius, canvas - 1 - polygon.radius, size=2).tolist()
        if all(
            math.hypot(row - other.row, column - other.column) >= polygon.radius + other.radius + GAP
            for other in others
        ):
            return polygon._replace(row=row, column=column)
    return None


def inside(polygon: Polygon, canvas: int) -> Pixels:
    """Which pixels of a canvas belong to a polygon: (canvas, canvas).

    >>> inside(Polygon(4, radius=1.5, row=2.0, column=2.0), canvas=5).astype(int)
    array([[0, 0, 0, 0, 0],
           [0, 0, 1, 0, 0],
           [0, 1, 1, 1, 0],
           [0, 0, 1, 0, 0],
           [0, 0, 0, 0, 0]])
    """
    from skimage.draw import polygon2mask

    pixels: Pixels = polygon2mask((canvas, canvas), polygon.vertices())
    return pixels


def brightness(polygon: Polygon, canvas: int, *, outline: float | None, antialias: bool) -> npt.NDArray[np.float64]:
    """What a polygon adds to an image: (canvas, canvas), 0 to 1.

    Args:
        polygon: what to draw.
        canvas: side of the image, in pixels.
        outline: width of the drawn edge, in pixels; None fills the polygon.
        antialias: give a pixel the share of the polygon in it; else 0 or 1.
    """
    finer = SUBPIXELS if antialias else 1
    pixels = inside(_magnified(polygon, finer), canvas * finer)
    if outline is not None:
        pixels &= ~inside(_magnified(polygon.shrunk(outline), finer), canvas * finer)
    return np.asarray(pixels.reshape(canvas, finer, canvas, finer).mean(axis=(1, 3)))


def _magnified(polygon: Polygon, finer: int) -> Polygon:
    """A polygon on a canvas of finer pixels, whose centres are spread evenly over the old ones."""
    row, column = (finer * (centre + 0.5) - 0.5 for centre in (polygon.row, polygon.column))
    return polygon._replace(radius=finer * polygon.radius, row=row, column=column)
