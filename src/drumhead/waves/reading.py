"""Reading and writing movies: one entry for all formats."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy.typing as npt

from drumhead.dataset_error import DatasetError
from drumhead.waves.formats.options import Order, ReadOptions
from drumhead.waves.formats.packages import require
from drumhead.waves.movie import Movie
from drumhead.waves.sites import Spacing
from drumhead.waves.states import States

READERS = {
    ".npy": "npy.read_npy",
    ".npz": "npz.read_npz_movie",
    ".mat": "matlab.read_mat",
    ".nwb": "nwb_reading.read_nwb",
}
"""The function of :mod:`drumhead.waves.formats` that reads a movie, by the ending of the file."""
WRITERS = {".npz": "npz.save_npz", ".nwb": "nwb_writing.save_nwb"}
STATES_READERS = {".npz": "npz.read_npz_states", ".nwb": "nwb_reading.read_nwb_states"}
SAMPLES_READERS = {".npz": "npz.read_npz_samples", ".nwb": "nwb_reading.read_nwb_samples"}


def read_movie(
    path: str | Path,
    *,
    dt: float | None = None,
    spacing: Spacing | None = None,
    variable: str | None = None,
    positions: str | npt.ArrayLike | None = None,
    order: Order | None = None,
    time_axis: int | None = None,
    sample: int | None = None,
    channel: int | None = None,
    unit: str | None = None,
    length_unit: str | None = None,
    time_unit: str | None = None,
) -> Movie:
    """Read a movie from a file or a folder of TIFF files. Nothing is converted, and nothing that a file holds is run.

    | path | content |
    |---|---|
    | folder | TIFF files, one grey image for each frame, sorted by the numbers in their names |
    | ``.npy`` | ``(time, y, x)``; or ``(time, site)`` with ``positions`` |
    | ``.npz`` | a movie or hidden states that Drumhead wrote; or any other with ``variable`` |
    | ``.mat`` | the ``variable``: ``(y, x, time)``; or ``(time, site)`` with ``positions``. Version 7.3 needs h5py |
    | ``.nwb`` | an ElectricalSeries, ImageSeries, OnePhotonSeries or TwoPhotonSeries. It needs h5py |

    Args:
        path: the file or folder.
        dt: time from one frame to the next, in ``time_unit``. No default: it is needed unless the file says it. Here as
            below, what is given takes the place of what the file says.
        spacing: distance of neighbouring rows and columns, one number or ``(dy, dx)``, in ``length_unit``; likewise.
        variable: the name of the array in a file with several.
        positions: the place of each scattered site: an array ``(site, 2)`` of ``(y, x)``; or the name of a table in the
            file, or of an ``.npy`` file, whose columns are x and y.
        order: which comes first in the file, ``"rows"`` (y before x) or ``"columns"`` (x before y), in movies and in
            tables of positions. By default tables are x, y; movies are y, x, except in NWB, whose rule is x, y: many
            NWB files break it, and need ``"rows"``.
        time_axis: the axis of time in the file. By default 0; in ``.mat`` files the last one of three, as is usual
            there.
        sample: of a file of hidden states, the number of the sample; its first by default.
        channel: of a file of hidden states, the number of the channel; 0 by default.
        unit: the unit of the values.
        length_unit: the unit of ``spacing`` and positions, such as ``"mm"``.
        time_unit: the unit of ``dt``, such as ``"s"``.

    Raises:
        DatasetError: the file is missing, damaged or of another kind, or something is not known; the message says what.
        ModuleNotFoundError: a package is needed that is not installed.

    >>> import numpy as np, tempfile
    >>> file = Path(tempfile.mkdtemp()) / "recording.npy"
    >>> np.save(file, np.zeros((20, 3, 5)))
    >>> read_movie(file, dt=0.002, spacing=0.4, length_unit="mm", time_unit="s")
    <Movie recording: float64 (20, 3, 5) in arbitrary, dt 0.002 s, spacing (0.4, 0.4) mm>
    """
    options = ReadOptions(
        dt=dt,
        spacing=spacing,
        variable=variable,
        positions=positions,
        order=order,
        time_axis=time_axis,
        sample=sample,
        channel=channel,
        unit=unit,
        length_unit=length_unit,
        time_unit=time_unit,
    )
    file = Path(path)
    if file.is_dir():
        read = _function("tiff_folder.read_tiff_folder")
    else:
        _check_file(file)
        read = _function(_choose(file, READERS, "a movie"))
    movie: Movie = read(file, options)
    return movie


def save_movie(path: str | Path, movie: Movie) -> None:
    """Write a movie as ``.npz``, or as ``.nwb`` with the extra ``nwb``; :func:`read_movie` returns the same bits.

    The file replaces an existing one when it is complete.

    Raises:
        ValueError: if the ending is another, or NWB cannot hold the movie (complex values, a unit of length that is no
            length, ...).
        ModuleNotFoundError: if NWB is asked for and pynwb is not installed.
    """
    _function(_choose(Path(path), WRITERS, "a movie to write"))(Path(path), movie)


def read_states(path: str | Path) -> States:
    """Read hidden states from an ``.npz`` or ``.nwb`` file that ``drumhead states`` wrote.

    Raises:
        DatasetError: the file is missing or damaged, or holds something else.
    """
    _check_file(Path(path))
    states: States = _function(_choose(Path(path), STATES_READERS, "a file of hidden states"))(Path(path))
    return states


def read_states_samples(path: str | Path) -> tuple[int, ...] | None:
    """Return the samples whose hidden states a file holds, in their order; None if it is a recording.

    The states themselves are not read.

    Raises:
        DatasetError: the file is damaged.
    """
    function = SAMPLES_READERS.get(Path(path).suffix.lower())
    if function is None or not Path(path).is_file():
        return None
    samples: tuple[int, ...] | None = _function(function)(Path(path))
    return samples


def save_states(path: str | Path, states: States) -> None:
    """Write hidden states as ``.npz``, or as ``.nwb`` with the extra ``nwb``, like :func:`save_movie`."""
    _function(_choose(Path(path), WRITERS, "a file of hidden states to write"))(Path(path), states)


def check_states_file(path: str | Path) -> None:
    """Check that hidden states can be written to a file of this name, before they are computed.

    Raises:
        ValueError: if the ending is unknown, or the package that the format needs is not installed.
    """
    _choose(Path(path), WRITERS, "a file of hidden states to write")
    if Path(path).suffix.lower() == ".nwb":
        require("pynwb", need="writing NWB", extra="nwb")


def _check_file(file: Path) -> None:
    if not file.is_file():
        raise DatasetError(f"{file}: must be a file, or a folder of TIFF files; it is missing or not a regular file")


def _choose(file: Path, functions: dict[str, str], what: str) -> str:
    function = functions.get(file.suffix.lower())
    if function is None:
        raise DatasetError(f"{file}: {what} must end in {', '.join(functions)}; got {file.suffix!r}")
    return function


def _function(name: str) -> Callable[..., Any]:
    """Return a function of :mod:`drumhead.waves.formats`, imported only now: each format needs packages of its own."""
    module, function = name.split(".")
    found: Callable[..., Any] = getattr(import_module(f"drumhead.waves.formats.{module}"), function)
    return found
