"""Plane fits against known waves, against a search of another kind, and against chance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from drumhead.waves import Grid, fit_plane, grid_positions, plane_wave
from drumhead.waves.fits import gain
from drumhead.waves.sites import Complexes, Floats

SPACING = (0.5, 0.4)


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def noisy_plane(k: tuple[float, float], *, deviation: float, missing: float, frames: int, seed: int = 0) -> Complexes:
    """10x10 sites 1 apart with normal phase errors, each site missing from the whole movie with a given probability."""
    grid = Grid(frames=frames, height=10, width=10, spacing=(1.0, 1.0))
    z: Complexes = plane_wave(grid, wave_vector=k) * np.exp(1j * random(seed).normal(scale=deviation, size=grid.shape))
    z[:, random(seed + 1).random((10, 10)) < missing] = np.nan
    return z


def noise(*shape: int, seed: int = 0) -> Complexes:
    z: Complexes = np.exp(2j * np.pi * random(seed).random(shape))
    return z


@pytest.mark.parametrize("k", [(-1.1, -2.3), (6.0, 7.7), (0.02, -0.05), (-6.28, 0.0)])
def test_a_plane_wave_is_found_exactly(k: tuple[float, float]) -> None:
    grid = Grid(frames=3)
    fit = fit_plane(plane_wave(grid, wave_vector=k), spacing=grid.spacing)
    np.testing.assert_allclose([fit.k_y, fit.k_x], np.tile(np.array(k)[:, None], 3), rtol=0, atol=1e-9)
    np.testing.assert_allclose(fit.resultant, 1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(fit.gain, 1, rtol=0, atol=1e-8)
    np.testing.assert_allclose(fit.direction, np.arctan2(*k), rtol=0, atol=1e-7)
    np.testing.assert_allclose(fit.wave_number, np.hypot(*k), rtol=0, atol=1e-9)


def test_a_wave_with_noise_and_missing_sites() -> None:
    """40 % of a 10x10 array missing, phase errors of 0.4 rad: k to 3 standard errors, R = exp(-0.08)."""
    fit = fit_plane(noisy_plane((1.1, -0.7), deviation=0.4, missing=0.4, frames=200), spacing=1.0)
    # Of a regression of the phase on the position, for 60 sites with a variance of (10^2 - 1) / 12 along each axis.
    standard_error = 0.4 / np.sqrt(60 * 99 / 12)
    assert np.abs(fit.k_y[0] - 1.1) < 3 * standard_error
    assert np.abs(fit.k_x[0] + 0.7) < 3 * standard_error
    assert np.abs(fit.k_y.mean() - 1.1) < 3 * standard_error / np.sqrt(200)
    assert fit.k_y.std() == pytest.approx(standard_error, rel=0.15)
    assert fit.resultant.mean() == pytest.approx(np.exp(-0.08), abs=0.005)


@pytest.mark.parametrize("scattered", [False, True])
def test_the_maximum_is_the_one_that_another_search_finds(scattered: bool) -> None:
    """The best of 129x129 lattice points, refined by Nelder and Mead's method, on noise with many maxima."""
    z = noise(12, 7, 5)
    z[:, 2, 3] = np.nan
    positions = grid_positions(7, 5, SPACING)
    if scattered:
        positions = positions + random(3).uniform(-0.1, 0.1, size=positions.shape)
        fit = fit_plane(z.reshape(12, -1), positions=positions)
        box = np.full(2, np.pi / np.median([np.sort(np.hypot(*(positions - each).T))[1] for each in positions]))
    else:
        fit, box = fit_plane(z, spacing=SPACING), np.pi / np.array(SPACING)

    def resultant(k: Floats, frame: int) -> float:
        phasors = (z[frame].ravel() * np.exp(1j * positions @ k))[np.isfinite(z[frame].ravel())]
        return float(np.abs(phasors.mean()))

    axes = [np.linspace(-edge, edge, 129) for edge in box]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    sums = np.abs(np.nan_to_num(z.reshape(12, -1)) @ np.exp(1j * positions @ lattice.T))
    compared = 0
    for frame in range(12):
        best = minimize(
            lambda k, frame: -resultant(k, frame),
            lattice[sums[frame].argmax()],
            args=(frame,),
            method="Nelder-Mead",
            options={"xatol": 1e-8, "fatol": 1e-14},
        )
        if (np.abs(best.x) < box).all():  # it does not stop at the edge of the box
            compared += 1
            assert fit.resultant[frame] == pytest.approx(-best.fun, abs=1e-9)
            np.testing.assert_allclose([fit.k_y[frame], fit.k_x[frame]], best.x, rtol=0, atol=1e-6)
    assert compared > 6


def test_a_grid_given_as_positions_has_the_same_fit() -> None:
    z = noisy_plane((1.1, -0.7), deviation=0.4, missing=0.4, frames=5)
    grid = fit_plane(z, spacing=1.0)
    order = random().permutation(100)
    scattered = fit_plane(z.reshape(5, 100)[:, order], positions=grid_positions(10, 10, 1.0)[order])
    for one, other in zip(grid, scattered, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-9)


def test_amplitude_and_a_constant_phase_do_not_matter() -> None:
    z = noisy_plane((1.1, -0.7), deviation=0.4, missing=0.4, frames=5)
    other = fit_plane(z * np.exp(1.3j) * random().uniform(0.1, 10, size=z.shape), spacing=1.0)
    for one, two in zip(fit_plane(z, spacing=1.0), other, strict=True):
        np.testing.assert_allclose(one, two, rtol=0, atol=1e-9)


def test_mirrored_and_transposed_arrays_have_mirrored_and_transposed_waves() -> None:
    z = noisy_plane((1.1, -0.7), deviation=0.4, missing=0.0, frames=5)
    fit, mirrored = fit_plane(z, spacing=SPACING), fit_plane(z[:, ::-1], spacing=SPACING)
    transposed = fit_plane(z.transpose(0, 2, 1), spacing=SPACING[::-1])
    np.testing.assert_allclose(mirrored.k_y, -fit.k_y, rtol=0, atol=1e-9)
    np.testing.assert_allclose(mirrored.k_x, fit.k_x, rtol=0, atol=1e-9)
    np.testing.assert_allclose(transposed.k_y, fit.k_x, rtol=0, atol=1e-9)
    backwards = fit_plane(z.conj(), spacing=SPACING)
    np.testing.assert_allclose(backwards.k_y, -fit.k_y, rtol=0, atol=1e-9)


def test_the_gain_separates_a_long_wave_from_synchrony() -> None:
    """A fifth of a wavelength on the array: R is large either way, the gain only with the sites in order."""
    z = noisy_plane((0.12, 0.06), deviation=0.2, missing=0.0, frames=100)
    shuffled = random().permuted(z.reshape(100, 100), axis=1).reshape(z.shape)
    fit, chance = fit_plane(z, spacing=1.0), fit_plane(shuffled, spacing=1.0)
    assert fit.resultant.min() > 0.95
    assert chance.resultant.min() > 0.85
    assert fit.gain.min() > 0.6
    assert np.quantile(chance.gain, 0.99) < 0.1


def test_by_chance_the_gain_is_that_of_permuted_sites() -> None:
    independent = fit_plane(noise(2000, 6, 6), spacing=1.0)
    one = np.repeat(noise(1, 36, seed=1), 2000, axis=0)
    permuted = fit_plane(random(2).permuted(one, axis=1).reshape(2000, 6, 6), spacing=1.0)
    assert np.quantile(permuted.gain, 0.99) == pytest.approx(np.quantile(independent.gain, 0.99), rel=0.1)
    assert 0.1 < np.quantile(permuted.gain, 0.99) < 0.4


def test_synchrony_leaves_nothing_to_explain() -> None:
    fit = fit_plane(np.full((2, 4, 5), 1 + 1j), spacing=1.0)
    np.testing.assert_allclose(fit.synchrony, 1, rtol=0, atol=1e-12)
    np.testing.assert_allclose(fit.wave_number, 0, rtol=0, atol=1e-6)
    assert np.isnan(fit.gain).all()
    assert gain(np.array(0.9), np.array(0.0)) == pytest.approx(0.81)


def test_a_frame_without_three_phases_has_no_fit() -> None:
    z = plane_wave(Grid(frames=5))
    z[0] = np.nan
    z[1] = 0
    z[2].ravel()[2:] = np.nan
    fit = fit_plane(z, spacing=SPACING)
    for each in fit:
        np.testing.assert_array_equal(np.isnan(each), [True, True, True, False, False])


def test_float32_gives_the_same_fit() -> None:
    z = noisy_plane((1.1, -0.7), deviation=0.4, missing=0.4, frames=5).astype(np.complex64)
    for one, two in zip(fit_plane(z, spacing=1.0), fit_plane(z.astype(np.complex128), spacing=1.0), strict=True):
        np.testing.assert_array_equal(one, two)


def test_many_frames_are_fitted_in_blocks() -> None:
    z = noise(500, 10, 10)
    fit, part = fit_plane(z, spacing=1.0), fit_plane(z[450:], spacing=1.0)
    np.testing.assert_allclose(fit.resultant[450:], part.resultant, rtol=0, atol=1e-12)


def test_invalid_arguments_are_rejected() -> None:
    z = plane_wave(Grid(frames=3))
    with pytest.raises(ValueError, match="takes spacing"):
        fit_plane(z)
    with pytest.raises(ValueError, match="takes positions"):
        fit_plane(z.reshape(3, -1), spacing=1.0)
    with pytest.raises(ValueError, match=r"spacing, .*, must be above 0"):
        fit_plane(z, spacing=0.0)
    with pytest.raises(ValueError, match="a complex movie is needed"):
        fit_plane(z.real, spacing=1.0)
    with pytest.raises(ValueError, match="the 19 sites with a phase are on one line"):
        fit_plane(z[:, :1], spacing=1.0)
    with pytest.raises(ValueError, match="on one line"):
        fit_plane(z[:, 0, :4], positions=np.outer(range(4), [0.1, 0.2]))
    with pytest.raises(ValueError, match="at least 3 sites"):
        fit_plane(z[:, :1, :2], spacing=1.0)
