"""Movies and hidden states in NumPy's archives (.npz).

Each field is one array: numbers and texts without axes, a field that is None is left out. ``numpy.load`` reads them
without pickles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError
from drumhead.file_formats.npz_files import read_npz
from drumhead.files import atomic_replace
from drumhead.waves.formats.npy import read_positions
from drumhead.waves.formats.options import ReadOptions, make_movie
from drumhead.waves.movie import Movie
from drumhead.waves.states import States, check_samples

FORMAT, MOVIE, STATES = "format", "drumhead movie 1", "drumhead states 1"
"""The array that says what a file holds, and its texts."""
Made = TypeVar("Made")
Arrays = dict[str, npt.NDArray[Any]]


def save_npz(file: Path, content: Movie | States) -> None:
    """Write a movie or hidden states as an ``.npz`` file, which replaces an existing one when it is complete."""
    arrays: dict[str, Any] = {FORMAT: np.array(MOVIE if isinstance(content, Movie) else STATES)}
    for field in fields(content):
        value = getattr(content, field.name)
        if value is not None:
            arrays[field.name] = np.array(value, str) if isinstance(value, tuple) and not value else np.asarray(value)
    with atomic_replace(file) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **arrays)


def read_npz_movie(file: Path, options: ReadOptions) -> Movie:
    """Return the movie in an ``.npz`` file: one that Drumhead wrote, or an array of any other with ``variable``.

    Raises:
        DatasetError: the file is missing or damaged, or something is not known.
    """
    arrays = read_npz(file)
    kind = _format(file, arrays)
    if kind == MOVIE:
        return _checked(file, lambda: options.apply_to(Movie(**_fields(arrays, Movie))))
    if kind == STATES:
        states = _checked(file, lambda: States(**_fields(arrays, States)))
        return _checked(file, lambda: options.apply_to(states.movie(options.sample, options.channel or 0)))
    if options.variable is None or options.variable not in arrays:
        listing = "; ".join(f"{name} {array.shape} {array.dtype}" for name, array in list(arrays.items())[:20])
        asked = "" if options.variable is None else f"; it has no {options.variable!r}"
        raise DatasetError(f"{file}: choose an array with variable (--variable){asked}. It has {listing or 'none'}")
    positions = _positions(file, arrays, options)
    return make_movie(file, arrays[options.variable], options, positions=positions, origin=f"{file.name}")


def read_npz_states(file: Path) -> States:
    """Return the hidden states in an ``.npz`` file that ``drumhead states`` wrote.

    Raises:
        DatasetError: the file is missing or damaged, or holds something else.
    """
    arrays = read_npz(file)
    if _format(file, arrays) != STATES:
        raise DatasetError(
            f"{file}: must hold hidden states, as drumhead states writes them; it holds {', '.join(list(arrays)[:9])}"
        )
    return _checked(file, lambda: States(**_fields(arrays, States)))


def read_npz_samples(file: Path) -> tuple[int, ...] | None:
    """Return the samples whose hidden states an ``.npz`` file holds; None if it holds something else.

    Raises:
        DatasetError: the file is missing or damaged.
    """
    arrays = read_npz(file, (FORMAT, "samples"))
    if _format(file, arrays) != STATES:
        return None
    return _checked(file, lambda: check_samples(np.asarray(arrays.get("samples", ())).tolist()))


def _positions(file: Path, arrays: Arrays, options: ReadOptions) -> npt.NDArray[np.float64] | None:
    if options.positions is None:
        return None
    if isinstance(options.positions, str) and options.positions in arrays:
        return np.asarray(options.place_table(arrays[options.positions]), np.float64)
    return read_positions(options)


def _fields(arrays: Arrays, kind: type[Movie] | type[States]) -> dict[str, Any]:
    """Return the fields of a movie or of states: arrays, and the numbers and texts of arrays without axes."""
    names = {field.name for field in fields(kind)}
    if unknown := arrays.keys() - names - {FORMAT}:
        raise ValueError(f"it has unknown fields: {', '.join(sorted(unknown)[:9])}")
    found: dict[str, Any] = {}
    for name in names & arrays.keys():
        array = arrays[name]
        if array.dtype.kind not in "biufcU":
            raise ValueError(f"its {name} must be numbers or text; got {array.dtype}")
        found[name] = array.item() if array.ndim == 0 else array
    if "spacing" in found:
        found["spacing"] = tuple(np.asarray(found["spacing"], np.float64).ravel().tolist())
    for name in ("samples", "class_names"):
        if name in found:
            found[name] = tuple(np.asarray(found[name]).ravel().tolist())
    return found


def _format(file: Path, arrays: Arrays) -> str:
    """Return what an archive says that it holds; empty if Drumhead did not write it."""
    array = arrays.get(FORMAT)
    return (
        _checked(file, lambda: str(array)) if array is not None and array.dtype.kind == "U" and not array.ndim else ""
    )


def _checked(file: Path, make: Callable[[], Made]) -> Made:
    """Return what a function makes of a file's content; its errors name the file."""
    try:
        return make()
    except (ValueError, TypeError) as error:
        raise DatasetError(f"{file}: {error}") from error
