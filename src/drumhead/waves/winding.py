"""The winding number of a complex field around squares of sites, and the zero of its interpolation within a square.

The phase difference of two neighbouring sites is the difference of their angles plus the whole turns ``n`` that bring
it into [-pi, pi]. Around a closed path the angles cancel, so the winding number is the sum of the integers ``n``: it is
exact, and around a large square it is the sum over the small squares within. A square of four neighbouring sites is a
plaquette; it has the row and the column of its first site.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.sites import Bools, Boundary, Complexes, Floats

Integers = npt.NDArray[np.int64]
Scalar = TypeVar("Scalar", bound=np.generic)

TOLERANCE = 1e-9
"""How far outside a plaquette, in sites, rounding may put a zero that is on its edge."""


@short_repr
class Windings(NamedTuple):
    """Winding numbers around squares of sites, for each plaquette in their middle."""

    charge: Integers
    """``(time, row, column)``: the turns of the phase from +x towards +y; 0 where it is not defined."""
    defined: Bools
    """``(time, row, column)``: whether every site on the square's outline has a phase."""


def windings(z: Complexes, mask: Bools, *, boundary: Boundary, radius: int = 1) -> Windings:
    """Return the winding numbers around squares of ``2 radius`` by ``2 radius`` sites; only their outlines count.

    Args:
        z: complex movie, ``(time, y, x)``.
        mask: where it has a phase, of the same shape.
        boundary: a circular movie has a plaquette for each site, an open one a row and a column fewer.
        radius: 1 for the plaquettes themselves.

    Raises:
        ValueError: if ``radius`` is less than 1, or a square is larger than the movie.
    """
    if not 1 <= radius <= min(z.shape[1:]) / 2:
        raise ValueError(
            f"a square of 2 radius by 2 radius sites must fit on {z.shape[1]} x {z.shape[2]} sites, got {radius=}"
        )
    side = 2 * radius - 1
    turns = np.angle(np.where(mask, z, 1)) / (2 * np.pi)
    turns, present = _surround(turns, radius, boundary), _surround(mask, radius, boundary)
    along_y, along_x = (-np.rint(np.diff(turns, axis=axis)) for axis in (1, 2))
    step_y, step_x = _window_sums(along_y, side, axis=1), _window_sums(along_x, side, axis=2)
    charge = step_x[:, :-side] + step_y[:, :, side:] - step_x[:, side:] - step_y[:, :, :-side]
    edge_y, edge_x = (_window_sums(present, side + 1, axis=axis) == side + 1 for axis in (1, 2))
    defined = edge_x[:, :-side] & edge_y[:, :, side:] & edge_x[:, side:] & edge_y[:, :, :-side]
    return Windings(np.where(defined, charge, 0).astype(np.int64), defined)


def corners(values: npt.NDArray[Scalar], frame: Integers, row: Integers, column: Integers) -> npt.NDArray[Scalar]:
    """Return the values at the four corners of plaquettes, ``(plaquette, 2, 2)`` by row and column, across the seam."""
    height, width = values.shape[1:]
    rows, columns = (row[:, None] + [0, 1]) % height, (column[:, None] + [0, 1]) % width
    at_corners: npt.NDArray[Scalar] = values[frame[:, None, None], rows[:, :, None], columns[:, None, :]]
    return at_corners


def bilinear_zeros(values: Complexes) -> tuple[Floats, Floats]:
    """Return where the bilinear interpolation of four complex values is zero.

    With fractions ``v`` along y and ``u`` along x, the interpolation is ``a + b u + (c + d u) v``. At a zero
    ``v = -(a + b u) / (c + d u)`` is real, which gives a quadratic equation for ``u``. A square with winding number 1
    or -1 contains exactly one zero.

    Args:
        values: ``(plaquette, 2, 2)`` by row and column.

    Returns:
        ``v`` and ``u``, each ``(plaquette,)`` in [0, 1]; 1/2, the middle, if there is no zero in the square.

    >>> square = np.array([[[-1 - 1j, 3 - 1j], [-1 + 1j, 3 + 1j]]])  # x = -1 + 4 u and y = -1 + 2 v
    >>> [float(each[0]) for each in bilinear_zeros(square)]
    [0.5, 0.25]
    """
    a, b, c = values[:, 0, 0], values[:, 0, 1] - values[:, 0, 0], values[:, 1, 0] - values[:, 0, 0]
    d = values[:, 1, 1] - values[:, 1, 0] - b
    cross = np.imag(b * d.conj()), np.imag(b * c.conj() + a * d.conj()), np.imag(a * c.conj())
    u = _quadratic_roots(*cross)
    with np.errstate(
        all="ignore"
    ):  # a root that does not exist, or where c + d u is 0, is not finite, and is not chosen
        v = -np.real((a + b * u) / (c + d * u))
        outside = np.maximum.reduce([-u, u - 1, -v, v - 1])
    outside = np.where(np.isfinite(outside), outside, np.inf)
    nearest = outside.argmin(axis=0)[None]
    u, v, outside = (np.take_along_axis(each, nearest, axis=0)[0] for each in (u, v, outside))
    found = outside <= TOLERANCE
    return np.clip(np.where(found, v, 0.5), 0, 1), np.clip(np.where(found, u, 0.5), 0, 1)


def _quadratic_roots(p: Floats, q: Floats, r: Floats) -> Floats:
    """Return the real solutions of ``p u^2 + q u + r = 0``, ``(2, plaquette)``, not finite where there are none."""
    with np.errstate(all="ignore"):
        larger = -(q + np.copysign(np.sqrt(q**2 - 4 * p * r), q)) / 2
        return np.stack([r / larger, larger / p])


def _surround(values: npt.NDArray[Scalar], radius: int, boundary: Boundary) -> npt.NDArray[Scalar]:
    """Return the values with the sites beyond the edges that squares of this radius reach; none are present if open."""
    if boundary == "circular":
        return np.pad(values, ((0, 0), (radius - 1, radius), (radius - 1, radius)), mode="wrap")
    return np.pad(values, ((0, 0), (radius - 1, radius - 1), (radius - 1, radius - 1)))


def _window_sums(values: npt.NDArray[np.generic], length: int, axis: int) -> Floats:
    """Return the sums of ``length`` successive values along an axis, for every place where that many fit."""
    if length == 1:
        return values.astype(np.float64)
    sums: Floats = np.lib.stride_tricks.sliding_window_view(values, length, axis=axis).sum(axis=-1, dtype=np.float64)
    return sums
