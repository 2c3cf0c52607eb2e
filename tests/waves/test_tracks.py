"""Tracks of points: they follow moving singularities, through gaps, across a seam, and know who was born with whom."""

from __future__ import annotations

import time

import numpy as np
import numpy.typing as npt
import pytest

from drumhead.waves import Tracks, find_singularities, track_points

SHAPE = (30, 16, 20)


def moving_cores(
    paths: list[tuple[npt.NDArray[np.floating], npt.NDArray[np.floating], int]], shape: tuple[int, int, int]
) -> npt.NDArray[np.complex128]:
    """Return the product of linear cores of charge 1 or -1 whose (y, x) are given for every frame."""
    y, x = np.mgrid[: shape[1], : shape[2]]
    field = np.ones(shape, np.complex128)
    for centre_y, centre_x, charge in paths:
        field *= (x - centre_x[:, None, None]) + 1j * charge * (y - centre_y[:, None, None])
    return field


def tracked(field: npt.NDArray[np.complex128], **options: object) -> Tracks:
    found = find_singularities(field, spacing=1)
    return track_points(
        found.frame,
        found.y,
        found.x,
        found.charge,
        shape=field.shape,
        spacing=1,
        **options,  # type: ignore[arg-type]
    )


def test_two_moving_singularities_have_two_tracks_of_known_displacement() -> None:
    steps = np.arange(SHAPE[0])
    straight = (4.2 + 0.1 * steps, 3.7 + 0.4 * steps, 1)
    circle = (9.3 + 2 * np.cos(2 * np.pi * steps / 29), 8.6 + 2 * np.sin(2 * np.pi * steps / 29), -1)
    found = tracked(moving_cores([straight, circle], SHAPE))
    by_charge = np.argsort(found.charge)
    assert found.charge[by_charge].tolist() == [-1, 1]
    assert (found.first.tolist(), found.last.tolist()) == ([0, 0], [29, 29])
    # Bilinear interpolation of a product of two cores is close to its zeros.
    np.testing.assert_allclose(found.displacement[by_charge], [0, 29 * np.hypot(0.1, 0.4)], atol=0.1)
    np.testing.assert_allclose(found.path[by_charge], [4 * np.pi, 29 * np.hypot(0.1, 0.4)], rtol=0.03)
    assert found.born_with.tolist() == found.died_with.tolist() == [-1, -1]  # there from the first to the last frame


def test_a_pair_is_born_and_dies_together() -> None:
    # The zeros of z = x - 10 + i (s - (y - 8)^2) are at y = 8 - sqrt(s) and 8 + sqrt(s), of opposite charge.
    y, x = np.mgrid[:16, :20]
    s = 5 * np.sin(np.pi * (np.arange(30) - 5) / 20)[:, None, None]
    field = (x - 10.2) + 1j * (s - (y - 8.3) ** 2)
    found = tracked(field, max_step=4)
    middle = (found.first > 0) & (found.last < 29)
    assert sorted(found.charge[middle].tolist()) == [-1, 1]
    one, other = np.flatnonzero(middle)
    assert (found.born_with[one], found.born_with[other]) == (other, one)
    assert (found.died_with[one], found.died_with[other]) == (other, one)


def test_a_track_lasts_across_one_missing_frame_but_not_two() -> None:
    missing_one = [0, 1, 3, 4]
    missing_two = [0, 1, 4, 5]
    for frames, count in ((missing_one, 1), (missing_two, 2)):
        found = track_points(frames, [3.0] * 4, frames, [1] * 4, shape=(6, 9, 9), spacing=1)
        assert len(found.first) == count
    assert len(track_points(missing_one, [3.0] * 4, missing_one, [1] * 4, shape=(6, 9, 9), spacing=1, gap=0).first) == 2
    assert len(track_points(missing_two, [3.0] * 4, missing_two, [1] * 4, shape=(6, 9, 9), spacing=1, gap=2).first) == 1


def test_a_step_longer_than_the_limit_ends_a_track() -> None:
    for x, count in ((2.49, 1), (2.51, 2)):
        assert len(track_points([0, 1], [0.0, 0.0], [1.0, x], [1, 1], shape=(2, 9, 9), spacing=1).first) == count
    assert len(track_points([0, 1], [0.0, 0.0], [1.0, 3.9], [1, 1], shape=(2, 9, 9), spacing=(2, 0.1)).first) == 1


def test_points_of_another_charge_are_never_linked() -> None:
    assert len(track_points([0, 1], [1.0, 1.0], [1.0, 1.0], [1, -1], shape=(2, 9, 9), spacing=1).first) == 2


def test_the_assignment_is_the_best_of_all_not_the_nearest_first() -> None:
    # Nearest first would link 1.0 with 1.9 and leave 0.0 and 3.0, 3 apart, alone.
    found = track_points([0, 0, 1, 1], [0.0] * 4, [1.0, 2.4, 2.3, 3.6], [1] * 4, shape=(2, 9, 9), spacing=1)
    assert found.track.tolist() == [0, 1, 0, 1]


def test_a_track_goes_on_across_the_seam_of_a_circular_sheet() -> None:
    steps = np.arange(12)
    arguments = (steps, (6 + 0.5 * steps) % 8, (0.3 - 0.9 * steps) % 10, np.ones(12, np.int64))
    found = track_points(*arguments, shape=(12, 8, 10), spacing=1, boundary="circular")
    assert len(found.first) == 1
    assert found.displacement[0] == pytest.approx(11 * np.hypot(0.5, 0.9))
    assert len(track_points(*arguments, shape=(12, 8, 10), spacing=1).first) == 3


def test_no_points_make_no_tracks() -> None:
    found = track_points([], [], [], [], shape=(5, 4, 4), spacing=1)
    assert [len(each) for each in found] == [0] * 8


def test_thousands_of_points_in_a_frame_are_linked_in_a_moment() -> None:
    generator = np.random.default_rng(0)
    field = generator.standard_normal((4, 100, 100)) + 1j * generator.standard_normal((4, 100, 100))
    start = time.process_time()
    found = tracked(field)
    assert time.process_time() - start < 5
    assert len(found.track) > 10_000
    assert np.bincount(found.track).max() <= 4


def test_invalid_arguments_are_rejected() -> None:
    with pytest.raises(ValueError, match="one number per point"):
        track_points([0, 1], [0.0], [0.0, 1.0], [1, 1], shape=(2, 9, 9), spacing=1)
    with pytest.raises(ValueError, match="ascend"):
        track_points([1, 0], [0.0, 0.0], [0.0, 1.0], [1, 1], shape=(2, 9, 9), spacing=1)
    with pytest.raises(ValueError, match="ascend"):
        track_points([0, 2], [0.0, 0.0], [0.0, 1.0], [1, 1], shape=(2, 9, 9), spacing=1)
    with pytest.raises(ValueError, match="max_step"):
        track_points([0], [0.0], [0.0], [1], shape=(2, 9, 9), spacing=1, max_step=0)
    with pytest.raises(ValueError, match="gap"):
        track_points([0], [0.0], [0.0], [1], shape=(2, 9, 9), spacing=1, gap=-1)
