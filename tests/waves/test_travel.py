"""Direction, speed, wavelength and PGD of waves for which they are known, and of noise."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves import (
    Grid,
    directionality,
    local_speed,
    phase_gradient,
    plane_wave,
    rotating_wave,
    standing_wave,
    summarise_directions,
    travel,
)
from drumhead.waves.sites import Complexes

SPACING = (0.5, 0.25)
ANGLE = np.deg2rad(-130)  # the third quadrant
K = 2 * np.pi / 4 * np.array([np.sin(ANGLE), np.cos(ANGLE)])
GRID = Grid(spacing=SPACING)
WAVE = plane_wave(GRID, wave_vector=(K[0], K[1]), frequency=10)


def noise(grid: Grid) -> Complexes:
    real, imaginary = np.random.default_rng(0).standard_normal((2, *grid.shape))
    result: Complexes = real + 1j * imaginary
    return result


@pytest.mark.parametrize("reverse", [False, True])
def test_a_plane_wave_has_its_direction_speed_and_wavelength(reverse: bool) -> None:
    result = travel(WAVE.conj() if reverse else WAVE, dt=GRID.dt, spacing=SPACING)
    inner = slice(1, -1)
    np.testing.assert_allclose(result.direction[inner], ANGLE, atol=1e-14)
    np.testing.assert_allclose(result.speed[inner], 40, atol=1e-10)
    np.testing.assert_allclose(result.wavelength[inner], 4, atol=1e-12)
    np.testing.assert_allclose(result.frequency[inner], -10 if reverse else 10, atol=1e-10)
    np.testing.assert_allclose(result.pgd, 1, atol=1e-12)
    assert (result.synchrony < 0.1).all()
    assert (result.sites == 14 * 19).all()
    for each in (result.direction, result.speed, result.wavelength, result.frequency):
        assert np.isnan(each[[0, -1]]).all()  # without two steps around a frame its frequency is not known


def test_frames_in_blocks_are_as_frames_at_once() -> None:
    grid = Grid(frames=7, height=200, width=1100, spacing=SPACING)  # a block has 4 frames
    wave = plane_wave(grid, wave_vector=(K[0], K[1]), frequency=10)
    result = travel(wave, dt=grid.dt, spacing=SPACING)
    np.testing.assert_allclose(result.speed[1:-1], 40, atol=1e-9)


@pytest.mark.parametrize("noise", [0.1, 0.3, 0.6])
def test_noise_in_the_phases_does_not_bias_the_speed(noise: float) -> None:
    grid = Grid(frames=75, height=16, width=16, dt=1.0, spacing=(1, 1))
    k_y, k_x = 0.25, 0.35
    wave = plane_wave(grid, wave_vector=(k_y, k_x), frequency=0.4 * np.hypot(k_y, k_x) / (2 * np.pi))
    noisy = wave * np.exp(1j * noise * np.random.default_rng(0).standard_normal(grid.shape))
    assert np.nanmedian(travel(noisy, dt=grid.dt, spacing=1).speed) == pytest.approx(0.400, rel=0.025)
    if noise == 0.6:  # the mean of local speeds is ruled by the noise
        assert abs(np.nanmean(local_speed(noisy, dt=grid.dt, spacing=1)) - 0.4) > 0.2


def test_a_rotating_wave_and_a_standing_wave_go_nowhere() -> None:
    grid = Grid(height=20, width=20, spacing=(1, 1))
    assert travel(rotating_wave(grid, centre=(9.5, 9.5)), dt=grid.dt, spacing=1).pgd.max() < 1e-12
    assert travel(rotating_wave(grid, centre=(9.3, 9.8)), dt=grid.dt, spacing=1).pgd.max() < 0.05
    for k in ((0.3, 0.5), (0.0, 0.4)):
        wide = Grid(height=21, width=25, spacing=(1, 1))
        plane, standing = (make(wide, wave_vector=k) for make in (plane_wave, standing_wave))
        assert travel(plane, dt=0.01, spacing=1).pgd.min() > 0.999
        # The phase of a standing wave jumps by pi at its nodes, in either sense alike.
        assert np.nanmean(travel(standing + 1e-3 * noise(wide), dt=0.01, spacing=1).pgd) < 0.2


@pytest.mark.parametrize(("side", "expected"), [(4, 0.61), (10, 0.26), (32, 0.08)])
def test_the_pgd_of_noise_depends_on_the_array(side: int, expected: float) -> None:
    phases = np.random.default_rng(0).uniform(-np.pi, np.pi, (16_000 // side, side, side))
    pgd = travel(np.exp(1j * phases), dt=1.0, spacing=1.0).pgd
    assert np.quantile(pgd, 0.95) == pytest.approx(expected, abs=0.015)


def test_synchrony_has_no_speed() -> None:
    flat = plane_wave(GRID, wave_vector=(0.0, 0.0), frequency=10)
    result = travel(flat, dt=GRID.dt, spacing=SPACING)
    np.testing.assert_allclose(result.synchrony, 1, atol=1e-12)
    np.testing.assert_allclose(result.frequency[1:-1], 10, atol=1e-10)
    for each in (result.direction, result.speed, result.wavelength):
        assert np.isnan(each).all()
    diagonal = np.hypot(13 * 0.5, 18 * 0.25)
    for cycles, resolved in ((0.09, False), (0.11, True)):
        wave = plane_wave(GRID, wave_vector=(0.0, 2 * np.pi * cycles / diagonal), frequency=10)
        assert np.isfinite(travel(wave, dt=GRID.dt, spacing=SPACING).speed[1:-1]).all() == resolved


def test_weights_count_sites_by_their_squared_amplitude() -> None:
    z = WAVE.copy()
    z[:, :, 11:] = 1e-3 * plane_wave(GRID, wave_vector=(-K[0], -K[1]), frequency=10)[:, :, 11:]
    z[:, :, 10] = np.nan
    weighted = travel(z, dt=GRID.dt, spacing=SPACING, weights="amplitude")
    np.testing.assert_allclose(weighted.speed[1:-1], 40, rtol=1e-5)
    np.testing.assert_allclose(weighted.pgd, 1, atol=1e-5)
    np.testing.assert_allclose(travel(z, dt=GRID.dt, spacing=SPACING).pgd, (10 - 8) / 18, atol=1e-9)


def test_missing_sites_are_left_out_and_nothing_is_filled_in() -> None:
    rng = np.random.default_rng(0)
    valid = rng.random(WAVE.shape[1:]) > 0.3
    result = travel(np.where(valid, WAVE, np.nan), dt=GRID.dt, spacing=SPACING)
    np.testing.assert_allclose(result.speed[1:-1], 40, atol=1e-10)
    np.testing.assert_array_equal(directionality(WAVE, spacing=SPACING, valid=valid), result.pgd)
    gradient = phase_gradient(WAVE, spacing=SPACING, valid=valid)
    assert result.sites[0] == (np.isfinite(gradient.g_y[0]) & np.isfinite(gradient.g_x[0])).sum() < valid.sum()


def test_a_frame_without_phases_has_no_values_and_does_not_touch_others() -> None:
    z = WAVE.copy()
    z[30] = np.nan
    result = travel(z, dt=GRID.dt, spacing=SPACING)
    assert result.sites[30] == 0
    assert np.isnan(result.pgd[30])
    assert np.flatnonzero(np.isnan(result.speed)).tolist() == [0, 29, 30, 31, 74]
    np.testing.assert_allclose(result.speed[np.isfinite(result.speed)], 40, atol=1e-10)


def test_local_speed_is_the_speed_at_each_site_of_a_plane_wave() -> None:
    speed = local_speed(WAVE, dt=GRID.dt, spacing=SPACING)
    np.testing.assert_allclose(speed[1:-1], 40, atol=1e-9)
    assert np.isnan(speed[[0, -1]]).all()


def test_directions_are_averaged_on_the_circle() -> None:
    assert summarise_directions(np.array([np.pi - 0.1, -np.pi + 0.3]))[0] == pytest.approx(-np.pi + 0.1)
    assert summarise_directions([0.0, np.pi / 2, np.pi, -np.pi / 2]).resultant == pytest.approx(0, abs=1e-12)
    empty = summarise_directions([np.nan])
    assert np.isnan(empty.mean)
    assert empty.counted == 0


def test_one_row_has_no_direction_and_says_so() -> None:
    with pytest.raises(ValueError, match="of 1 x 19 sites, 19 have a phase and none has such neighbours"):
        travel(WAVE[:, :1], dt=GRID.dt, spacing=SPACING)
    with pytest.raises(ValueError, match="0 have a phase"):
        travel(np.full_like(WAVE, np.nan), dt=GRID.dt, spacing=SPACING)
    with pytest.raises(ValueError, match="weights must be 'none' or 'amplitude'"):
        travel(WAVE, dt=GRID.dt, spacing=SPACING, weights="power")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dt, the time from frame to frame"):
        travel(WAVE, dt=0, spacing=SPACING)
