"""The container of a movie: what it accepts, and when scattered sites are a grid."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from drumhead.waves.movie import Movie

GRID: dict[str, Any] = {"values": np.zeros((4, 3, 5)), "dt": 0.5, "spacing": (0.5, 0.25)}
SITES: dict[str, Any] = {"values": np.zeros((4, 3)), "dt": 0.5, "positions": [[0, 0], [0, 1], [1, 0]]}


def utah(order: np.ndarray[Any, np.dtype[np.intp]] | None = None) -> tuple[Movie, np.ndarray[Any, Any]]:
    """A 10x10 array without its corners, pitch 0.4 mm, in any order of sites, and the same values on the grid."""
    full = np.random.default_rng(0).normal(size=(6, 10, 10))
    present = np.ones((10, 10), bool)
    present[[0, 0, -1, -1], [0, -1, 0, -1]] = False
    rows, columns = np.nonzero(present)
    order = np.arange(len(rows)) if order is None else order
    rows, columns = rows[order], columns[order]
    positions = np.stack([0.4 * rows - 7, 0.4 * columns + 3], axis=1)
    movie = Movie(values=full[:, rows, columns], dt=0.002, positions=positions, length_unit="mm", time_unit="s")
    full[:, ~present] = np.nan
    return movie, full


@pytest.mark.parametrize("shuffle", [False, True])
def test_electrodes_land_at_their_places_in_any_order(shuffle: bool) -> None:
    movie, full = utah(np.random.default_rng(1).permutation(96) if shuffle else None)
    grid = movie.grid()
    assert grid is not None
    np.testing.assert_array_equal(grid.values, full)
    assert grid.spacing == pytest.approx((0.4, 0.4), rel=1e-12)
    assert grid.valid is not None
    np.testing.assert_array_equal(grid.valid, np.isfinite(full[0]))
    assert (grid.dt, grid.length_unit, grid.time_unit) == (0.002, "mm", "s")


def test_sites_that_are_off_a_grid_stay_scattered() -> None:
    movie, _ = utah()
    assert movie.positions is not None
    moved = movie.positions.copy()
    moved[17, 1] += 0.01
    assert dataclasses.replace(movie, positions=moved).grid() is None
    moved[17, 1] -= 0.01 - 1e-5
    assert dataclasses.replace(movie, positions=moved).grid() is not None


def test_a_grid_that_would_be_nearly_empty_is_not_made() -> None:
    corners = np.array([[0, 0], [1e-4, 0], [0, 1e-4], [10, 10]])
    assert Movie(values=np.zeros((3, 4)), dt=1, positions=corners).grid() is None


def test_rows_and_columns_may_have_different_spacings() -> None:
    positions = [[0.5 * row, 0.25 * column] for row in range(2) for column in range(3)]
    grid = Movie(values=np.arange(6.0)[None], dt=1, positions=positions).grid()
    assert grid is not None
    assert grid.spacing == (0.5, 0.25)
    assert grid.valid is None
    np.testing.assert_array_equal(grid.values[0], [[0, 1, 2], [3, 4, 5]])


def test_a_single_column_takes_the_spacing_of_its_rows() -> None:
    grid = Movie(values=np.array([[3, 1, 2]]), dt=1, positions=[[0.2, 7], [0.0, 7], [0.1, 7]]).grid()
    assert grid is not None
    assert grid.values.tolist() == [[[1], [2], [3]]]
    assert grid.spacing == pytest.approx((0.1, 0.1))
    assert Movie(values=[[1.0]], dt=1, positions=[[0, 0]]).grid() is None  # one site has no spacing


def test_integers_get_nan_only_with_empty_places() -> None:
    whole = Movie(values=np.ones((1, 4), np.uint16), dt=1, positions=[[0, 0], [0, 1], [1, 0], [1, 1]]).grid()
    holed = Movie(values=np.ones((1, 3), np.uint16), dt=1, positions=[[0, 0], [0, 1], [1, 0]]).grid()
    assert whole is not None
    assert holed is not None
    assert whole.values.dtype == np.uint16
    assert np.isnan(holed.values).sum() == 1


def test_times_begin_at_start() -> None:
    movie = Movie(**GRID | {"start": 0.5})
    np.testing.assert_array_equal(movie.times, [0.5, 1.0, 1.5, 2.0])
    assert (movie.frames, movie.duration) == (4, 2.0)


def test_a_movie_cannot_be_changed() -> None:
    values = np.zeros((4, 3, 5))
    movie = Movie(**GRID | {"values": values})
    with pytest.raises(ValueError, match="read-only"):
        movie.values[0] = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        movie.dt = 2  # type: ignore[misc]
    values[0] = 1  # the caller's own array stays writable


def test_equal_movies_have_equal_bits() -> None:
    holed = np.full((4, 3, 5), np.nan)
    movie = Movie(**GRID | {"values": holed})
    assert movie.equals(Movie(**GRID | {"values": holed.copy()}))
    assert not movie.equals(Movie(**GRID | {"values": holed.astype(np.float32)}))
    assert not movie.equals(dataclasses.replace(movie, dt=0.5000001))
    assert not movie.equals(dataclasses.replace(movie, name="other"))


@pytest.mark.parametrize(
    ("given", "change", "message"),
    [
        (GRID, {"values": np.zeros((4, 3))}, r"must be \(time, y, x\).*scattered sites need positions"),
        (GRID, {"values": np.zeros((0, 3, 5))}, "not empty"),
        (GRID, {"values": np.zeros((4, 3, 5), bool)}, "must be numbers; got the dtype bool"),
        (GRID, {"values": np.zeros((4, 3, 5), object)}, "must be numbers; got the dtype object"),
        (GRID, {"dt": 0}, "dt.* must be above 0 and finite.* 0"),
        (GRID, {"dt": float("nan")}, "dt.* must be above 0"),
        (GRID, {"spacing": None}, "needs spacing"),
        (GRID, {"spacing": (1.0, -1.0)}, "spacing.* must be above 0"),
        (GRID, {"start": float("inf")}, "start must be finite"),
        (GRID, {"boundary": "torus"}, "'open' or 'circular'.*'torus'"),
        (GRID, {"valid": np.ones((5, 3), bool)}, r"valid must be bool of the shape \(3, 5\)"),
        (GRID, {"valid": np.ones((3, 5))}, "valid must be bool.*got float64"),
        (GRID, {"unit": "m\nV"}, "one line"),
        (GRID, {"omega": np.zeros((2, 3, 5))}, "belong together"),
        (GRID, {"channel": -1}, "channel must be from 0"),
        (SITES, {"spacing": 1.0}, "not both"),
        (SITES, {"positions": [[0, 0], [0, 1]]}, r"positions must be \(3, 2\)"),
        (SITES, {"positions": [[0, 0], [0, 1], [0, np.nan]]}, "positions must be finite"),
        (SITES, {"boundary": "circular"}, "no opposite edges"),
    ],
)
def test_wrong_input_is_refused(given: dict[str, Any], change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Movie(**given | change)


def test_parameters_of_hidden_states_must_fit() -> None:
    waves = {"omega": np.ones((2, 3, 5)), "alpha": np.ones((2, 3, 5)), "coupling": np.ones((2, 2, 3, 3)), "channel": 1}
    movie = Movie(**GRID, **waves)  # type: ignore[arg-type]
    assert movie.channel == 1
    for change in ({"channel": 2}, {"channel": None}, {"alpha": np.ones((2, 5, 3))}, {"coupling": np.ones((2, 3, 3))}):
        with pytest.raises(ValueError, match="channel"):
            Movie(**GRID, **waves | change)  # type: ignore[arg-type]
