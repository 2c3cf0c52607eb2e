"""The gradient of phase of waves whose wave vector is known, down to wavelengths of two sites."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves import Boundary, Grid, phase_gradient, plane_wave, wave_vector
from drumhead.waves.gradient import check_complex_grid

SPACING = (0.5, 0.25)
ANGLE, WAVELENGTH = np.deg2rad(150), 4.0
K = 2 * np.pi / WAVELENGTH * np.array([np.sin(ANGLE), np.cos(ANGLE)])  # (y, x)
GRID = Grid(spacing=SPACING)
WAVE = plane_wave(GRID, wave_vector=(K[0], K[1]), frequency=10)


def test_the_gradient_is_exact_at_every_site_edges_included() -> None:
    g_y, g_x = phase_gradient(WAVE, spacing=SPACING)
    np.testing.assert_allclose(g_y, -K[0], atol=1e-12)
    np.testing.assert_allclose(g_x, -K[1], atol=1e-12)


def test_neighbours_of_missing_sites_use_their_other_side() -> None:
    valid = np.ones(WAVE.shape[1:], np.bool_)
    valid[3, 4] = valid[8, 0:5] = valid[12:, 17] = False
    z = WAVE.copy()
    z[:, 6, 6] = np.nan
    g_y, g_x = phase_gradient(z, spacing=SPACING, valid=valid)
    valid[6, 6] = False
    assert (np.isnan(g_x) == ~valid).sum() == np.isnan(
        g_x
    ).size - 2 * 75  # the two sites between column 17 and the edge
    np.testing.assert_array_equal(np.isnan(g_y[0]), ~valid)
    np.testing.assert_allclose(g_y[:, valid], -K[0], atol=1e-12)
    np.testing.assert_allclose(g_x[np.isfinite(g_x)], -K[1], atol=1e-12)


def test_a_circular_sheet_is_joined_across_its_seam() -> None:
    grid = Grid(frames=3, height=8, width=10, dt=0.1, spacing=(1, 1))
    wave = plane_wave(grid, wave_vector=(2 * np.pi * 2 / 8, -2 * np.pi * 3 / 10), frequency=1)
    g_y, g_x = phase_gradient(wave, spacing=1, boundary="circular")
    np.testing.assert_allclose(g_y, -np.pi / 2, atol=1e-12)
    np.testing.assert_allclose(g_x, 0.6 * np.pi, atol=1e-12)
    # A wave that does not fit has a jump at the seam, and only there.
    wave = plane_wave(grid, wave_vector=(0.0, 0.7), frequency=1)
    seam = phase_gradient(wave, spacing=1, boundary="circular").g_x
    np.testing.assert_allclose(seam[:, :, 1:-1], -0.7, atol=1e-12)
    assert (np.abs(seam[:, :, [0, -1]] + 0.7) > 0.1).all()


@pytest.mark.parametrize("wavelength", [12, 6, 4.5, 3.5, 3, 2.5, 2.1])
def test_short_waves_keep_their_direction_down_to_two_sites(wavelength: float) -> None:
    grid = Grid(frames=3, height=3, width=16, dt=0.1, spacing=(1, 1))
    wave = plane_wave(grid, wave_vector=(0, 2 * np.pi / wavelength), frequency=1)
    np.testing.assert_allclose(phase_gradient(wave, spacing=1).g_x, -2 * np.pi / wavelength, atol=1e-12)
    aliased = plane_wave(grid, wave_vector=(0, 2 * np.pi / 1.9), frequency=1)
    assert (phase_gradient(aliased, spacing=1).g_x > 0).all()  # what no method can tell


def test_single_precision_gives_the_gradient_to_its_rounding() -> None:
    g_y, g_x = phase_gradient(WAVE.astype(np.complex64), spacing=SPACING)
    assert g_y.dtype == np.float64
    np.testing.assert_allclose(g_y, -K[0], atol=2e-6)
    np.testing.assert_allclose(g_x, -K[1], atol=4e-6)


def test_only_the_angle_matters_without_smoothing() -> None:
    amplitude = np.random.default_rng(0).uniform(0.1, 9, WAVE.shape)
    np.testing.assert_allclose(phase_gradient(amplitude * WAVE, spacing=SPACING).g_x, -K[1], atol=1e-12)


def test_smoothing_averages_the_signal_over_valid_sites_and_not_the_phase() -> None:
    rng = np.random.default_rng(0)
    grid = Grid(frames=5, height=30, width=40, spacing=SPACING)
    wave = plane_wave(grid, wave_vector=(0.3, -0.4), frequency=10)  # 2 pi is passed several times
    noisy = wave + 0.7 * (rng.standard_normal(grid.shape) + 1j * rng.standard_normal(grid.shape))
    noisy[:, 10, 10] = np.nan
    plain, smooth = (phase_gradient(noisy, spacing=SPACING, smooth=smooth) for smooth in (0, 1.0))
    assert np.nanstd(smooth.g_x - 0.4) < 0.2 * np.nanstd(plain.g_x - 0.4)
    np.testing.assert_array_equal(np.isnan(smooth.g_x), np.isnan(plain.g_x))
    # On a circular sheet, smoothing multiplies a wave that fits by one real number: its phase is unchanged.
    ring = Grid(frames=3, height=16, width=20, dt=0.1, spacing=(1, 1))
    wave = plane_wave(ring, wave_vector=(2 * np.pi * 2 / 16, -2 * np.pi * 3 / 20), frequency=1)
    np.testing.assert_allclose(
        phase_gradient(wave, spacing=1, boundary="circular", smooth=1.5).g_x, 0.3 * np.pi, atol=1e-10
    )


def test_the_wave_vector_points_where_the_wave_goes_whichever_way_its_phase_runs() -> None:
    for z in (WAVE, WAVE.conj()):
        k_y, k_x = wave_vector(z, dt=GRID.dt, spacing=SPACING)
        np.testing.assert_allclose(k_y[1:-1], K[0], atol=1e-12)
        np.testing.assert_allclose(k_x[1:-1], K[1], atol=1e-12)
        assert np.isnan(k_y[[0, -1]]).all()


def test_one_row_has_no_gradient_along_y() -> None:
    boundaries: tuple[Boundary, ...] = ("open", "circular")
    for boundary in boundaries:
        g_y, g_x = phase_gradient(WAVE[:, :1], spacing=SPACING, boundary=boundary)
        assert np.isnan(g_y).all()
        np.testing.assert_allclose(g_x[:, :, 1:-1], -K[1], atol=1e-12)


def test_invalid_arguments_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"on a grid, \(time, y, x\), is needed"):
        phase_gradient(WAVE[:, 0], spacing=SPACING)
    with pytest.raises(ValueError, match="a complex movie is needed, got float64"):
        phase_gradient(WAVE.real, spacing=SPACING)
    with pytest.raises(ValueError, match="above 0 and finite"):
        phase_gradient(WAVE, spacing=(1, 0))
    with pytest.raises(ValueError, match="boundary must be 'open' or 'circular', got 'fixed'"):
        phase_gradient(WAVE, spacing=SPACING, boundary="fixed")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="smooth must be 0 or more"):
        phase_gradient(WAVE, spacing=SPACING, smooth=-1)
    assert check_complex_grid(WAVE) is WAVE
