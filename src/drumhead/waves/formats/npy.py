"""Movies in NumPy files of one array."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError
from drumhead.file_formats.npy_files import map_array
from drumhead.waves.formats.options import ReadOptions, make_movie
from drumhead.waves.movie import Movie


def read_npy(file: Path, options: ReadOptions) -> Movie:
    """Return the movie in an ``.npy`` file; its array stays on the disk until it is used.

    The array is ``(time, y, x)``, or ``(time, site)`` if ``positions`` are given: an array, or the name of an ``.npy``
    file with the columns x and y.

    Raises:
        DatasetError: the file is missing or damaged, or something is not known.
    """
    values = map_array(file)
    positions = None
    if options.positions is not None:
        positions = read_positions(options)
    return make_movie(file, values, options, positions=positions, origin=f"{file.name}, axes (time, y, x)")


def read_positions(options: ReadOptions) -> npt.NDArray[np.float64]:
    """Return positions ``(y, x)`` that the user gives as an array, or as the name of an ``.npy`` file."""
    if not isinstance(options.positions, str):
        assert options.positions is not None
        return np.asarray(options.positions, np.float64)
    file = Path(options.positions)
    table = map_array(file)
    if table.dtype.kind not in "iuf":
        raise DatasetError(f"{file}: positions must be numbers; got the dtype {table.dtype}")
    return np.asarray(options.place_table(table), np.float64)
