"""Movies as objects of neo, in the form that cobrawap reads: see :func:`to_neo`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.waves.formats.description import MARK, describe, described_movie, read_description
from drumhead.waves.formats.packages import require
from drumhead.waves.movie import Movie

UNITS = {"arbitrary": "dimensionless", "µV": "uV", "μV": "uV", "µm": "um", "μm": "um", "volts": "V", "meters": "m"}
"""The names in the package quantities of units that it calls otherwise."""


def to_neo(movie: Movie) -> Any:
    """Return a movie as a ``neo.AnalogSignal`` ``(time, site)``, as cobrawap expects it.

    The array annotations ``x_coords`` and ``y_coords`` are the column and row of each site, and the annotation
    ``spatial_scale`` is the spacing. Sites of a grid are in the order of rows. A unit that the package quantities does
    not know, such as pixels, becomes dimensionless. :func:`from_neo` returns the same movie, bit for bit, from another
    annotation, ``drumhead_movie``. Arrays of hidden states (``omega`` ...) are left out.

    Raises:
        ValueError: if neo is not installed, rows and columns have different spacings, or scattered sites are not on a
            regular grid: cobrawap has one scale and whole coordinates.

    >>> signal = to_neo(Movie(values=np.zeros((9, 2, 3)), dt=0.5, spacing=0.4, length_unit="mm", time_unit="s"))
    >>> signal.shape, signal.array_annotations["x_coords"].tolist(), signal.annotations["spatial_scale"]
    ((9, 6), [0, 1, 2, 0, 1, 2], array(0.4) * mm)
    """
    neo = require("neo", need="a signal of neo", extra="neo")
    from drumhead.waves.regular_grid import regular_grid

    if movie.positions is None:
        assert movie.spacing is not None  # of a grid
        rows, columns = (each.ravel() for each in np.indices(movie.values.shape[1:]))
        spacing = movie.spacing
    else:
        found = regular_grid(movie.positions)
        if found is None:
            raise ValueError(
                "neo's signals have whole coordinates, as cobrawap reads them, but these sites are not on a regular "
                "grid: write NWB or .npz"
            )
        rows, columns, spacing = found
    if not math.isclose(*spacing, rel_tol=1e-9):
        raise ValueError(
            "neo's signals have one spatial_scale, as cobrawap reads it, but rows and columns have the spacing "
            f"{spacing}: write NWB or .npz"
        )
    description = describe(movie)
    if movie.positions is not None:
        annotations = {"exact_y": movie.positions[:, 0].copy(), "exact_x": movie.positions[:, 1].copy()}
    else:
        annotations = {}
    return neo.AnalogSignal(
        movie.values.reshape(movie.frames, -1),
        units=_unit(movie.unit),
        sampling_period=movie.dt * _unit(movie.time_unit, "s"),
        t_start=movie.start * _unit(movie.time_unit, "s"),
        name=movie.name or None,
        array_annotations={"x_coords": columns, "y_coords": rows, **annotations},
        spatial_scale=spacing[1] * _unit(movie.length_unit),
        **{MARK: description},
    )


def from_neo(signal: Any) -> Movie:
    """Return a movie of a ``neo.AnalogSignal`` with the annotations of cobrawap, or of a ``neo.ImageSequence``.

    The sites of a signal are at ``x_coords`` and ``y_coords`` times ``spatial_scale``; :meth:`Movie.grid` puts them on
    a grid. The frames of a sequence are ``(row, column)``, as in neo.

    Raises:
        ValueError: if neo is not installed, or a coordinate or a scale is missing.
    """
    neo = require("neo", need="a signal of neo", extra="neo")
    values = np.array(signal.magnitude)
    if isinstance(signal, neo.ImageSequence):
        return _sequence_movie(signal, values)
    if not isinstance(signal, neo.AnalogSignal):
        raise ValueError(f"must be a neo.AnalogSignal or a neo.ImageSequence; got {type(signal).__name__}")
    description = read_description(signal.annotations.get(MARK))
    if description is not None:
        return _own_movie(signal, values, description)
    places = [signal.array_annotations.get(name) for name in ("y_coords", "x_coords")]
    scale = signal.annotations.get("spatial_scale")
    if places[0] is None or places[1] is None or scale is None:
        raise ValueError(
            "the signal must have the array annotations x_coords and y_coords and the annotation spatial_scale; it has "
            f"{', '.join([*signal.array_annotations, *signal.annotations]) or 'none'}"
        )
    positions = np.stack([np.asarray(each, np.float64) for each in places], axis=1) * float(scale.magnitude)
    return Movie(
        values=values,
        positions=positions,
        dt=float(signal.sampling_period.magnitude),
        start=float(signal.t_start.rescale(signal.sampling_period.units).magnitude),
        unit=_name(signal),
        length_unit=_name(scale),
        time_unit=_name(signal.sampling_period),
        name=signal.name or "",
        origin="neo.AnalogSignal, positions x_coords and y_coords times spatial_scale",
    )


def _sequence_movie(sequence: Any, values: npt.NDArray[Any]) -> Movie:
    if sequence.spatial_scale is None:
        raise ValueError("the sequence must have a spatial_scale: give it one, e.g. 50 * quantities.um")
    period = sequence.frame_duration if sequence.frame_duration is not None else 1 / sequence.sampling_rate
    return Movie(
        values=values,
        spacing=float(sequence.spatial_scale.magnitude),
        dt=float(period.magnitude),
        start=float(sequence.t_start.rescale(period.units).magnitude),
        unit=_name(sequence),
        length_unit=_name(sequence.spatial_scale),
        time_unit=_name(period),
        name=sequence.name or "",
        origin="neo.ImageSequence, axes (frame, row, column)",
    )


def _own_movie(signal: Any, values: npt.NDArray[Any], description: dict[str, Any]) -> Movie:
    """Return a movie that :func:`to_neo` made a signal of."""
    sites = description.get("sites")
    if not isinstance(sites, list) or not all(isinstance(each, int) for each in sites):
        raise ValueError(f"its sites must be whole numbers; got {sites!r:.50}")
    exact = [signal.array_annotations.get(name) for name in ("exact_y", "exact_x")]
    positions = None if exact[0] is None else np.stack([np.asarray(each, np.float64) for each in exact], axis=1)
    return described_movie(description, values.reshape(len(values), *sites), positions, {})


def _unit(name: str, otherwise: str = "dimensionless") -> Any:
    """Return the unit with this name, or another if quantities does not know it."""
    quantities = require("quantities", need="a signal of neo", extra="neo")
    known = {"V", "mV", "uV", "nV", "m", "cm", "mm", "um", "nm", "s", "ms", "us", "min", "dimensionless"}
    chosen = UNITS.get(name, name)
    return quantities.Quantity(1, chosen if chosen in known else otherwise).units


def _name(quantity: Any) -> str:
    """Return the name of the unit of a quantity."""
    name = str(quantity.dimensionality)
    return "arbitrary" if name == "dimensionless" else name
