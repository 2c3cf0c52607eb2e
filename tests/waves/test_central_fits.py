"""Target and rotation fits against known waves, on small and large grids, and against a search over all sites."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from drumhead.waves import Grid, fit_plane, fit_rotation, fit_target, grid_positions, rotating_wave, target_wave
from drumhead.waves.central_waves import Limits, climb, conjugate_wave, derivatives
from drumhead.waves.sites import Complexes, Floats


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def with_errors(wave: Complexes, deviation: float, seed: int = 0) -> Complexes:
    """The wave with normal phase errors."""
    noisy: Complexes = wave * np.exp(1j * random(seed).normal(scale=deviation, size=wave.shape))
    return noisy


@pytest.mark.parametrize("wavelength", [60, 20, 8, 3])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_target_wave_is_found_at_its_centre(wavelength: float, sign: int) -> None:
    """The circular-linear correlation of such waves with distance falls from 0.999 to 0.139; R is 1 for all."""
    grid = Grid(frames=2, height=20, width=20, spacing=(1.0, 1.0))
    k = sign * 2 * np.pi / wavelength
    fit = fit_target(target_wave(grid, centre=(9.0, 11.0), wave_number=k), spacing=1.0)
    np.testing.assert_allclose(fit.resultant, 1, rtol=0, atol=1e-6)
    np.testing.assert_allclose([fit.y, fit.x], [[9, 9], [11, 11]], rtol=0, atol=1e-3)
    np.testing.assert_allclose(fit.k, k, rtol=1e-3)
    np.testing.assert_allclose(fit.gain, 1, rtol=0, atol=1e-5)


@pytest.mark.parametrize("shape", [(10, 12), (9, 31), (60, 50)])
@pytest.mark.parametrize("chirality", [-1, 1])
@pytest.mark.parametrize("pitch", [0.0, 0.4, -1.9])
def test_rotating_waves_and_spirals_are_found(shape: tuple[int, int], chirality: Literal[-1, 1], pitch: float) -> None:
    grid = Grid(frames=1, height=shape[0], width=shape[1], spacing=(0.8, 1.1))
    centre = 0.8 * 0.37 * shape[0], 1.1 * 0.61 * shape[1]
    wave = rotating_wave(grid, centre=centre, chirality=chirality, pitch=pitch)
    fit = fit_rotation(wave, spacing=grid.spacing)
    assert fit.resultant[0] == pytest.approx(1, abs=1e-6)
    assert (fit.y[0], fit.x[0], fit.k[0]) == pytest.approx((*centre, pitch), abs=2e-3)
    assert (fit.chirality[0], fit.charge[0]) == (chirality, -chirality)


@pytest.mark.parametrize("size", [10, 40])
@pytest.mark.parametrize("wavelength", [20, 8, 3.5])
def test_a_centre_outside_the_array_is_found_in_noise(size: int, wavelength: float) -> None:
    """The centre is 0.4 sizes above the first row; its direction is the better determined the shorter the wave."""
    grid = Grid(frames=4, height=size, width=size, spacing=(1.0, 1.0))
    centre = (-0.4 * size, 0.3 * size)
    fit = fit_target(
        with_errors(target_wave(grid, centre=centre, wave_number=2 * np.pi / wavelength), 0.4), spacing=1.0
    )
    np.testing.assert_allclose(fit.resultant, np.exp(-0.08), rtol=0, atol=0.06 if size == 10 else 0.02)
    np.testing.assert_allclose(fit.k, 2 * np.pi / wavelength, rtol=0.1)
    along_columns = (fit.x - centre[1]) / (size / 2 - centre[0])  # the error of the direction, in radians
    assert np.abs(along_columns).max() < 0.02 * wavelength


def test_scattered_sites_have_the_fit_of_their_grid() -> None:
    grid = Grid(frames=3, height=8, width=9, spacing=(0.5, 0.4))
    z = with_errors(rotating_wave(grid, centre=(1.6, 1.9), pitch=1.5), 0.5)
    z[:, 2, 3] = np.nan
    order = random(1).permutation(72)
    for fit in (fit_target, fit_rotation):
        on_grid = fit(z, spacing=grid.spacing)
        scattered = fit(z.reshape(3, 72)[:, order], positions=grid_positions(8, 9, grid.spacing)[order])
        np.testing.assert_allclose(scattered.resultant, on_grid.resultant, rtol=0, atol=1e-6)
        np.testing.assert_allclose(scattered.y, on_grid.y, rtol=0, atol=1e-2)


def test_in_noise_the_search_over_blocks_finds_what_a_search_over_all_sites_finds() -> None:
    """A weak wave on 30x30 sites: many ascents from near the truth, on all sites, find nothing better."""
    grid = Grid(frames=4, height=30, width=30, spacing=(1.0, 1.0))
    for wavelength in (25, 5):
        k = 2 * np.pi / wavelength
        z = with_errors(target_wave(grid, centre=(8.0, 19.0), wave_number=k), 1.2)
        fit = fit_target(z, spacing=1.0)
        points, limits = (grid_positions(30, 30, 1.0) - 14.5) / 14.5, Limits(np.full(2, 3.0), np.pi * 14.5)
        truth = np.array([8 - 14.5, 19 - 14.5, k * 14.5**2]) / 14.5
        starts = truth + random().normal(scale=[0.05, 0.05, 0.5], size=(4, 20, 3))
        found = climb(z.reshape(4, -1), points, 0, starts, limits).value.max(axis=1) / 900
        np.testing.assert_allclose(fit.resultant, found, rtol=0, atol=1e-4)
        assert (fit.resultant > 0.4).all()


def test_each_kind_of_wave_is_fitted_best_by_its_own_model() -> None:
    grid = Grid(frames=3, height=10, width=10, spacing=(1.0, 1.0))
    target = with_errors(target_wave(grid, centre=(4.2, 5.3), wave_number=1.2), 0.3)
    rotation = with_errors(rotating_wave(grid, centre=(4.2, 5.3)), 0.3)
    fits = (fit_plane, fit_target, fit_rotation)
    gains = np.array([[fit(z, spacing=1.0).gain.mean() for fit in fits] for z in (target, rotation)])
    assert gains.argmax(axis=1).tolist() == [1, 2]
    assert gains.max(axis=1).min() > 0.85
    assert np.sort(gains, axis=1)[:, 1].max() < 0.75


def test_a_plane_wave_is_a_target_wave_from_far_away() -> None:
    """The farthest centre is one array size away, so the fit is close but not perfect."""
    from drumhead.waves import plane_wave

    grid = Grid(frames=2, height=10, width=10, spacing=(1.0, 1.0))
    fit = fit_target(plane_wave(grid, wave_vector=(0.0, 0.5)), spacing=1.0)
    assert (fit.resultant > 0.95).all()
    assert (np.abs(fit.x - 4.5) > 9).all()


def test_the_derivatives_are_those_of_the_phase() -> None:
    points = random().uniform(-1, 1, size=(7, 2))
    parameters = np.array([0.3, -1.4, 2.1])
    for charge in (-1, 0, 1):
        _, slopes = derivatives(parameters, charge, points)
        for index in range(3):
            step = np.zeros(3)
            step[index] = 1e-3
            ahead, behind = (conjugate_wave(parameters + sign * step, charge, points) for sign in (1, -1))
            numerical: Floats = -np.angle(ahead.astype(np.complex128) * behind.conj()) / 2e-3
            np.testing.assert_allclose(slopes[index], numerical, rtol=0, atol=1e-3)


def test_a_frame_without_three_phases_has_no_fit() -> None:
    z = target_wave(Grid(frames=3))
    z[1].ravel()[2:] = np.nan
    for fit in (fit_target, fit_rotation):
        for each in fit(z, spacing=(0.5, 0.4)):
            np.testing.assert_array_equal(np.isnan(each), [False, True, False])


def test_invalid_arguments_are_rejected() -> None:
    z = target_wave(Grid(frames=3))
    for fit in (fit_target, fit_rotation):
        with pytest.raises(ValueError, match="takes spacing"):
            fit(z)
        with pytest.raises(ValueError, match="on one line"):
            fit(z[:, :, :1], spacing=1.0)
