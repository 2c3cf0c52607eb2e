"""Movies in MATLAB files (.mat): versions 4 to 7 by SciPy, version 7.3, which is HDF5, by h5py."""

from __future__ import annotations

import math
import mmap
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError
from drumhead.file_formats.npz_files import MAX_RATIO
from drumhead.waves.formats.hdf5 import attribute, child, is_hdf5, open_hdf5, read_dataset
from drumhead.waves.formats.npy import read_positions
from drumhead.waves.formats.options import ReadOptions, make_movie
from drumhead.waves.movie import Movie

NUMERIC = ("double", "single", *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)))
"""MATLAB's classes of numbers."""
MAX_LISTED = 30


class Variable(NamedTuple):
    """A variable of a MATLAB file."""

    name: str
    shape: tuple[int, ...]
    """As in MATLAB."""
    kind: str
    """MATLAB's class."""


def read_mat(file: Path, options: ReadOptions) -> Movie:
    """Return the movie in one variable of a MATLAB file.

    The variable is ``(y, x, time)``, as is usual in MATLAB, or ``(time, site)`` with ``positions``, a variable with the
    columns x and y. Only numeric variables are read, and only those that are named.

    Raises:
        DatasetError: the file is missing or damaged, the variables are not named (the message lists those there), or
            something else is not known.
    """
    if is_hdf5(file):
        with open_hdf5(file, "a MATLAB file of version 7.3") as root:
            return _movie(file, _hdf5_variables(root), lambda each: _read_hdf5(root, each), options)
    try:
        with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            # A map, because it never allocates what a length in the file claims.
            variables = _scipy_variables(content)
            return _movie(file, variables, lambda each: _read_scipy(content, each), options)
    except DatasetError:
        raise
    except Exception as error:  # SciPy's parser can raise any exception for invalid bytes
        raise DatasetError(f"{file}: must be a MATLAB file that can be read; {error!s:.300}. Save it again") from error


def _movie(
    file: Path,
    variables: list[Variable],
    read: Callable[[Variable], npt.NDArray[Any]],
    options: ReadOptions,
) -> Movie:
    chosen = _find(file, variables, options.variable, "variable (--variable)")
    if options.positions is None and len(chosen.shape) == 2:
        raise DatasetError(
            f"{file}: {chosen.name} has the shape {chosen.shape}, (time, site); name the positions of the sites "
            f"with positions (--positions). {_listing(variables)}"
        )
    positions = None
    if isinstance(options.positions, str):
        table = read(_find(file, variables, options.positions, "positions (--positions)"))
        positions = np.asarray(options.place_table(table), np.float64)
    elif options.positions is not None:
        positions = read_positions(options)
    values = read(chosen)
    axis = values.ndim - 1 if values.ndim == 3 else 0
    axes = "(time, site)" if positions is not None else "(y, x, time)"
    origin = f"{chosen.name} in {file.name}, axes {axes}"
    if isinstance(options.positions, str):
        origin += f", positions {'(y, x)' if options.order == 'rows' else '(x, y)'} in {options.positions}"
    return make_movie(file, values, options, positions=positions, time_axis=axis, origin=origin)


def _find(file: Path, variables: list[Variable], name: str | None, option: str) -> Variable:
    found = next((each for each in variables if each.name == name), None)
    if found is None:
        asked = "" if name is None else f"; it has no {name!r}"
        raise DatasetError(f"{file}: name the variable to read with {option}{asked}. {_listing(variables)}")
    if found.kind not in NUMERIC:
        raise DatasetError(f"{file}: {found.name} must be numbers; it is of class {found.kind}. {_listing(variables)}")
    return found


def _listing(variables: list[Variable]) -> str:
    listed = [f"{name} {'x'.join(map(str, shape))} {kind}" for name, shape, kind in variables[:MAX_LISTED]]
    more = f", and {len(variables) - MAX_LISTED} more" if len(variables) > MAX_LISTED else ""
    return f"Its variables are {', '.join(listed)}{more}" if listed else "It has no variables"


def _scipy_variables(content: mmap.mmap) -> list[Variable]:
    import scipy.io

    return [Variable(name, tuple(shape), kind) for name, shape, kind in scipy.io.whosmat(content)]


def _read_scipy(content: mmap.mmap, variable: Variable) -> npt.NDArray[Any]:
    import scipy.io

    if min(variable.shape, default=0) < 0 or math.prod(variable.shape) > MAX_RATIO * len(content):
        raise ValueError(f"{variable.name} declares the shape {variable.shape}, more than is in the file")
    content.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # such as that two variables have one name
        loaded = scipy.io.loadmat(content, variable_names=[variable.name], mat_dtype=True)
    array = loaded[variable.name]
    if not isinstance(array, np.ndarray) or array.shape != variable.shape:
        raise ValueError(f"{variable.name} is not the array that its header declares")
    return array


def _hdf5_variables(root: Any) -> list[Variable]:
    items = [(name, child(root, name)) for name in root if not name.startswith("#")]
    return [
        Variable(name, tuple(getattr(item, "shape", None) or ())[::-1], str(attribute(item, "MATLAB_class")))
        for name, item in items
        if item is not None
    ]


def _read_hdf5(root: Any, variable: Variable) -> npt.NDArray[Any]:
    dataset = child(root, variable.name)
    if attribute(dataset, "MATLAB_empty"):
        raise ValueError(f"{variable.name} is empty")
    return read_dataset(dataset).T  # MATLAB stores columns first
