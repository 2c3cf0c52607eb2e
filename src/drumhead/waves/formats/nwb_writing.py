"""Writing movies and hidden states as NWB files, with pynwb.

| movie | in the file |
|---|---|
| values in volts (mV, uV, ...) | ElectricalSeries ``(time, site)``; ``rel_x``, ``rel_y`` of electrodes in microns |
| on a grid whose spacing is a length | OnePhotonSeries ``(time, x, y)``; ``grid_spacing`` of its plane in metres |
| on another grid, such as pixels | ImageSeries ``(time, x, y)`` |
| at scattered sites | TimeSeries ``(time, site)``, and a table of their positions |

The order ``x, y`` is NWB's rule. ``comments`` holds the description of the movie with its exact numbers
(:mod:`drumhead.waves.formats.description`), by which it is read back bit for bit. Times that are not in seconds, such
as those of hidden states, are written as if they were.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.files import atomic_replace
from drumhead.waves.formats.description import ARRAYS, describe
from drumhead.waves.formats.nwb_units import METRES, SECONDS, VOLTS
from drumhead.waves.formats.packages import require
from drumhead.waves.movie import Movie
from drumhead.waves.result_tables import ResultTable
from drumhead.waves.sites import grid_positions
from drumhead.waves.states import States

MODULE = "waves"
"""The processing module with movies that are no recordings, and with tables of results."""
MOVIE = "movie"
"""The name of a single movie."""
STATES = "drumhead_states"
"""The name of the description of hidden states in the scratch space."""
STATES_ARRAYS = ("initial", "omega", "alpha", "coupling", "masks")
STATES_FIELDS = ("dt", "time_unit", "boundary", "run", "model", "split", "nonlinearity", "ignored_label")
POSITION_COLUMNS = ("array_y", "array_x")
"""The columns of electrodes with the exact positions, in the movie's unit of length."""


class Series(NamedTuple):
    """A movie as it is stored."""

    name: str
    movie: Movie
    description: str
    """Its fields as JSON."""


def save_nwb(file: Path, content: Movie | States, tables: Sequence[ResultTable] = ()) -> None:
    """Write a movie or hidden states as an NWB file, which replaces an existing one when it is complete.

    Tables of results become DynamicTables in the processing module ``waves``.

    The time of the session's start is the time of writing: a movie does not know when it was recorded.

    Raises:
        ValueError: if pynwb is not installed, or NWB cannot hold the movie.
    """
    pynwb = require("pynwb", need="writing NWB", extra="nwb")
    series, arrays = _states_series(content) if isinstance(content, States) else _movie_series(content)
    for each in series:
        check_writable_as_nwb(each.movie)
    first = series[0].movie
    nwbfile = pynwb.NWBFile(
        session_description=first.origin or first.name or "a movie of waves",
        identifier=str(uuid.uuid4()),
        session_start_time=datetime.now(timezone.utc),
        keywords=["travelling waves"],
        source_script="drumhead.waves",
        source_script_file_name="drumhead",
    )
    for each in series:
        _add_series(pynwb, nwbfile, each)
    for name, array in arrays.items():
        nwbfile.add_scratch(array, name=name, description=f"{name} of the waves, as drumhead.waves describes it")
    for table in tables:
        _add_table(pynwb, nwbfile, table)
    with atomic_replace(file) as temporary, pynwb.NWBHDF5IO(str(temporary), "w") as io:
        io.write(nwbfile)


def check_writable_as_nwb(movie: Movie) -> None:
    """Raise ``ValueError`` if NWB cannot hold a movie."""
    if movie.values.dtype.kind == "c":
        raise ValueError("NWB has no complex numbers: write the real and the imaginary part as two movies, or .npz")
    if movie.values.dtype.itemsize > 8:
        raise ValueError(f"NWB has numbers of at most 8 bytes; got {movie.values.dtype}: convert them")
    if movie.unit in VOLTS and movie.length_unit not in METRES:
        raise ValueError(
            f"NWB keeps positions of electrodes in microns: length_unit must be one of {', '.join(METRES)}; "
            f"got {movie.length_unit!r}"
        )


def _movie_series(movie: Movie) -> tuple[list[Series], dict[str, npt.NDArray[Any]]]:
    arrays = {name: getattr(movie, name) for name in ARRAYS if getattr(movie, name) is not None}
    return [Series(MOVIE, movie, describe(movie, {name: [name, None] for name in arrays}))], arrays


def _states_series(states: States) -> tuple[list[Series], dict[str, Any]]:
    """Return a movie for each sample and channel, and the arrays that they share."""
    series = []
    for number, sample in enumerate(states.samples):
        references = {"omega": ["omega", number], "alpha": ["alpha", number], "coupling": ["coupling", None]}
        for channel in range(states.channels):
            movie = states.movie(sample, channel)
            shared = {name: place for name, place in references.items() if getattr(states, name) is not None}
            series.append(Series(f"sample_{sample}_channel_{channel}", movie, describe(movie, shared)))
    arrays = {name: getattr(states, name) for name in STATES_ARRAYS if getattr(states, name) is not None}
    fields = {name: getattr(states, name) for name in STATES_FIELDS}
    fields |= {"samples": list(states.samples), "class_names": list(states.class_names), "channels": states.channels}
    return series, {**arrays, STATES: json.dumps(fields)}


def _add_series(pynwb: Any, nwbfile: Any, series: Series) -> None:
    movie = series.movie
    scale = SECONDS.get(movie.time_unit, 1.0)
    common = {
        "name": series.name,
        "rate": 1 / (movie.dt * scale),
        "starting_time": movie.start * scale,
        "description": movie.name or "a movie of waves",
        "comments": series.description,
    }
    if movie.unit in VOLTS:
        _add_electrical(pynwb, nwbfile, movie, common)
    elif movie.positions is not None:
        _add_scattered(pynwb, nwbfile, movie, common)
    elif movie.length_unit in METRES:
        _add_photons(pynwb, nwbfile, movie, common)
    else:
        data = movie.values.transpose(0, 2, 1)
        images = pynwb.image.ImageSeries(data=data, unit=movie.unit, format="raw", **common)
        _module(pynwb, nwbfile).add(images)


def _add_electrical(pynwb: Any, nwbfile: Any, movie: Movie, common: Mapping[str, Any]) -> None:
    positions = movie.positions
    if positions is None:
        assert movie.spacing is not None  # of a grid
        positions = grid_positions(movie.values.shape[1], movie.values.shape[2], movie.spacing)
    device = nwbfile.create_device(name="array", description="the array of electrodes")
    group = nwbfile.create_electrode_group(
        name="array", description="the array of electrodes", location="unknown", device=device
    )
    for name, axis in zip(POSITION_COLUMNS, "yx", strict=True):
        nwbfile.add_electrode_column(name=name, description=f"position along {axis} in {movie.length_unit}, exactly")
    microns = positions * (METRES[movie.length_unit] * 1e6)
    for (y, x), (rel_y, rel_x) in zip(positions.tolist(), microns.tolist(), strict=True):
        exact = dict(zip(POSITION_COLUMNS, (y, x), strict=True))
        nwbfile.add_electrode(rel_x=rel_x, rel_y=rel_y, location="unknown", group=group, **exact)
    region = nwbfile.create_electrode_table_region(list(range(len(positions))), "the sites of the movie")
    series = pynwb.ecephys.ElectricalSeries(
        data=movie.values.reshape(movie.frames, -1), electrodes=region, conversion=VOLTS[movie.unit], **common
    )
    nwbfile.add_acquisition(series)


def _add_photons(pynwb: Any, nwbfile: Any, movie: Movie, common: Mapping[str, Any]) -> None:
    assert movie.spacing is not None  # of a grid
    channel = pynwb.ophys.OpticalChannel(name="channel", description="unknown", emission_lambda=float("nan"))
    plane = nwbfile.create_imaging_plane(
        name="plane",
        optical_channel=channel,
        description="the plane of the movie; what Drumhead does not know is unknown",
        device=nwbfile.create_device(name="camera", description="unknown"),
        excitation_lambda=float("nan"),
        indicator="unknown",
        location="unknown",
        grid_spacing=[step * METRES[movie.length_unit] for step in reversed(movie.spacing)],
        grid_spacing_unit="meters",
    )
    data = movie.values.transpose(0, 2, 1)
    nwbfile.add_acquisition(
        pynwb.ophys.OnePhotonSeries(data=data, imaging_plane=plane, unit=movie.unit, format="raw", **common)
    )


def _add_scattered(pynwb: Any, nwbfile: Any, movie: Movie, common: Mapping[str, Any]) -> None:
    assert movie.positions is not None
    sites = pynwb.core.DynamicTable(name=f"{common['name']}_sites", description="the position of each site")
    for axis in "yx":
        sites.add_column(name=axis, description=f"position along {axis} in {movie.length_unit}")
    for y, x in movie.positions.tolist():
        sites.add_row(y=y, x=x)
    module = _module(pynwb, nwbfile)
    module.add(sites)
    module.add(pynwb.TimeSeries(data=np.asarray(movie.values), unit=movie.unit, **common))


def _add_table(pynwb: Any, nwbfile: Any, table: ResultTable) -> None:
    columns = [
        pynwb.core.VectorData(
            name=column.name,
            description=column.description,
            data=column.values.tolist() if column.values.dtype.kind == "U" else column.values,
        )
        for column in table.columns
    ]
    stored = pynwb.core.DynamicTable(name=table.name, description=table.description, columns=columns)
    _module(pynwb, nwbfile).add(stored)


def _module(pynwb: Any, nwbfile: Any) -> Any:
    if MODULE not in nwbfile.processing:
        nwbfile.create_processing_module(name=MODULE, description="movies of waves, and what was measured")
    return nwbfile.processing[MODULE]
