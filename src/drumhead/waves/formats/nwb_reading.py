"""Reading movies and hidden states from NWB files, with h5py alone: files of every version, without running anything.

pynwb would build classes from the definitions in the file and follow its links to other files; here links to other
files are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError
from drumhead.files import is_nested_too_deep
from drumhead.waves.formats.description import ARRAYS, described_movie, read_description
from drumhead.waves.formats.hdf5 import attribute, child, number, open_hdf5, read_dataset, text
from drumhead.waves.formats.npy import read_positions
from drumhead.waves.formats.nwb_writing import POSITION_COLUMNS, STATES, STATES_ARRAYS, STATES_FIELDS
from drumhead.waves.formats.options import ReadOptions, make_movie
from drumhead.waves.movie import Movie
from drumhead.waves.states import States, check_samples

IMAGES = ("ImageSeries", "OnePhotonSeries", "TwoPhotonSeries")
SITES = ("ElectricalSeries", "TimeSeries")
PLACES = ("acquisition", "processing", "analysis", "stimulus")
"""The groups of an NWB file that are searched."""
MAX_GROUPS = 10_000
MAX_DEPTH = 6
UNEVEN = 1e-3
"""The greatest deviation of a frame's time from even spacing, as a share of the spacing."""


class Series(NamedTuple):
    """A series of frames in a file."""

    path: str
    kind: str
    """Its neurodata_type."""
    group: Any


def read_nwb(file: Path, options: ReadOptions) -> Movie:
    """Return the movie in an NWB file.

    Movies that Drumhead wrote come back as they were. Otherwise positions of electrodes are taken to be in microns,
    NWB's unit, and the axes of images to be (time, x, y), NWB's order: ``length_unit`` and ``order`` say otherwise.

    Raises:
        DatasetError: the file is missing or damaged, holds several series and none is named (the message lists them),
            or something is not known.
        ValueError: h5py is not installed.
    """
    with open_hdf5(file, "an NWB file") as root:
        series = _choose(file, root, options)
        description = read_description(attribute(series.group, "comments"))
        if description is not None:
            return options.apply_to(_own_movie(root, series, description))
        return _foreign_movie(file, root, series, options)


def read_nwb_states(file: Path) -> States:
    """Return the hidden states in an NWB file that ``drumhead states`` wrote.

    Raises:
        DatasetError: the file is missing or damaged, or holds something else.
        ValueError: h5py is not installed.
    """
    with open_hdf5(file, "an NWB file") as root:
        fields = _states_fields(root)
        if fields is None:
            raise DatasetError(f"{file}: must hold hidden states, as drumhead states writes them; it has no {STATES}")
        scratch = child(root, "scratch")
        found = {series.path.rpartition("/")[2]: series for series in _find_series(root)}
        names = [
            [f"sample_{sample}_channel_{channel}" for channel in range(int(fields["channels"]))]
            for sample in fields["samples"]
        ]
        if missing := [name for row in names for name in row if name not in found]:
            raise ValueError(f"it has no {', '.join(missing[:9])}")
        values = [[_rows_first(read_dataset(child(found[name].group, "data"))) for name in row] for row in names]
        stored = {name: child(scratch, name) for name in STATES_ARRAYS}
        arrays: dict[str, Any] = {name: read_dataset(item) for name, item in stored.items() if item is not None}
        return States(
            values=np.stack([np.stack(row, axis=1) for row in values]),
            samples=tuple(fields["samples"]),
            class_names=tuple(fields["class_names"]),
            **{name: fields[name] for name in STATES_FIELDS},
            **arrays,
        )


def read_nwb_samples(file: Path) -> tuple[int, ...] | None:
    """Return the samples whose hidden states an NWB file holds; None if it holds something else.

    Raises:
        DatasetError: the file is missing or damaged.
        ValueError: h5py is not installed.
    """
    with open_hdf5(file, "an NWB file") as root:
        fields = _states_fields(root)
        return None if fields is None else check_samples(fields["samples"])


def _states_fields(root: Any) -> dict[str, Any] | None:
    """Return the description of hidden states in a file; None if it holds none."""
    content = text(child(child(root, "scratch"), STATES))
    if content is None:
        return None
    fields = json.loads(content)
    if not isinstance(fields, dict) or is_nested_too_deep(fields) or not isinstance(fields.get("samples"), list):
        raise ValueError(f"its {STATES} must be a mapping with samples")
    return fields


def _find_series(root: Any) -> Iterator[Series]:
    """Yield the series with frames in a file."""
    import h5py

    todo = [(f"{place}", child(root, place), 0) for place in PLACES]
    for _ in range(MAX_GROUPS):
        if not todo:
            return
        path, item, depth = todo.pop(0)
        if not isinstance(item, h5py.Group):
            continue
        kind = attribute(item, "neurodata_type")
        if kind in (*IMAGES, *SITES) and "data" in item:
            yield Series(path, kind, item)
        elif depth < MAX_DEPTH:
            links = {name: item.get(name, getlink=True) for name in item}
            todo += [
                (f"{path}/{name}", item[name], depth + 1)
                for name, link in links.items()
                if isinstance(link, h5py.HardLink)
            ]


def _choose(file: Path, root: Any, options: ReadOptions) -> Series:
    found = list(_find_series(root))
    fields = _states_fields(root)
    if fields is not None and options.variable is None:
        sample = next(iter(fields["samples"]), None) if options.sample is None else options.sample
        name = f"sample_{sample}_channel_{options.channel or 0}"
        chosen = [each for each in found if each.path.endswith(f"/{name}")]
        if not chosen:
            raise DatasetError(f"{file}: has no hidden states {name}; its samples are {str(fields['samples'])[:200]}")
        return chosen[0]
    named = [each for each in found if options.variable in (each.path, each.path.rpartition("/")[2])]
    recordings = [each for each in found if each.kind != "TimeSeries" or _is_own(each)]
    chosen = named or (recordings if options.variable is None else [])
    if len(chosen) != 1:
        listing = "; ".join(f"{each.path} ({each.kind} {child(each.group, 'data').shape})" for each in found[:20])
        asked = "" if options.variable is None or named else f"; it has no {options.variable!r}"
        raise DatasetError(
            f"{file}: name the series to read with variable (--variable){asked}. Its series are {listing or 'none'}"
        )
    return chosen[0]


def _is_own(series: Series) -> bool:
    return read_description(attribute(series.group, "comments")) is not None


def _own_movie(root: Any, series: Series, description: dict[str, Any]) -> Movie:
    """Return a movie that Drumhead wrote."""
    data = read_dataset(child(series.group, "data"))
    positions = None
    if series.kind in IMAGES:
        data = _rows_first(data)
    elif description.get("spacing") is not None:  # a grid of electrodes, row by row
        sites = description.get("sites")
        if not isinstance(sites, list) or len(sites) != 2 or not all(isinstance(each, int) for each in sites):
            raise ValueError(f"its sites must be two numbers; got {sites!r:.50}")
        data = data.reshape(len(data), *sites)
    elif series.kind == "ElectricalSeries":
        positions = _electrode_columns(root, series, POSITION_COLUMNS)
    else:
        table = child(series.group.parent, f"{series.path.rpartition('/')[2]}_sites")
        positions = _columns(table, ("y", "x"))
    scratch = child(root, "scratch")
    arrays = {}
    for name in ARRAYS:
        place = description.get(name)
        if isinstance(place, list) and len(place) == 2 and isinstance(place[0], str):
            array = read_dataset(child(scratch, place[0]))
            arrays[name] = array if place[1] is None else array[int(place[1])]
    return described_movie(description, data, positions, arrays)


def _foreign_movie(file: Path, root: Any, series: Series, options: ReadOptions) -> Movie:
    """Return a movie that another program wrote."""
    dataset = child(series.group, "data")
    values = read_dataset(dataset)
    known: dict[str, Any] = {"unit": str(attribute(dataset, "unit") or "arbitrary"), "time_unit": "s"}
    values = _converted(dataset, values)
    if options.dt is None:
        known["dt"], known["start"] = _times(series.group, len(values))
    if series.kind in IMAGES:
        if values.ndim != 3:
            raise DatasetError(f"{file}: {series.path} must be (time, x, y); got the shape {values.shape}")
        plane = child(series.group, "imaging_plane")
        spacing = None if plane is None else child(plane, "grid_spacing")
        if spacing is not None and options.spacing is None:
            x, y, *_ = read_dataset(spacing).tolist()
            known |= {"spacing": (y, x), "length_unit": str(attribute(spacing, "unit") or "meters")}
        order = options.order or "columns"
        values = _rows_first(values) if order == "columns" else values
        origin = f"{series.path} in {file.name}, axes {'(time, x, y)' if order == 'columns' else '(time, y, x)'}"
        options = ReadOptions(**{**vars(options), "order": None})
        return make_movie(file, values, options, **known, origin=origin)
    if values.ndim != 2:
        raise DatasetError(f"{file}: {series.path} must be (time, site); got the shape {values.shape}")
    if options.positions is not None:
        positions, where = read_positions(options), "given"
    elif series.kind == "ElectricalSeries":
        positions, where = _electrode_columns(root, series, ("rel_y", "rel_x")), "rel_x and rel_y, taken as microns"
        if options.length_unit is not None:
            where = f"rel_x and rel_y, said to be in {options.length_unit}"
        known["length_unit"] = "um"
    else:
        raise DatasetError(f"{file}: {series.path} does not say where its sites are; give positions (--positions)")
    origin = f"{series.path} in {file.name}, positions {where}"
    return make_movie(file, values, options, positions=positions, **known, origin=origin)


def _converted(dataset: Any, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return values in the unit of a series, of which the file holds multiples."""
    conversion, offset = number(dataset, "conversion"), number(dataset, "offset")
    if conversion in (None, 1.0) and offset in (None, 0.0):
        return values
    return np.asarray(values * (1.0 if conversion is None else conversion) + (offset or 0.0))


def _times(group: Any, frames: int) -> tuple[float | None, float]:
    """Return the time from frame to frame, None if the file does not say it, and the time of the first."""
    start = child(group, "starting_time")
    rate = None if start is None else number(start, "rate")
    if rate is not None and rate > 0:
        first = float(read_dataset(start))
        return 1 / rate, first
    stamps = child(group, "timestamps")
    if stamps is None:
        return None, 0.0
    times = np.asarray(read_dataset(stamps), np.float64)
    if times.shape != (frames,) or frames < 2:
        raise ValueError(f"its timestamps must be one for each of {frames} frames; got {times.shape}")
    dt = (times[-1] - times[0]) / (frames - 1)
    if not (abs(times - times[0] - dt * np.arange(frames)) <= UNEVEN * abs(dt)).all():
        raise ValueError("its timestamps are not evenly spaced; resample it, or give the time step as dt (--dt)")
    return float(dt), float(times[0])


def _electrode_columns(root: Any, series: Series, names: tuple[str, str]) -> npt.NDArray[np.float64]:
    """Return two columns of the electrodes of a series, in the order of its sites."""
    region = child(series.group, "electrodes")
    if region is None:
        raise ValueError(f"{series.path} has no electrodes")
    table = child(child(child(root, "general"), "extracellular_ephys"), "electrodes")
    rows = read_dataset(region)
    columns = _columns(table, names)
    if rows.ndim != 1 or rows.dtype.kind not in "iu" or (rows >= len(columns)).any() or (rows < 0).any():
        raise ValueError(f"the electrodes of {series.path} must be rows of the table of electrodes")
    return np.asarray(columns[rows])


def _columns(table: Any, names: tuple[str, str]) -> npt.NDArray[np.float64]:
    """Return two columns of a table side by side."""
    items = [child(table, name) for name in names]
    if any(item is None for item in items):
        raise ValueError(
            f"the sites have no {' and '.join(sorted(names))}; give their positions with positions (--positions)"
        )
    columns = [np.asarray(read_dataset(item), np.float64) for item in items]
    if columns[0].ndim != 1 or columns[0].shape != columns[1].shape:
        raise ValueError(f"{' and '.join(names)} must be two columns; got {columns[0].shape} and {columns[1].shape}")
    return np.stack(columns, axis=1)


def _rows_first(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return frames ``(time, y, x)`` of ``(time, x, y)``."""
    if values.ndim != 3:
        raise ValueError(f"images must be (time, x, y); got the shape {values.shape}")
    return np.ascontiguousarray(values.swapaxes(1, 2))
