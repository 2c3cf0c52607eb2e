"""Which sites are valid and why others are not, and the checks of spacing, time and shapes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from drumhead.waves import (
    check_dt,
    check_movie,
    check_positions,
    check_spacing,
    exclusions,
    grid_positions,
    phase_mask,
    plane_wave,
    valid_sites,
)


def test_analysing_waves_needs_no_torch() -> None:
    code = "import sys, drumhead.waves; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_each_site_is_excluded_for_one_named_reason() -> None:
    movie = plane_wave().real.copy()
    movie[3, 0, 0], movie[-1, 0, 1] = np.nan, np.inf
    movie[:, 5, 7] = 2.0
    mask = np.ones(movie.shape[1:], np.bool_)
    mask[0, 0] = mask[13, 18] = False
    found = exclusions(movie, mask)
    assert np.argwhere(found.excluded).tolist() == [[0, 0], [13, 18]]
    assert np.argwhere(found.not_finite).tolist() == [[0, 1]]
    assert np.argwhere(found.constant).tolist() == [[5, 7]]
    assert found.valid.sum() == 14 * 19 - 4
    np.testing.assert_array_equal(valid_sites(movie, mask), found.valid)
    assert str(found) == (
        "262 of 266 sites are valid (2 excluded by the mask, 1 with values that are not finite, 1 constant)"
    )


def test_too_few_valid_sites_are_counted_by_reason() -> None:
    movie = np.random.default_rng(0).normal(size=(5, 4))
    movie[0, :2] = np.nan
    with pytest.raises(ValueError, match=r"at least 3 .* 2 of 4 sites are valid \(2 with values that are not finite\)"):
        valid_sites(movie)
    with pytest.raises(ValueError, match="0 of 6 sites are valid"):
        valid_sites(np.full((5, 2, 3), np.nan))
    with pytest.raises(ValueError, match=r"0 of 6 sites are valid \(6 constant\)"):
        valid_sites(np.ones((5, 2, 3)))


def test_a_phase_is_defined_frame_by_frame() -> None:
    z = plane_wave()
    z[0], z[1, 2, 3] = np.nan, 0
    mask = phase_mask(z)
    assert not mask[0].any()
    assert (~mask[1]).sum() == 1
    assert mask[2:].all()
    assert phase_mask(z[5:6]).all()  # one frame, in which nothing changes
    with pytest.raises(ValueError, match="complex movie is needed, got float64"):
        phase_mask(z.real)


def test_single_precision_is_computed_in_double() -> None:
    assert check_movie(np.zeros((3, 2, 2), np.float32)).dtype == np.float64
    assert check_movie(np.zeros((3, 4), np.complex64)).dtype == np.complex128
    assert check_movie(np.zeros((3, 2, 2), np.uint16)).dtype == np.float64


def test_positions_of_a_grid_are_in_the_order_of_its_values() -> None:
    y, x = grid_positions(3, 4, (2.0, 0.5)).reshape(3, 4, 2).transpose(2, 0, 1)
    np.testing.assert_array_equal(y[:, 0], [0, 2, 4])
    np.testing.assert_array_equal(x[0], [0, 0.5, 1, 1.5])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check_spacing(0.0), "above 0 and finite, got 0.0"),
        (lambda: check_spacing((1.0, -0.5)), r"above 0 and finite, got \(1.0, -0.5\)"),
        (lambda: check_spacing((1.0, 2.0, 3.0)), r"one length, or \(dy, dx\)"),  # type: ignore[arg-type]
        (lambda: check_dt(float("nan")), "dt, the time from frame to frame, must be above 0"),
        (lambda: check_movie(np.zeros(5)), r"\(time, y, x\), or \(time, site\)"),
        (lambda: check_movie(np.zeros((2, 3, 3))), "at least 3 frames here, got 2"),
        (lambda: check_movie(np.zeros((3, 0, 3))), "must have sites"),
        (lambda: check_movie(np.array([["a"]])), "real or complex numbers, got dtype <U1"),
        (lambda: check_movie(np.zeros((3, 2, 2), complex), real=True), "a real movie is needed, got complex128"),
        (lambda: exclusions(np.zeros((3, 2, 2)), np.ones((2, 3), bool)), r"for each site, \(2, 2\); got bool of shape"),
        (lambda: check_positions(np.zeros((3, 2)), 3), "different positions; 3 are at"),
        (lambda: check_positions([[0.0, 0.0], [0.0, np.nan]], 2), "must be finite; site 1"),
        (lambda: check_positions(np.zeros((2, 3)), 3), r"must be \(3, 2\)"),
    ],
)
def test_errors_state_rule_and_value(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call()
