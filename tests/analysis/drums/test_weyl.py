"""Weyl's law on shapes whose eigenvalues are known, and the shape that it estimates from them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import jn_zeros

from drumhead.analysis.drums import Drum, Rim, disc_drum, estimate_shape, polygon_drum, weyl_count
from drumhead.analysis.spectrum import Floats


def rectangle_eigenvalues(width: float, height: float, *, first: int = 1) -> Floats:
    p, q = np.meshgrid(np.arange(first, 90), np.arange(first, 90))
    return np.sort((np.pi**2 * (p**2 / width**2 + q**2 / height**2)).ravel())[:800]


def disc_eigenvalues() -> Floats:
    zeros = [np.repeat(jn_zeros(n, 20) ** 2, 1 if n == 0 else 2) for n in range(60)]
    return np.sort(np.concatenate(zeros))[:400]


RECTANGLE = polygon_drum([(0, 0), (2, 0), (2, 1), (0, 1)], resolution=4)
CASES = [
    (RECTANGLE, rectangle_eigenvalues(2, 1), "fixed"),
    (RECTANGLE, rectangle_eigenvalues(2, 1, first=0), "free"),
    (disc_drum(resolution=4), disc_eigenvalues(), "fixed"),
]


@pytest.mark.parametrize(("drum", "eigenvalues", "rim"), CASES)
def test_the_count_follows_weyls_law_with_all_three_terms(drum: Drum, eigenvalues: Floats, rim: Rim) -> None:
    count = np.arange(len(eigenvalues)) + 0.5
    difference = count - weyl_count(eigenvalues, drum, rim=rim)
    assert abs(difference.mean()) < 0.3
    without_rim = count - weyl_count(eigenvalues, drum._replace(perimeter=0.0), rim=rim)
    assert abs(without_rim.mean()) > 10


@pytest.mark.parametrize(("drum", "eigenvalues", "rim"), CASES)
def test_area_and_rim_are_estimated_within_three_standard_errors(drum: Drum, eigenvalues: Floats, rim: Rim) -> None:
    few, many = (estimate_shape(eigenvalues[:count], rim=rim) for count in (60, 400))
    for estimate in (few, many):
        assert abs(estimate.area - drum.area) < 3 * estimate.area_error
        assert abs(estimate.perimeter - drum.perimeter) < 3 * estimate.perimeter_error
        assert abs(estimate.constant - drum.corner_term) < 3 * estimate.constant_error
    assert many.area_error < few.area_error / 2
    assert many.area_error < 0.01 * drum.area


def test_a_wave_speed_changes_nothing() -> None:
    eigenvalues = rectangle_eigenvalues(2, 1)[:100]
    np.testing.assert_allclose(estimate_shape(9 * eigenvalues, c=3.0), estimate_shape(eigenvalues), rtol=1e-8)


def test_too_few_or_infinite_eigenvalues_are_refused() -> None:
    with pytest.raises(ValueError, match=r"finite, 24 or more; got shape \(23,\)"):
        estimate_shape(np.arange(1.0, 24.0))
    with pytest.raises(ValueError, match="finite, 24 or more"):
        estimate_shape(np.full(30, np.inf))
