"""Movies survive each format bit for bit: orientation, units, time, sites that are NaN or bad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from tests.hostile.movie_world import some_states
from tests.waves.formats.movies import FRAMES, LETTER, POSITIONS, letter_movie, scattered_movie

from drumhead.dataset_error import DatasetError
from drumhead.waves import Movie, from_neo, read_movie, save_movie, to_neo

WAVES: dict[str, Any] = {
    "unit": "arbitrary",
    "length_unit": "pixel",
    "time_unit": "unit of time",
    "spacing": 1.0,
    "boundary": "circular",
    "omega": np.random.default_rng(0).random((2, 3, 5), np.float32),
    "alpha": np.random.default_rng(1).random((2, 3, 5), np.float32),
    "coupling": np.random.default_rng(2).normal(size=(2, 2, 3, 3)).astype(np.float32),
    "channel": 1,
}
MOVIES = {
    "letter": letter_movie(),
    "letter in volts": letter_movie(unit="mV"),
    "whole numbers": letter_movie(values=np.arange(FRAMES * 15, dtype=np.uint16).reshape(FRAMES, 3, 5), valid=None),
    "hidden states": letter_movie(**WAVES),
    "scattered": scattered_movie(),
    "scattered, no volts": scattered_movie(unit="dF/F", length_unit="furlong", time_unit="min"),
    "single column": letter_movie(values=np.arange(12.0).reshape(4, 3, 1), valid=None),
}


@pytest.mark.parametrize("ending", [".npz", ".nwb"])
@pytest.mark.parametrize("movie", MOVIES.values(), ids=MOVIES)
def test_a_movie_comes_back_bit_for_bit(movie: Movie, ending: str, tmp_path: Path) -> None:
    save_movie(tmp_path / f"movie{ending}", movie)
    assert read_movie(tmp_path / f"movie{ending}").equals(movie)


def test_complex_movies_are_kept_by_npz_alone(tmp_path: Path) -> None:
    movie = letter_movie(values=np.exp(1j * np.arange(FRAMES * 15)).reshape(FRAMES, 3, 5))
    save_movie(tmp_path / "movie.npz", movie)
    assert read_movie(tmp_path / "movie.npz").equals(movie)
    with pytest.raises(ValueError, match="no complex numbers"):
        save_movie(tmp_path / "movie.nwb", movie)
    assert not (tmp_path / "movie.nwb").exists()


@pytest.mark.parametrize(
    "movie",
    [
        letter_movie(spacing=0.25),
        letter_movie(spacing=0.25, unit="mV"),
        letter_movie(spacing=1.0, length_unit="pixel", time_unit="step", boundary="circular"),
        scattered_movie(positions=[[0.4, 0.4], [0, 0], [0.4, 0], [0, 0.8]]),
    ],
    ids=["grid", "volts", "pixels", "shuffled sites"],
)
def test_a_movie_comes_back_from_neo_bit_for_bit(movie: Movie) -> None:
    assert from_neo(to_neo(movie)).equals(movie)


def test_a_file_is_replaced_only_when_it_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "movie.npz"
    save_movie(file, letter_movie())
    before = file.read_bytes()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="full"):
        save_movie(file, scattered_movie())
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def test_what_the_user_says_takes_the_place_of_what_the_file_says(tmp_path: Path) -> None:
    for file in (tmp_path / "movie.npz", tmp_path / "movie.nwb"):
        save_movie(file, letter_movie())
        movie = read_movie(file, dt=2, spacing=3, length_unit="cm", unit="a", time_unit="h")
        assert (movie.dt, movie.spacing, movie.length_unit, movie.unit, movie.time_unit) == (2, (3, 3), "cm", "a", "h")


def test_numpy_arrays_are_rows_first(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", letter_movie().values)
    movie = read_movie(tmp_path / "a.npy", dt=0.1, spacing=(0.5, 0.25), unit="dF/F", length_unit="mm", time_unit="s")
    np.testing.assert_array_equal(movie.values, letter_movie().values)
    assert (movie.values[0] >= 1).tolist() == (LETTER | (movie.values[0] >= 1)).tolist()
    assert movie.spacing == (0.5, 0.25)
    turned = read_movie(tmp_path / "a.npy", dt=0.1, spacing=(0.25, 0.5), order="columns")
    np.testing.assert_array_equal(turned.values, letter_movie().values.swapaxes(1, 2))
    last = read_movie(tmp_path / "a.npy", dt=0.1, spacing=1, time_axis=-1)
    assert last.values.shape == (5, FRAMES, 3)


def test_positions_of_a_numpy_array_are_a_file_of_x_and_y_or_an_array_of_y_and_x(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", scattered_movie().values)
    np.save(tmp_path / "places.npy", POSITIONS[:, ::-1])
    for positions in (str(tmp_path / "places.npy"), POSITIONS):
        movie = read_movie(tmp_path / "a.npy", dt=0.002, positions=positions)
        assert movie.positions is not None
        np.testing.assert_array_equal(movie.positions, POSITIONS)
    turned = read_movie(tmp_path / "a.npy", dt=0.002, positions=str(tmp_path / "places.npy"), order="rows")
    assert turned.positions is not None
    np.testing.assert_array_equal(turned.positions, POSITIONS[:, ::-1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_tiff_files_are_frames_in_the_order_of_their_numbers(dtype: type[Any], tmp_path: Path) -> None:
    values = (np.arange(12)[:, None, None] + 20 * LETTER).astype(dtype)
    for number, frame in enumerate(values, start=1):
        tifffile.imwrite(tmp_path / f"frame{number}.tif", frame)  # frame10 is after frame9
    (tmp_path / "notes.txt").write_text("not a frame")
    movie = read_movie(tmp_path, dt=0.04, spacing=0.05, length_unit="mm", time_unit="s")
    np.testing.assert_array_equal(movie.values, values)
    assert movie.values.dtype == dtype
    assert "frame1.tif to frame12.tif" in movie.origin


def test_tiff_files_must_be_alike_and_grey(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a1.tif", np.zeros((3, 5), np.uint8))
    tifffile.imwrite(tmp_path / "a2.tif", np.zeros((5, 3), np.uint8))
    with pytest.raises(DatasetError, match=r"a2\.tif: all frames must be alike.*\(3, 5\) uint8"):
        read_movie(tmp_path, dt=1, spacing=1)
    tifffile.imwrite(tmp_path / "a2.tif", np.zeros((3, 5, 3), np.uint8), photometric="rgb")
    with pytest.raises(DatasetError, match=r"a2\.tif: a frame must be one grey image"):
        read_movie(tmp_path, dt=1, spacing=1)
    with pytest.raises(DatasetError, match="must hold TIFF files"):
        read_movie(tmp_path / "..", dt=1, spacing=1)


def test_an_archive_of_others_needs_the_name_of_an_array(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", movie=letter_movie().values, places=POSITIONS, traces=np.zeros((9, 4)))
    with pytest.raises(DatasetError, match=r"--variable.*movie \(7, 3, 5\) float32; places \(4, 2\)"):
        read_movie(tmp_path / "a.npz", dt=1, spacing=1)
    with pytest.raises(DatasetError, match="it has no 'moovie'"):
        read_movie(tmp_path / "a.npz", variable="moovie", dt=1, spacing=1)
    movie = read_movie(tmp_path / "a.npz", variable="movie", dt=1, spacing=1)
    np.testing.assert_array_equal(movie.values, letter_movie().values)
    sites = read_movie(tmp_path / "a.npz", variable="traces", positions="places", dt=1)
    assert sites.positions is not None
    np.testing.assert_array_equal(sites.positions, POSITIONS[:, ::-1])


@pytest.mark.parametrize(("missing", "name"), [("dt", "--dt"), ("spacing", "--spacing")])
def test_time_step_and_spacing_of_recordings_are_asked_for(missing: str, name: str, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", letter_movie().values)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 5), np.uint8))
    given: dict[str, Any] = {"dt": 0.1, "spacing": 0.5}
    del given[missing]
    for source in (tmp_path, tmp_path / "a.npy"):
        with pytest.raises(DatasetError, match=f"{source.name}.*{name}"):
            read_movie(source, **given)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.avi").write_bytes(b"RIFF")
    with pytest.raises(DatasetError, match=r"a\.avi: a movie must end in \.npy, \.npz, \.mat, \.nwb; got '\.avi'"):
        read_movie(tmp_path / "a.avi")
    with pytest.raises(DatasetError, match=r"none\.npy: must be a file, or a folder of TIFF files; it is missing"):
        read_movie(tmp_path / "none.npy")
    np.save(tmp_path / "a.npy", np.zeros((9, 4)))
    with pytest.raises(DatasetError, match="--positions"):
        read_movie(tmp_path / "a.npy", dt=1, spacing=1)
    with pytest.raises(ValueError, match=r"order must be 'rows'.*'up'"):
        read_movie(tmp_path / "a.npy", dt=1, order="up")  # type: ignore[arg-type]


def test_xarray_has_coordinates_and_units() -> None:
    array = letter_movie().to_xarray()
    assert array.dims == ("time", "y", "x")
    assert float(array.y[2]) == 1.0
    assert float(array.x[4]) == 1.0
    assert float(array.time[0]) == 0.3
    assert (array.attrs["units"], array.x.attrs["units"], array.time.attrs["units"]) == ("dF/F", "mm", "s")
    np.testing.assert_array_equal(array.values, letter_movie().values)
    assert not bool(array.valid[1, 3])
    sites = scattered_movie().to_xarray()
    np.testing.assert_array_equal(np.stack([sites.y, sites.x], axis=1), POSITIONS)


def test_states_as_xarray_have_the_times_and_masks_of_the_states() -> None:
    states = some_states()
    array = states.to_xarray()
    assert array.dims == ("sample", "time", "channel", "y", "x")
    np.testing.assert_array_equal(array.values, states.values)
    np.testing.assert_allclose(array.time, [0.1, 0.2, 0.3, 0.4])
    np.testing.assert_array_equal(array.sel(sample=1, channel=1), states.movie(1, 1).values)
    assert array.mask.dims == ("sample", "y", "x")
    assert (array.attrs["model"], array.time.attrs["units"]) == ("nwm", "unit of time")
