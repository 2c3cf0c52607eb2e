"""Critical points of a velocity field: where it vanishes, and what it does around: sources, sinks, centres, saddles.

The velocity is interpolated bilinearly between four sites. With the Jacobian at the zero

    J = [[dv_x/dx, dv_x/dy], [dv_y/dx, dv_y/dy]],    tau = trace J,    delta = det J

the point is a saddle if ``delta < 0``; a node if ``tau^2 >= 4 delta``, otherwise a focus, about which the field turns;
a source if ``tau > 0`` and a sink if ``tau < 0``; a centre if ``|tau| < 1e-6 sqrt(delta)``. The winding number of the
velocity around the point, its index, is -1 for a saddle and 1 for the others.

In a phase flow, sources are sources of waves, and a centre is where a rotating wave has its phase singularity.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.blocks import blocks
from drumhead.waves.singularities import confirmed_windings
from drumhead.waves.sites import Boundary, Floats, Spacing, check_boundary, check_spacing
from drumhead.waves.winding import Integers, bilinear_zeros, corners

KINDS = (
    "saddle",
    "source node",
    "sink node",
    "source focus",
    "sink focus",
    "centre",
)
"""The kinds of critical points."""

CENTRE_TRACE = 1e-6
"""A trace below this share of the square root of the determinant counts as 0."""


@short_repr
class CriticalPoints(NamedTuple):
    """The critical points of a movie of velocities, ordered by frame, row and column."""

    frame: Integers
    """``(point,)``: the frame of the velocity field, from 0; of a flow, the midpoint after the movie's frame."""
    y: Floats
    """``(point,)``: the position along rows, in units of length."""
    x: Floats
    """``(point,)``: the position along columns."""
    kind: npt.NDArray[np.str_]
    """``(point,)``: one of ``KINDS``."""
    winding: Integers
    """``(point,)``: the index, the winding number of the velocity: -1 for a saddle, 1 otherwise."""
    trace: Floats
    """``(point,)``: the divergence of the velocity there, per time."""
    determinant: Floats
    """``(point,)``: the determinant of the Jacobian, per squared time."""
    curl: Floats
    """``(point,)``: ``dv_y/dx - dv_x/dy``, per time: above 0 the field turns from +x towards +y."""


def critical_points(
    v_y: npt.ArrayLike, v_x: npt.ArrayLike, *, spacing: Spacing, boundary: Boundary = "open", ring: int = 2
) -> CriticalPoints:
    """Find and classify the critical points of a movie of velocities.

    Args:
        v_y: ``(time, y, x)``, the velocity along rows, in length per time; NaN at sites that are not valid.
        v_x: the same along columns.
        spacing: the length from row to row and from column to column.
        boundary: whether opposite edges are neighbours.
        ring: report only points whose winding number is also that around all squares of 2, ... ``ring`` sites to
            each side, so none closer to the edge; 1 reports every point.

    Raises:
        ValueError: if the two do not have the shape of one movie, or an argument is out of its range.

    A source at (3.2, 4.7), stronger along x:

    >>> y, x = np.mgrid[:7, :9]
    >>> found = critical_points((y - 3.2)[None], (2 * (x - 4.7))[None], spacing=1)
    >>> str(found.kind[0]), [round(float(each[0]), 9) for each in (found.y, found.x, found.trace)]
    ('source node', [3.2, 4.7, 3.0])
    """
    along_y, along_x = np.asarray(v_y, np.float64), np.asarray(v_x, np.float64)
    if along_y.shape != along_x.shape or along_y.ndim != 3 or min(along_y.shape) < 1 or min(along_y.shape[1:]) < 2:
        raise ValueError(
            "v_y and v_x must both be (time, y, x) with at least 2 rows and 2 columns; "
            f"got shapes {along_y.shape} and {along_x.shape}"
        )
    (dy, dx), boundary = check_spacing(spacing), check_boundary(boundary)
    velocity = along_x + 1j * along_y
    found = []
    for block in blocks(len(velocity), velocity[0].size):
        mask = np.isfinite(velocity[block])
        winding = confirmed_windings(velocity[block], mask, boundary=boundary, ring=ring).charge
        frame, row, column = np.nonzero(winding)
        found.append((frame + block.start, row, column, winding[frame, row, column]))
    frame, row, column, winding = (np.concatenate(each) for each in zip(*found, strict=True))
    square = corners(velocity, frame, row, column)
    v, u = bilinear_zeros(square)
    slope_x = (1 - v) * (square[:, 0, 1] - square[:, 0, 0]) + v * (square[:, 1, 1] - square[:, 1, 0])
    slope_y = (1 - u) * (square[:, 1, 0] - square[:, 0, 0]) + u * (square[:, 1, 1] - square[:, 0, 1])
    slope_x, slope_y = slope_x / dx, slope_y / dy
    trace = slope_x.real + slope_y.imag
    determinant = slope_x.real * slope_y.imag - slope_y.real * slope_x.imag
    curl = slope_x.imag - slope_y.real
    kind = _kind(trace, determinant)
    return CriticalPoints(frame, (row + v) * dy, (column + u) * dx, kind, winding, trace, determinant, curl)


def flow_order(v_y: npt.ArrayLike, v_x: npt.ArrayLike) -> Floats:
    """Return how much a velocity field is one plane flow: ``|sum v| / sum |v|`` over its valid sites.

    Args:
        v_y: ``(time, y, x)``; NaN at sites that are not valid.
        v_x: the same.

    Returns:
        ``(time,)``, from 0 to 1, which is a plane wave; NaN in frames without flow.

    Source: the order parameter of Townsend & Gong 2018.

    >>> flow_order([[[0.0, 0.0, np.nan]]], [[[2.0, 1.0, np.nan]]])
    array([1.])
    """
    along_y, along_x = np.asarray(v_y, np.float64), np.asarray(v_x, np.float64)
    mean = np.hypot(*(np.nansum(each.reshape(len(each), -1), axis=1) for each in (along_y, along_x)))
    speed = np.nansum(np.hypot(along_y, along_x).reshape(len(along_y), -1), axis=1)
    order: Floats = np.divide(mean, speed, out=np.full_like(speed, np.nan), where=speed > 0)
    return order


def _kind(trace: Floats, determinant: Floats) -> npt.NDArray[np.str_]:
    """Return the kind of each point."""
    node = trace**2 >= 4 * determinant
    source = trace > 0
    centre = np.abs(trace) < CENTRE_TRACE * np.sqrt(np.maximum(determinant, 0))
    conditions = [determinant < 0, centre, node & source, node, source]
    kinds: npt.NDArray[np.str_] = np.select(
        conditions, ["saddle", "centre", "source node", "sink node", "source focus"], default="sink focus"
    )
    return kinds
