"""The class :class:`Movie`: the values of a recording or of hidden states over time, with all that is needed to read
them."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.string_types import check_single_line
from drumhead.waves.regular_grid import regular_grid
from drumhead.waves.sites import Boundary, Spacing, check_boundary, check_dt, check_positions, check_spacing


@dataclass(frozen=True, eq=False, kw_only=True, init=False, repr=False)
class Movie:
    """Values at sites over time: on a grid ``(time, y, x)``, or at scattered positions ``(time, site)``.

    ``y`` is the row, ``x`` the column. Nothing is converted: the values keep their dtype and unit. They are a read-only
    view. Two movies are compared by their fields; ``dataclasses.replace`` returns a changed copy.

    Args:
        values: real or complex numbers, ``(time, y, x)``, or ``(time, site)`` with ``positions``.
        dt: time from one frame to the next, above 0. It has no default.
        spacing: distance of neighbouring rows and columns ``(dy, dx)``, above 0; one number if they are the same.
            Needed for values on a grid, and not allowed with ``positions``.
        positions: ``(site, 2)``, the position ``(y, x)`` of each site.
        valid: which sites are good, ``(y, x)`` or ``(site,)``; None if nothing is known of bad ones.
        unit: the unit of the values.
        length_unit: the unit of ``spacing`` and ``positions``.
        time_unit: the unit of ``dt`` and ``start``.
        start: the time of the first frame.
        boundary: ``"open"`` for recordings, ``"circular"`` for hidden states whose opposite edges are neighbours.
        name: one line that says what the movie shows.
        origin: one line on where the values come from, and what was assumed in reading them.
        omega: for hidden states, the stiffness ``(channel, y, x)`` of all channels; ``coupling`` and ``channel`` are
            needed with it.
        alpha: for hidden states, the damping ``(channel, y, x)``.
        coupling: for hidden states, the kernels ``(channel, channel, 3, 3)``.
        channel: for hidden states, the number of the channel of these values, from 0.

    Raises:
        ValueError: if a shape or a number breaks these rules.

    >>> movie = Movie(values=np.zeros((20, 3, 5)), dt=0.002, spacing=0.4, length_unit="mm", time_unit="s")
    >>> movie.spacing, movie.frames, movie.duration
    ((0.4, 0.4), 20, 0.04)
    >>> Movie(values=np.zeros((20, 3, 5)), dt=0.002, spacing=0)
    Traceback (most recent call last):
        ...
    ValueError: spacing, the length from site to site, must be above 0 and finite, got 0
    """

    values: npt.NDArray[Any]
    dt: float
    spacing: tuple[float, float] | None
    positions: npt.NDArray[np.float64] | None
    valid: npt.NDArray[np.bool_] | None
    unit: str
    length_unit: str
    time_unit: str
    start: float
    boundary: Boundary
    name: str
    origin: str
    omega: npt.NDArray[Any] | None
    alpha: npt.NDArray[Any] | None
    coupling: npt.NDArray[Any] | None
    channel: int | None

    def __init__(
        self,
        *,
        values: npt.ArrayLike,
        dt: float,
        spacing: Spacing | None = None,
        positions: npt.ArrayLike | None = None,
        valid: npt.ArrayLike | None = None,
        unit: str = "arbitrary",
        length_unit: str = "arbitrary",
        time_unit: str = "arbitrary",
        start: float = 0.0,
        boundary: Boundary = "open",
        name: str = "",
        origin: str = "",
        omega: npt.ArrayLike | None = None,
        alpha: npt.ArrayLike | None = None,
        coupling: npt.ArrayLike | None = None,
        channel: int | None = None,
    ) -> None:
        numbers = _check_values(np.asarray(values), has_positions=positions is not None)
        sites = numbers.shape[1:]
        if positions is None and spacing is None:
            raise ValueError(
                "a movie on a grid needs spacing, the distance of neighbouring rows and columns; "
                "scattered sites need positions"
            )
        if positions is not None and spacing is not None:
            raise ValueError(f"give spacing for a grid or positions for scattered sites, not both; got {spacing}")
        if check_boundary(boundary) == "circular" and positions is not None:
            raise ValueError("scattered sites have no opposite edges: boundary must be 'open'; got 'circular'")
        if not math.isfinite(start):
            raise ValueError(f"start must be finite; got {start}")
        waves = _check_parameters(omega, alpha, coupling, channel, sites)
        checked = {
            "values": read_only(numbers),
            "dt": check_dt(dt),
            "spacing": None if spacing is None else check_spacing(spacing),
            "positions": None if positions is None else read_only(check_positions(positions, sites[0])),
            "valid": None if valid is None else read_only(_check_valid(valid, sites)),
            "unit": check_single_line(unit),
            "length_unit": check_single_line(length_unit),
            "time_unit": check_single_line(time_unit),
            "name": check_single_line(name),
            "origin": check_single_line(origin),
            "start": float(start),
            "boundary": boundary,
            **waves,
        }
        for key, value in checked.items():
            object.__setattr__(self, key, value)

    def __repr__(self) -> str:
        return (
            f"<Movie {self.name or 'without a name'}: {self.values.dtype} {self.values.shape} in {self.unit}, "
            f"dt {self.dt:g} {self.time_unit}, "
            + (f"spacing {self.spacing} {self.length_unit}>" if self.spacing else f"sites in {self.length_unit}>")
        )

    def equals(self, other: Movie) -> bool:
        """Whether all fields are the same, bit for bit; NaN equals NaN."""
        return all(identical(getattr(self, each.name), getattr(other, each.name)) for each in fields(self))

    @property
    def frames(self) -> int:
        """The number of frames."""
        return len(self.values)

    @property
    def duration(self) -> float:
        """The number of frames times ``dt``."""
        return self.frames * self.dt

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """The time of each frame, ``start + n dt``."""
        return np.asarray(self.start + self.dt * np.arange(self.frames), np.float64)

    def grid(self) -> Movie | None:
        """Return the movie on a grid ``(time, y, x)``, or None if its sites are not on a regular grid.

        A site belongs to a regular grid if it is within a thousandth of the spacing of its place. Rows grow with ``y``,
        columns with ``x``. Empty places get NaN and are not valid; with them, integers become float64. Sites in
        one row or column do not say the other spacing: it is taken to be the same. Sites that would leave more than
        nine of ten places empty are no grid.

        >>> corner = Movie(values=[[1.0, 2.0, 3.0]], dt=1, positions=[[0, 0.4], [0, 0], [0.4, 0]])
        >>> corner.grid().values.tolist(), corner.grid().spacing
        ([[[2.0, 1.0], [3.0, nan]]], (0.4, 0.4))
        """
        if self.positions is None:
            return self
        found = regular_grid(self.positions)
        if found is None:
            return None
        rows, columns, spacing = found
        shape = (int(rows.max()) + 1, int(columns.max()) + 1)
        full = len(rows) == math.prod(shape)
        dtype = self.values.dtype if full or self.values.dtype.kind in "fc" else np.dtype(np.float64)
        values = np.full((self.frames, *shape), 0 if full else np.nan, dtype)
        values[:, rows, columns] = self.values
        valid = np.zeros(shape, bool)
        valid[rows, columns] = True if self.valid is None else self.valid
        return Movie(
            values=values,
            dt=self.dt,
            spacing=spacing,
            valid=None if full and self.valid is None else valid,
            unit=self.unit,
            length_unit=self.length_unit,
            time_unit=self.time_unit,
            start=self.start,
            name=self.name,
            origin=self.origin,
        )

    def to_xarray(self) -> Any:
        """Return the movie as an ``xarray.DataArray`` with the dimensions time, y, x (or time, site) and units.

        Raises:
            ModuleNotFoundError: if xarray is not installed.
        """
        import xarray

        time = ("time", self.times, {"units": self.time_unit})
        length = {"units": self.length_unit}
        if self.positions is not None:
            dimensions = ["time", "site"]
            places = {axis: ("site", self.positions[:, number], length) for number, axis in enumerate("yx")}
        else:
            assert self.spacing is not None  # of a grid
            dimensions = ["time", "y", "x"]
            steps = zip("yx", self.spacing, self.values.shape[1:], strict=True)
            places = {axis: (axis, step * np.arange(count), length) for axis, step, count in steps}
        coordinates: dict[str, Any] = {"time": time, **places}
        if self.valid is not None:
            coordinates["valid"] = (tuple(dimensions[1:]), self.valid, {})
        attributes = {"units": self.unit, "dt": self.dt, "boundary": self.boundary, "origin": self.origin}
        return xarray.DataArray(self.values, coordinates, dimensions, self.name or None, attributes)


def _check_values(values: npt.NDArray[Any], *, has_positions: bool) -> npt.NDArray[Any]:
    dimensions, axes = (2, "(time, site), because positions are given") if has_positions else (3, "(time, y, x)")
    if values.ndim != dimensions or not values.size:
        hint = "; scattered sites need positions" if values.ndim == 2 else ""
        raise ValueError(f"values must be {axes} and not empty; got the shape {values.shape}{hint}")
    if values.dtype.kind not in "iufc":
        raise ValueError(f"values must be numbers; got the dtype {values.dtype}")
    return values


def _check_valid(valid: npt.ArrayLike, sites: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    flags = np.asarray(valid)
    if flags.shape != sites or flags.dtype != np.bool_:
        raise ValueError(f"valid must be bool of the shape {sites} of one frame; got {flags.dtype} {flags.shape}")
    return flags


def _check_parameters(
    omega: npt.ArrayLike | None,
    alpha: npt.ArrayLike | None,
    coupling: npt.ArrayLike | None,
    channel: int | None,
    sites: tuple[int, ...],
) -> dict[str, Any]:
    given = [each is not None for each in (omega, alpha, coupling)]
    if any(given) and not (all(given) and channel is not None):
        raise ValueError("omega, alpha, coupling and channel belong together: give all of them or none")
    if omega is None or alpha is None or coupling is None:
        if channel is not None and channel < 0:
            raise ValueError(f"channel must be from 0; got {channel}")
        return {"omega": None, "alpha": None, "coupling": None, "channel": channel}
    stiffness, damping, kernels = np.asarray(omega), np.asarray(alpha), np.asarray(coupling)
    channels = len(stiffness) if stiffness.ndim else 0
    shape = (channels, *sites)
    if stiffness.shape != shape or damping.shape != shape or kernels.shape != (channels, channels, 3, 3):
        raise ValueError(
            f"omega and alpha must be (channel, y, x) with (y, x) = {sites}, and coupling (channel, channel, 3, 3); "
            f"got {stiffness.shape}, {damping.shape} and {kernels.shape}"
        )
    if channel is None or not 0 <= channel < channels:
        raise ValueError(f"channel must be from 0 to {channels - 1}; got {channel}")
    arrays = {"omega": stiffness, "alpha": damping, "coupling": kernels}
    return {**{key: read_only(array) for key, array in arrays.items()}, "channel": int(channel)}


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a view of an array that cannot be written to."""
    view = array[...]
    view.flags.writeable = False
    return view


def identical(one: object, other: object) -> bool:
    """Whether two values are of the same type, and equal bit for bit; NaN equals NaN in arrays."""
    if not isinstance(one, np.ndarray) or not isinstance(other, np.ndarray):
        return type(one) is type(other) and one == other
    same_kind = one.dtype == other.dtype and one.shape == other.shape
    return same_kind and np.array_equal(one, other, equal_nan=one.dtype.kind in "fc")
