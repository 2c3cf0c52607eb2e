"""Movies may be hostile: what is no movie is refused, quickly, with little memory, and nothing in it runs."""

from __future__ import annotations

import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from tests.hostile.fuzzing import CASES, hostile, same_each_time
from tests.hostile.guard import deadline, little_memory
from tests.hostile.movie_world import READ_WITH, build, some_states
from tests.hostile.payloads import PAYLOADS
from tests.hostile.test_bombs import array

from drumhead.dataset_error import DatasetError
from drumhead.waves import Movie, read_movie, read_states
from drumhead.waves.reading import read_states_samples


@pytest.fixture(scope="module")
def model_movies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("movies")
    build(folder)
    return folder


@pytest.fixture
def movies(model_movies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder for one test, as the current directory."""
    folder = tmp_path / "movies"
    shutil.copytree(model_movies, folder)
    monkeypatch.chdir(folder)
    return folder


def read(folder: Path, place: str) -> Movie:
    """Read a movie with little memory and time."""
    with little_memory(), deadline(10):
        return read_movie(folder / ("frames" if place.endswith(".tif") else place), **READ_WITH[place])


@pytest.mark.parametrize("place", READ_WITH)
def test_every_place_opens_what_it_should(place: str, movies: Path) -> None:
    assert read(movies, place).frames > 2


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("cases", [8, pytest.param(400, marks=pytest.mark.slow)])
@pytest.mark.parametrize("place", READ_WITH)
def test_a_changed_file_is_read_or_refused(place: str, cases: int, movies: Path) -> None:
    whole = (movies / place).read_bytes()

    @same_each_time(cases)
    @given(content=hostile(place, whole))
    def check(content: bytes) -> None:
        CASES[place] += 1
        (movies / place).write_bytes(content)
        try:
            read(movies, place)
            if place.startswith("states"):
                read_states(movies / place)
                read_states_samples(movies / place)
        except DatasetError as error:
            assert Path(place).name in str(error) or "frames" in str(error)  # noqa: PT017
            assert len(str(error)) < 10_000  # noqa: PT017

    check()


@pytest.mark.parametrize("place", READ_WITH)
def test_code_in_a_file_is_refused_and_does_not_run(place: str, movies: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    for name, (make, open_carelessly) in PAYLOADS.items():
        content = make(marker)
        (movies / place).write_bytes(content)
        with pytest.raises(DatasetError):
            read(movies, place)
        assert not marker.exists(), name
        open_carelessly(content)  # what was refused would have run
        assert marker.is_dir(), name
        marker.rmdir()


def test_python_objects_in_an_archive_are_refused(movies: Path) -> None:
    np.savez(movies / "movie.npz", values=np.array([{}], object))
    with pytest.raises(DatasetError, match=r"movie\.npz"):
        read(movies, "movie.npz")


def npz_that_declares(shape: str) -> Callable[[Path], None]:
    def write(file: Path) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("values.npy", array(shape, "<f8"))

    return write


def npz_of_zeros(file: Path) -> None:
    """An archive of a few megabytes of zeros that are compressed more often than deflate can."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("values.npy", array("(40000000,)") + bytes(40_000_000))


def mat_that_declares(rows: int, columns: int) -> Callable[[Path], None]:
    """A MATLAB file of version 5 whose dimensions are changed."""

    def write(file: Path) -> None:
        content = bytearray((file.parent / "sites.mat").read_bytes())
        place = content.find(struct.pack("<2i", 7, 4))
        assert place > 0
        content[place : place + 8] = struct.pack("<2i", rows, columns)
        file.write_bytes(content)

    return write


def hdf5_with(change: Callable[[Any], None]) -> Callable[[Path], None]:
    """An NWB file whose series has other data."""

    def write(file: Path) -> None:
        with h5py.File(file, "a") as root:
            group = root["acquisition/movie"]
            attributes = dict(group["data"].attrs)
            del group["data"]
            change(group)
            if "data" in group and group.get("data", getlink=True).__class__ is h5py.HardLink:
                group["data"].attrs.update(attributes)

    return write


def never_written(group: Any) -> None:
    group.create_dataset("data", shape=(2**20, 2**20, 2**10), dtype="f8", chunks=(1, 64, 64))


def one_huge_chunk(group: Any) -> None:
    shape = (2**10, 2**10, 2**8)
    group.create_dataset("data", shape=shape, dtype="f8", chunks=shape, compression="gzip")


def in_another_file(group: Any) -> None:
    group.create_dataset("data", shape=(7, 5, 3), dtype="u1", external=[("secret", 0, 105)])


def a_link_to_another_file(group: Any) -> None:
    group["data"] = h5py.ExternalLink("other.h5", "/data")


def a_link_through_another_file(group: Any) -> None:
    group.file["way"] = h5py.ExternalLink("other.h5", "/")
    group["data"] = h5py.SoftLink("/way/data")


def a_circle(group: Any) -> None:
    group["data"] = h5py.SoftLink("/acquisition/movie/data")


def a_view_of_another_file(group: Any) -> None:
    layout = h5py.VirtualLayout(shape=(7, 5, 3), dtype="f4")
    layout[:] = h5py.VirtualSource("other.h5", "data", shape=(7, 5, 3))
    group.create_virtual_dataset("data", layout)


BOMBS: list[tuple[str, Callable[[Path], None], str]] = [
    ("movie.npz", npz_that_declares("(99999999, 99999999)"), "does not have the size"),
    ("movie.npz", npz_that_declares("(-1, 5)"), ""),
    ("movie.npz", npz_of_zeros, "more than it can hold"),
    ("sites.mat", mat_that_declares(2**30, 2**30), "more than is in the file"),
    ("sites.mat", mat_that_declares(-1, 28), ""),
    ("sites.mat", mat_that_declares(28, 1), ""),
    ("images.nwb", hdf5_with(never_written), "more than is in the file"),
    ("images.nwb", hdf5_with(one_huge_chunk), "more than is in the file"),
    ("images.nwb", hdf5_with(in_another_file), "another file"),
    ("images.nwb", hdf5_with(a_link_to_another_file), "another file"),
    ("images.nwb", hdf5_with(a_link_through_another_file), "another file"),
    ("images.nwb", hdf5_with(a_circle), "to itself"),
    ("images.nwb", hdf5_with(a_view_of_another_file), "another file"),
]


@pytest.mark.parametrize(
    ("place", "write", "message"), BOMBS, ids=[f"{number}-{place}" for number, (place, _, _) in enumerate(BOMBS)]
)
def test_a_file_that_asks_for_too_much_or_for_another_file_is_refused(
    place: str, write: Callable[[Path], None], message: str, movies: Path
) -> None:
    with h5py.File(movies / "other.h5", "w") as other:
        other["data"] = np.ones((7, 5, 3), np.float32)
    (movies / "secret").write_bytes(bytes(range(105)))
    write(movies / place)
    with pytest.raises(DatasetError, match=place.replace(".", r"\.")) as caught:
        read(movies, place)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 10_000


def test_a_file_that_names_itself_in_its_description_is_no_way_out(movies: Path) -> None:
    """The description is checked like everything else: wrong shapes, unknown arrays, odd types."""
    with h5py.File(movies / "images.nwb", "r") as root:
        comments = root["acquisition/movie"].attrs["comments"]
    for old, new in (
        ('"dt": 0.1', '"dt": "0.1"'),
        ('"dt": 0.1', f'"dt": 1{"0" * 400}'),
        ('"dt": 0.1', '"dt": NaN'),
        ('"spacing": [0.5, 0.25]', '"spacing": [0.5]'),
        ('"sites": [3, 5]', '"sites": [5, 3]'),
        ('"boundary": "open"', '"boundary": "\\u001b[2J"'),
        ('"valid": "1111111', '"valid": "1111112'),
        ('"channel": null', '"channel": null, "omega": ["nothing", null]'),
        ('"channel": null', '"channel": "x"'),
        ('"unit": "dF/F"', '"unit": ' + "[" * 300 + "]" * 300),
        ('"drumhead_movie": 1', '"drumhead_movie": 2'),
    ):
        assert old in comments
        with h5py.File(movies / "images.nwb", "a") as root:
            root["acquisition/movie"].attrs["comments"] = comments.replace(old, new)
        with pytest.raises(DatasetError, match=r"images\.nwb"):
            read(movies, "images.nwb")


def test_states_in_a_file_are_checked(movies: Path) -> None:
    assert read_states(movies / "states.npz").equals(some_states())
    with np.load(movies / "states.npz") as arrays:
        whole = dict(arrays)
    for change in ({"samples": np.array([1])}, {"omega": np.zeros((2, 2, 5, 3), np.float32)}, {"extra": np.zeros(3)}):
        np.savez(movies / "states.npz", **whole | change)
        with pytest.raises(DatasetError, match=r"states\.npz"):
            read_states(movies / "states.npz")
    for samples in (np.array([1, 1]), np.array(["a", "b"]), np.array([-1, 2]), np.zeros((2, 2), int), np.array([])):
        np.savez(movies / "states.npz", **whole | {"samples": samples})
        with pytest.raises(DatasetError, match=r"states\.npz.*samples"):
            read_states_samples(movies / "states.npz")
