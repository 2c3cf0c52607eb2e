"""Two drums that sound alike, a near miss that does not, and what a pick-up can tell of them."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.analysis.drums import disc_drum, local_spectrum, membrane_modes, pixel_drum, scheme_frequencies
from drumhead.analysis.drums.isospectral import (
    DRISCOLL_EIGENVALUES,
    extrapolate_eigenvalues,
    isospectral_pair,
    near_miss,
    probe_pair,
)


@pytest.mark.parametrize("resolution", [8, 16])
def test_the_pair_has_equal_eigenvalues_on_the_grid_and_the_near_miss_has_not(resolution: int) -> None:
    first, second = (membrane_modes(drum, 30).eigenvalues for drum in isospectral_pair(resolution))
    np.testing.assert_allclose(first, second, rtol=1e-13)
    other = membrane_modes(near_miss(resolution), 30).eigenvalues
    assert np.abs(other / first - 1).max() > 1e-3


def test_the_pair_has_equal_area_rim_and_corners_but_not_one_shape() -> None:
    first, second = isospectral_pair(8)
    assert first.area == second.area == 3.5
    assert first.perimeter == pytest.approx(second.perimeter)
    assert first.corner_term == pytest.approx(second.corner_term)
    turned = [np.rot90(mask, k) for mask in (second.inside, second.inside.T) for k in range(4)]
    assert not any(np.array_equal(first.inside, mask) for mask in turned)


def test_eigenvalues_tend_to_driscolls() -> None:
    found = extrapolate_eigenvalues(5, resolutions=(12, 16, 24, 32, 48)) / 4
    np.testing.assert_allclose(found, DRISCOLL_EIGENVALUES, rtol=1e-5)


def test_the_ninth_eigenvalue_of_the_pair_converges_by_the_second_order_to_the_known_one() -> None:
    """It is a product of sines on each of the triangles, which the inner corners do not disturb."""
    errors = [membrane_modes(isospectral_pair(n)[0], 9).eigenvalues[-1] / (5 * np.pi**2) - 1 for n in (8, 16, 32)]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(2, abs=0.05)
    assert np.log2(errors[1] / errors[2]) == pytest.approx(2, abs=0.05)


def test_a_probe_tells_the_pair_apart_by_amplitudes_and_not_a_drum_from_itself() -> None:
    pair = isospectral_pair(8)
    different = probe_pair(pair, generator=np.random.default_rng(0), strikes=1000, splits=3)
    same = probe_pair((pair[0], pair[0]), generator=np.random.default_rng(0), strikes=1000, splits=3)
    assert different.accuracy.min() > 0.65
    assert same.accuracy.max() < 0.55


def test_a_local_spectrum_adds_up_to_the_strike_at_the_start() -> None:
    drum = disc_drum(resolution=6)
    modes = membrane_modes(drum, int(drum.inside.sum()))
    row, column = (int(index) for index in np.argwhere(drum.inside)[20])
    here = local_spectrum(modes, drum, strike=(row, column), pickup=(row, column))
    there = local_spectrum(modes, drum, strike=(row, column), pickup=(row, column + 1))
    assert here.amplitudes.sum() * drum.spacing**2 == pytest.approx(1)  # all of it is at the strike
    assert there.amplitudes.sum() == pytest.approx(0, abs=1e-9)
    swapped = local_spectrum(modes, drum, strike=(row, column + 1), pickup=(row, column))
    np.testing.assert_allclose(swapped.amplitudes, there.amplitudes)  # reciprocity
    with pytest.raises(ValueError, match="pickup must be a node inside the drum, got row 0, column 0"):
        local_spectrum(modes, drum, strike=(row, column), pickup=(0, 0))


def test_time_steps_raise_frequencies() -> None:
    modes = membrane_modes(pixel_drum(np.ones((6, 6))), 8)
    scheme = scheme_frequencies(modes, dt=0.5)
    assert (scheme > modes.frequencies).all()
    np.testing.assert_allclose(scheme_frequencies(modes, dt=1e-5), modes.frequencies, rtol=1e-6)
    with pytest.raises(ValueError, match="dt must be above 0 and at most"):
        scheme_frequencies(modes, dt=2.0)
