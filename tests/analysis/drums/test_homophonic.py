"""Tests of the homophonic pair: the geometry of its 21 points and lines, its spectra, and its special points."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pytest

from drumhead.analysis.drums.homophonic import LINES, POINT_SWAPS, HomophonicDrum, homophonic_pair, special_spectrum

Floats = npt.NDArray[np.float64]


def lengths_and_angles(drum: HomophonicDrum) -> Floats:
    """The sides and the angles at their ends, in order around the rim."""
    sides = np.roll(drum.corners, -1, axis=0) - drum.corners
    before = np.roll(sides, 1, axis=0)
    angles = np.arctan2(before[:, 0] * sides[:, 1] - before[:, 1] * sides[:, 0], (before * sides).sum(axis=1))
    return np.stack([np.hypot(*sides.T), angles], axis=1)


def test_points_and_lines_are_those_of_a_projective_plane() -> None:
    assert all(len(first & second) == 1 for first, second in itertools.combinations(LINES, 2))
    assert {len(line) for line in LINES} == {5}


def test_the_swaps_map_lines_to_lines_and_leave_seven_in_place() -> None:
    for swaps in POINT_SWAPS:
        images = dict(swaps) | {second: first for first, second in swaps}
        moved = [frozenset(images.get(point, point) for point in line) for line in LINES]
        assert set(moved) == set(LINES)
        assert sum(before == after for before, after in zip(LINES, moved, strict=True)) == 7
        assert 21 - len(images) == 7


def test_the_copies_are_congruent_do_not_overlap_and_fill_the_rim() -> None:
    for drum in homophonic_pair():
        sides = np.sort(np.linalg.norm(drum.copies - np.roll(drum.copies, 1, axis=1), axis=2), axis=1)
        assert sides == pytest.approx(np.tile([1, 3**0.5, 2], (21, 1)))
        centres = drum.copies.mean(axis=1)
        assert len(np.unique(np.round(centres, 6), axis=0)) == 21
        x, y = drum.corners.T
        area = float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
        assert area == pytest.approx(21 * 3**0.5 / 2)
        around = np.abs(drum.copies - drum.special).sum(axis=2).min(axis=1) < 1e-9
        assert around.sum() == 6
        assert np.abs(drum.corners - drum.special).sum(axis=1).min() > 0.5  # it is inside


def test_the_two_drums_are_not_congruent() -> None:
    first, second = (lengths_and_angles(drum) for drum in homophonic_pair())
    mirrored = np.stack([second[::-1, 0], np.roll(second[::-1, 1], 1)], axis=1)
    for other in (second, mirrored):
        assert all(np.abs(first - np.roll(other, shift, axis=0)).max() > 0.1 for shift in range(len(first)))


@pytest.mark.parametrize("resolution", [3, 8])
def test_they_sound_the_same_at_their_special_points(resolution: int) -> None:
    count = 60
    first, second = (special_spectrum(drum, count, resolution=resolution) for drum in homophonic_pair())
    assert np.abs(first.frequencies / second.frequencies - 1).max() < 1e-12
    gaps = np.diff(first.frequencies) > 1e-6
    single = np.concatenate([[True], gaps]) & np.concatenate([gaps, [False]])
    assert single.sum() > 0.8 * count
    assert first.amplitudes[single] == pytest.approx(second.amplitudes[single], rel=1e-7, abs=1e-9)
    assert (first.amplitudes[single] > 1e-3).sum() > 20


def test_at_other_points_they_do_not() -> None:
    first, second = homophonic_pair()
    towards = np.array([1 / 4, 0.0])  # one node beside
    moved = second._replace(special=second.special + towards)
    beside, there = (special_spectrum(drum, 20, resolution=4).amplitudes for drum in (moved, first))
    assert np.abs(beside - there).max() > 0.1 * there.max()


def test_the_modes_of_the_triangle_are_among_theirs() -> None:
    """Its lowest is an antisymmetric mode of an equilateral triangle of side 2: six plane waves with one eigenvalue."""
    resolution = 5
    along, slanted = np.array([1.0, 0.0]), np.array([0.5, 3**0.5 / 2])  # the directions of two sides
    wave = 4 * np.pi / (3 * 2) * (along + 2 * slanted)
    assert wave @ wave == pytest.approx(16 * np.pi**2 / 36 * 7)  # in the continuum
    steps = np.array([[1, 0], [0.5, 3**0.5 / 2], [-0.5, 3**0.5 / 2]]) / resolution
    on_grid = 2 / 3 * resolution**2 * (6 - 2 * np.cos(steps @ wave).sum())
    for drum in homophonic_pair():
        eigenvalues = (2 * np.pi * special_spectrum(drum, 80, resolution=resolution).frequencies) ** 2
        assert eigenvalues[-1] > on_grid
        assert np.abs(eigenvalues / on_grid - 1).min() < 1e-11


@pytest.mark.parametrize("resolution", [1, 2.5])
def test_a_resolution_that_is_no_grid_is_refused(resolution: int) -> None:
    with pytest.raises(ValueError, match="resolution must be a whole number, 2 or more"):
        special_spectrum(homophonic_pair()[0], 3, resolution=resolution)


def test_more_modes_than_nodes_are_refused() -> None:
    with pytest.raises(ValueError, match="count must be 1 to the number of nodes inside"):
        special_spectrum(homophonic_pair()[0], 1000, resolution=2)
