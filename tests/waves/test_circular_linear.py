"""The circular-linear correlation has the published formula's values, limits included."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from drumhead.waves import circular_linear_correlation


def test_it_falls_for_perfect_relations_over_more_than_a_cycle() -> None:
    distance = np.linspace(0, 1, 1001)
    cycles = np.array([0.25, 0.5, 1, 1.5, 2, 3])
    rho = circular_linear_correlation(2 * np.pi * cycles[:, None] * distance, distance).rho
    np.testing.assert_allclose(rho, [1.000, 0.993, 0.779, 0.112, 0.389, 0.260], rtol=0, atol=1e-3)


@pytest.mark.parametrize(("wavelength", "expected"), [(60, 0.999), (20, 0.971), (8, 0.167)])
def test_it_falls_with_the_wavelength_of_perfect_target_waves(wavelength: float, expected: float) -> None:
    """On 20 x 20 sites about (9, 11). The resultant length of the target fit is 1 for each of them."""
    y, x = np.mgrid[:20, :20]
    distance = np.hypot(y - 9, x - 11).ravel()
    rho = circular_linear_correlation(-2 * np.pi * distance / wavelength, distance).rho
    assert rho == pytest.approx(expected, abs=1e-3)


def test_it_has_no_sign_and_no_origin_of_phase() -> None:
    random = np.random.default_rng(0)
    distance = random.random(50)
    phase = 2 * distance + random.normal(scale=0.3, size=50)
    rho = circular_linear_correlation(phase, distance).rho
    assert circular_linear_correlation(-phase + 1.7, 3 - 2 * distance).rho == pytest.approx(rho, abs=1e-12)


def test_p_is_uniform_for_independent_values() -> None:
    random = np.random.default_rng(0)
    p = circular_linear_correlation(random.uniform(0, 2 * np.pi, (500, 200)), random.random(200)).p
    assert stats.kstest(p, "uniform").pvalue > 0.05


def test_missing_phases_are_left_out() -> None:
    random = np.random.default_rng(0)
    distance, phase = random.random(30), random.uniform(0, 6, 30)
    phase[::3] = np.nan
    whole = circular_linear_correlation(phase[np.isfinite(phase)], distance[np.isfinite(phase)])
    assert circular_linear_correlation(phase, distance).rho == pytest.approx(whole.rho, abs=1e-12)
    assert np.isnan(circular_linear_correlation(np.zeros(5), np.arange(5)).rho)


def test_invalid_arguments_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"distance must be one for each phase, \(5,\); got \(4,\)"):
        circular_linear_correlation(np.zeros((2, 5)), np.zeros(4))
    with pytest.raises(ValueError, match="at least 3 finite phases are needed, got 2"):
        circular_linear_correlation([0, 1, np.nan], [0, 1, 2])
