"""NWB: our files are valid and as its schema says, and files of others are read right."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.waves.formats.movies import FRAMES, LETTER, letter_movie, scattered_movie

from drumhead.dataset_error import DatasetError
from drumhead.waves import Movie, read_movie, save_movie

pynwb = pytest.importorskip("pynwb")

MOVIES = {
    "photons": letter_movie(),
    "electrodes on a grid": letter_movie(unit="mV"),
    "electrodes": scattered_movie(),
    "sites": scattered_movie(unit="dF/F"),
    "images": letter_movie(length_unit="pixel", spacing=1.0, boundary="circular"),
}


@pytest.mark.parametrize("movie", MOVIES.values(), ids=MOVIES)
def test_files_are_valid(movie: Movie, tmp_path: Path) -> None:
    save_movie(tmp_path / "a.nwb", movie)
    assert pynwb.validate(path=str(tmp_path / "a.nwb"), use_cached_namespaces=False) == []


def test_images_are_columns_first_with_their_spacing_in_metres(tmp_path: Path) -> None:
    save_movie(tmp_path / "a.nwb", letter_movie())
    with pynwb.NWBHDF5IO(str(tmp_path / "a.nwb"), "r") as io:
        series = io.read().acquisition["movie"]
        np.testing.assert_array_equal(series.data[:], letter_movie().values.transpose(0, 2, 1))
        np.testing.assert_allclose(series.imaging_plane.grid_spacing[:], [0.25e-3, 0.5e-3], rtol=1e-12)
        assert series.imaging_plane.grid_spacing_unit == "meters"
        assert (series.rate, series.starting_time, series.unit) == (10.0, 0.3, "dF/F")


def test_electrodes_are_in_microns_and_values_in_volts(tmp_path: Path) -> None:
    movie = scattered_movie()
    save_movie(tmp_path / "a.nwb", movie)
    with pynwb.NWBHDF5IO(str(tmp_path / "a.nwb"), "r") as io:
        series = io.read().acquisition["movie"]
        electrodes = series.electrodes.table.to_dataframe()
        assert movie.positions is not None
        np.testing.assert_allclose(electrodes["rel_y"], 1000 * movie.positions[:, 0], rtol=1e-12)
        np.testing.assert_allclose(electrodes["rel_x"], 1000 * movie.positions[:, 1], rtol=1e-12)
        assert (series.conversion, series.unit, series.rate) == (1e-3, "volts", 500.0)
        np.testing.assert_array_equal(series.data[:], movie.values)


def test_electrodes_of_a_grid_are_in_the_order_of_rows(tmp_path: Path) -> None:
    save_movie(tmp_path / "a.nwb", letter_movie(unit="uV"))
    with pynwb.NWBHDF5IO(str(tmp_path / "a.nwb"), "r") as io:
        series = io.read().acquisition["movie"]
        electrodes = series.electrodes.table.to_dataframe()
        lit = (electrodes["rel_y"] / 500).round().astype(int), (electrodes["rel_x"] / 250).round().astype(int)
        np.testing.assert_array_equal(series.data[-1] > FRAMES - 1, LETTER[lit])


def test_units_that_are_no_length_have_no_place_in_microns(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"length_unit must be one of m, .*got 'pixel'"):
        save_movie(tmp_path / "a.nwb", letter_movie(unit="V", length_unit="pixel"))


def foreign_file() -> Any:
    """The beginnings of a file of another program."""
    return pynwb.NWBFile("a session", "1", datetime(2026, 1, 1, tzinfo=timezone.utc))


def write(nwbfile: Any, file: Path) -> Path:
    with pynwb.NWBHDF5IO(str(file), "w") as io:
        io.write(nwbfile)
    return file


def images(name: str, data: Any, **fields: Any) -> Any:
    return pynwb.image.ImageSeries(name=name, data=data, unit="n.a.", format="raw", **({"rate": 20.0} | fields))


def test_files_of_others_are_columns_first_unless_the_user_says_otherwise(tmp_path: Path) -> None:
    letter = np.ascontiguousarray(letter_movie().values)
    for order, data in (("rows", letter), (None, letter.swapaxes(1, 2)), ("columns", letter.swapaxes(1, 2))):
        nwbfile = foreign_file()
        nwbfile.add_acquisition(images("video", data))
        movie = read_movie(write(nwbfile, tmp_path / "a.nwb"), order=order, spacing=0.5)  # type: ignore[arg-type]
        np.testing.assert_array_equal(movie.values, letter)
        assert (movie.dt, movie.time_unit) == (0.05, "s")


def test_spacing_of_an_imaging_plane_is_x_before_y(tmp_path: Path) -> None:
    nwbfile = foreign_file()
    plane = nwbfile.create_imaging_plane(
        name="plane",
        optical_channel=pynwb.ophys.OpticalChannel(name="c", description="d", emission_lambda=500.0),
        description="d",
        device=nwbfile.create_device("camera"),
        excitation_lambda=600.0,
        indicator="GFP",
        location="V1",
        grid_spacing=[2e-5, 5e-5],
        grid_spacing_unit="meters",
    )
    series = pynwb.ophys.TwoPhotonSeries(name="t", imaging_plane=plane, data=np.zeros((4, 5, 3)), unit="a", rate=10.0)
    nwbfile.add_acquisition(series)
    movie = read_movie(write(nwbfile, tmp_path / "a.nwb"))
    assert (movie.values.shape, movie.spacing, movie.length_unit) == ((4, 3, 5), (5e-5, 2e-5), "meters")
    assert read_movie(tmp_path / "a.nwb", spacing=0.4, length_unit="mm").spacing == (0.4, 0.4)


def electrical_file(file: Path, places: Any, order: Any, **fields: Any) -> Path:
    """A file of another program with an array whose electrodes are in some order."""
    nwbfile = foreign_file()
    group = nwbfile.create_electrode_group("g", "d", "l", nwbfile.create_device("array"))
    for y, x in places:
        nwbfile.add_electrode(rel_x=float(x), rel_y=float(y), location="l", group=group)
    region = nwbfile.create_electrode_table_region(list(order), "d")
    data = np.stack([np.arange(6.0) + 100 * site for site in order], axis=1)
    given = {"rate": 1000.0, "starting_time": 5.0} | fields
    nwbfile.add_acquisition(pynwb.ecephys.ElectricalSeries(name="lfp", data=data, electrodes=region, **given))
    return write(nwbfile, file)


def test_electrodes_in_shuffled_order_land_at_their_places(tmp_path: Path) -> None:
    places = [(400 * row, 400 * column) for row in range(3) for column in range(5) if (row, column) != (2, 4)]
    order = np.random.default_rng(0).permutation(14)
    movie = read_movie(electrical_file(tmp_path / "a.nwb", places, order))
    assert (movie.dt, movie.start, movie.length_unit, movie.unit) == (0.001, 5.0, "um", "volts")
    assert "taken as microns" in movie.origin
    grid = movie.grid()
    assert grid is not None
    expected = np.append(100.0 * np.arange(14), np.nan).reshape(3, 5)
    np.testing.assert_array_equal(grid.values[0], expected)
    assert grid.spacing == (400, 400)


def test_the_unit_of_positions_can_be_said(tmp_path: Path) -> None:
    file = electrical_file(tmp_path / "a.nwb", [(0, 0), (0, 0.4), (0.4, 0)], [0, 1, 2])
    movie = read_movie(file, length_unit="mm")
    assert movie.length_unit == "mm"
    assert "said to be in mm" in movie.origin


def test_places_off_a_grid_stay_scattered(tmp_path: Path) -> None:
    movie = read_movie(electrical_file(tmp_path / "a.nwb", [(0, 0), (0, 10), (7, 3)], [2, 0, 1]))
    assert movie.grid() is None
    assert movie.positions is not None
    assert movie.positions.tolist() == [[7, 3], [0, 0], [0, 10]]


def test_volts_are_multiples_as_the_file_says(tmp_path: Path) -> None:
    movie = read_movie(electrical_file(tmp_path / "a.nwb", [(0, 0), (0, 1)], [0, 1], conversion=2.0, offset=0.5))
    assert movie.values[:2].tolist() == [[0.5, 200.5], [2.5, 202.5]]


def test_even_timestamps_are_a_time_step_and_uneven_ones_are_refused(tmp_path: Path) -> None:
    nwbfile = foreign_file()
    nwbfile.add_acquisition(images("v", np.zeros((4, 5, 3)), rate=None, timestamps=[2.0, 2.5, 3.0, 3.5]))
    movie = read_movie(write(nwbfile, tmp_path / "a.nwb"), spacing=1)
    assert (movie.dt, movie.start) == (0.5, 2.0)
    nwbfile = foreign_file()
    nwbfile.add_acquisition(images("v", np.zeros((4, 5, 3)), rate=None, timestamps=[2.0, 2.5, 3.2, 3.5]))
    write(nwbfile, tmp_path / "a.nwb")
    with pytest.raises(DatasetError, match=r"a\.nwb: its timestamps are not evenly spaced.*--dt"):
        read_movie(tmp_path / "a.nwb", spacing=1)
    assert read_movie(tmp_path / "a.nwb", spacing=1, dt=0.5).dt == 0.5


def test_one_of_several_series_must_be_named(tmp_path: Path) -> None:
    nwbfile = foreign_file()
    for name, size in (("left", 5), ("right", 6)):
        nwbfile.add_acquisition(images(name, np.zeros((4, size, 3))))
    write(nwbfile, tmp_path / "a.nwb")
    with pytest.raises(DatasetError, match=r"acquisition/left \(ImageSeries \(4, 5, 3\)\); acquisition/right"):
        read_movie(tmp_path / "a.nwb", spacing=1)
    assert read_movie(tmp_path / "a.nwb", spacing=1, variable="right").values.shape == (4, 3, 6)
    with pytest.raises(DatasetError, match="it has no 'middle'"):
        read_movie(tmp_path / "a.nwb", spacing=1, variable="middle")


def test_without_positions_the_user_is_asked_for_them(tmp_path: Path) -> None:
    nwbfile = foreign_file()
    group = nwbfile.create_electrode_group("g", "d", "l", nwbfile.create_device("array"))
    for _ in range(3):
        nwbfile.add_electrode(location="l", group=group)
    region = nwbfile.create_electrode_table_region([0, 1, 2], "d")
    nwbfile.add_acquisition(
        pynwb.ecephys.ElectricalSeries(name="lfp", data=np.zeros((6, 3)), electrodes=region, rate=1000.0)
    )
    write(nwbfile, tmp_path / "a.nwb")
    with pytest.raises(DatasetError, match=r"have no rel_x and rel_y; give their positions.*--positions"):
        read_movie(tmp_path / "a.nwb")
    movie = read_movie(tmp_path / "a.nwb", positions=[[0, 0], [0, 1], [1, 0]], length_unit="mm")
    assert movie.length_unit == "mm"
