"""MATLAB files: variables are named by the user, and errors list those there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
from tests.waves.formats.movies import POSITIONS, letter_movie, scattered_movie

from drumhead.dataset_error import DatasetError
from drumhead.waves import read_movie

CUBE = letter_movie().values.transpose(1, 2, 0)
"""The L as MATLAB keeps movies: (y, x, time)."""


def write_5(file: Path, **variables: Any) -> Path:
    """A file of version 5, compressed as MATLAB does."""
    scipy.io.savemat(file, variables, do_compression=True)
    return file


def write_73(file: Path, **variables: Any) -> Path:
    """A file of version 7.3: HDF5 after a header of 512 bytes, with MATLAB's order of axes and names of classes."""
    h5py = pytest.importorskip("h5py")
    with h5py.File(file, "w", userblock_size=512) as root:
        for name, value in variables.items():
            dataset = root.create_dataset(name, data=np.asarray(value).T)
            dataset.attrs["MATLAB_class"] = np.bytes_("single" if dataset.dtype == np.float32 else "double")
    with file.open("r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")
    return file


@pytest.mark.parametrize("write", [write_5, write_73])
def test_movies_are_y_x_time(write: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "a.mat", movie=CUBE, rate=500.0)
    movie = read_movie(file, variable="movie", dt=0.1, spacing=(0.5, 0.25), length_unit="mm")
    np.testing.assert_array_equal(movie.values, letter_movie().values)
    assert movie.values.dtype == np.float32
    first = read_movie(write(tmp_path / "b.mat", m=letter_movie().values), variable="m", time_axis=0, dt=1, spacing=1)
    np.testing.assert_array_equal(first.values, letter_movie().values)


@pytest.mark.parametrize("write", [write_5, write_73])
def test_sites_have_positions_of_columns_x_and_y(write: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "a.mat", data=scattered_movie().values, position=POSITIONS[:, ::-1])
    movie = read_movie(file, variable="data", positions="position", dt=0.002)
    np.testing.assert_array_equal(movie.values, scattered_movie().values)
    assert movie.positions is not None
    np.testing.assert_array_equal(movie.positions, POSITIONS)
    turned = read_movie(file, variable="data", positions="position", dt=0.002, order="rows")
    assert turned.positions is not None
    np.testing.assert_array_equal(turned.positions, POSITIONS[:, ::-1])


@pytest.mark.parametrize("write", [write_5, write_73])
def test_errors_list_the_variables_and_their_shapes(write: Any, tmp_path: Path) -> None:
    file = write(tmp_path / "a.mat", data=np.zeros((50, 4)), position=POSITIONS)
    listing = r"Its variables are data 50x4 double, position 4x2 double"
    for given, message in (
        ({}, r"name the variable to read with variable \(--variable\)\. "),
        ({"variable": "dat"}, r"it has no 'dat'\. "),
        ({"variable": "data"}, r"\(time, site\); name the positions of the sites with positions \(--positions\)\. "),
        ({"variable": "data", "positions": "places"}, r"positions \(--positions\); it has no 'places'\. "),
    ):
        with pytest.raises(DatasetError, match=message + listing):
            read_movie(file, dt=1, **given)  # type: ignore[arg-type]


def test_whole_numbers_of_a_double_are_doubles(tmp_path: Path) -> None:
    """MATLAB stores them as bytes to save space."""
    file = write_5(tmp_path / "a.mat", m=np.arange(24.0).reshape(2, 3, 4))
    assert read_movie(file, variable="m", dt=1, spacing=1).values.dtype == np.float64


def test_only_numbers_are_read(tmp_path: Path) -> None:
    file = write_5(tmp_path / "a.mat", text="words", nested={"a": {"b": 1}}, cells=np.array([[1], "a"], object))
    for name in ("text", "nested", "cells"):
        with pytest.raises(DatasetError, match=f"{name} must be numbers; it is of class (char|struct|cell)"):
            read_movie(file, variable=name, dt=1, spacing=1)


def test_version_73_without_h5py_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_73(tmp_path / "a.mat", movie=CUBE)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ValueError, match=r"version 7\.3 needs h5py.*pip install 'drumhead\[nwb\]'"):
        read_movie(file, variable="movie", dt=1, spacing=1)
