"""Modes of travelling, standing and damped waves whose shares, shapes and frequencies are known."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves import (
    Grid,
    PrincipalModes,
    dynamic_modes,
    masked,
    plane_wave,
    principal_modes,
    standing_wave,
    white_noise,
)
from drumhead.waves.sites import Complexes

GRID = Grid(frames=100, height=8, width=16, dt=0.05, spacing=(1.0, 1.0))
K = (np.pi / 4, np.pi / 8)  # whole wavelengths on the grid
F = 1.2  # whole periods in the movie


def wave(direction: int = 1) -> Complexes:
    return plane_wave(GRID, wave_vector=(direction * K[0], direction * K[1]), frequency=F)


def both(z: Complexes) -> tuple[PrincipalModes, PrincipalModes]:
    return principal_modes(z.real, kind="real", count=3), principal_modes(z, kind="complex", count=2)


def test_a_travelling_wave_is_two_real_modes_or_one_complex_one() -> None:
    real, complex_ = both(wave())
    np.testing.assert_allclose(real.share, [0.5, 0.5, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(complex_.share, [1, 0], rtol=0, atol=1e-12)
    assert complex_.travelling[0] == pytest.approx(1, abs=1e-12)
    assert real.travelling.tolist() == [0, 0, 0]


def test_a_standing_wave_is_one_mode() -> None:
    real, complex_ = both(standing_wave(GRID, wave_vector=K, frequency=F))
    np.testing.assert_allclose(real.share, [1, 0, 0], rtol=0, atol=1e-12)
    np.testing.assert_allclose(complex_.share, [1, 0], rtol=0, atol=1e-12)
    assert complex_.travelling[0] == pytest.approx(0, abs=1e-7)


def test_a_wave_with_half_of_the_opposite_one() -> None:
    real, complex_ = both(wave() + 0.5 * wave(-1))
    np.testing.assert_allclose(real.share, [0.9, 0.1, 0], rtol=0, atol=1e-12)
    assert complex_.travelling[0] == pytest.approx(1 / 3, abs=1e-12)


def test_the_complex_mode_has_the_wave_vector_where_the_wave_goes() -> None:
    shape = principal_modes(wave(), kind="complex", count=1).shapes[0]
    np.testing.assert_allclose(np.angle(shape[1:] * shape[:-1].conj()), -K[0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.angle(shape[:, 1:] * shape[:, :-1].conj()), -K[1], rtol=0, atol=1e-9)
    largest = shape.ravel()[np.abs(shape).argmax()]
    assert largest.real > 0
    assert largest.imag == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("frames", [30, 200])
@pytest.mark.parametrize("kind", ["real", "complex"])
def test_all_modes_together_are_the_movie(frames: int, kind: str) -> None:
    """For fewer frames than sites and for more; the modes are orthogonal and of unit norm."""
    grid = GRID._replace(frames=frames, height=6, width=7)
    movie = white_noise(grid, np.random.default_rng(0)) + 3.0
    x = movie if kind == "real" else movie + 1j * white_noise(grid, np.random.default_rng(1))
    count = min(frames - 1, 42)
    found = principal_modes(x, kind="real" if kind == "real" else "complex", count=count)
    assert found.share.sum() == pytest.approx(1, abs=1e-12)
    assert (np.diff(found.share) <= 0).all()
    rebuilt = x.mean(axis=0) + np.einsum("mt,myx->tyx", found.courses, found.shapes)
    np.testing.assert_allclose(rebuilt, x, rtol=0, atol=1e-10)
    flat = found.shapes.reshape(count, -1)
    np.testing.assert_allclose(flat @ flat.conj().T, np.eye(count), rtol=0, atol=1e-6)


def test_sites_that_are_not_valid_and_frames_without_values_come_back_nan() -> None:
    valid = np.random.default_rng(0).random((8, 16)) > 0.2
    z = np.asarray(masked(wave(), valid), np.complex128)
    z[:5] = z[-7:] = np.nan
    found = principal_modes(z, kind="complex", count=1)
    np.testing.assert_array_equal(np.isnan(found.shapes[0]), ~valid)
    np.testing.assert_array_equal(np.isnan(found.courses[0]), [True] * 5 + [False] * 88 + [True] * 7)
    assert found.share[0] == pytest.approx(1, abs=1e-9)


def test_dynamic_modes_of_a_decaying_and_an_undamped_wave() -> None:
    """x = exp(-0.01 t) times a wave that travels + another that travels the other way, sampled every 1."""
    time, y, x = np.arange(60)[:, None, None], np.arange(8)[:, None], np.arange(16)
    omega, other, k = np.pi / 8, 0.31, np.pi / 8
    movie = np.exp(-0.01 * time) * np.cos(k * x - omega * time) + 0.5 * np.cos(2 * k * x + 0.3 * y + other * time)
    found = dynamic_modes(movie, rank=4, dt=1.0)
    order = np.argsort(found.exponents.imag)
    expected = [-0.01 - 1j * omega, -1j * other, 1j * other, -0.01 + 1j * omega]
    np.testing.assert_allclose(found.exponents[order], expected, rtol=0, atol=1e-9)
    assert omega == pytest.approx(0.392699, abs=1e-6)
    forward, backward = found.shapes[order[3]], found.shapes[order[2]]
    np.testing.assert_allclose(np.angle(forward[:, 1:] * forward[:, :-1].conj()), -k, rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.angle(backward[:, 1:] * backward[:, :-1].conj()), 2 * k, rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.angle(backward[1:] * backward[:-1].conj()), 0.3, rtol=0, atol=1e-9)
    powers = np.exp(found.exponents[:, None] * np.arange(60))
    rebuilt = np.einsum("m,mt,myx->tyx", found.amplitudes, powers, found.shapes)
    np.testing.assert_allclose(rebuilt, movie, rtol=0, atol=1e-9)


def test_dynamic_modes_of_a_linear_damped_field_are_those_of_its_recurrence() -> None:
    """y'' = c^2 Laplacian y - d y' on a circular grid, stepped as models step it; mu solves a quadratic equation."""
    dt, speed, damping, k_y, k_x = 0.4, 1.0, 0.05, 2 * np.pi / 8, 2 * np.pi / 16
    a = 4 * speed**2 * (np.sin(k_y / 2) ** 2 + np.sin(k_x / 2) ** 2)
    mu = np.roots([1, -(2 - dt**2 * a - dt * damping), 1 - dt * damping])
    y, x = np.arange(8)[:, None], np.arange(16)
    wave_at = [np.real(np.exp(-1j * (k_y * y + k_x * x)) * mu[0] ** n) for n in range(2)]
    frames = list(wave_at)
    for _ in range(40):
        now, before = frames[-1], frames[-2]
        laplacian = sum(np.roll(now, shift, axis) for axis in (0, 1) for shift in (-1, 1)) - 4 * now
        frames.append(2 * now - before + dt**2 * speed**2 * laplacian - dt * damping * (now - before))
    found = dynamic_modes(np.array(frames), rank=2, dt=dt)
    np.testing.assert_allclose(np.sort_complex(np.exp(found.exponents * dt)), np.sort_complex(mu), rtol=0, atol=1e-9)


def test_dynamic_modes_of_masked_sites_come_back_nan() -> None:
    valid = np.random.default_rng(0).random((8, 16)) > 0.2
    found = dynamic_modes(masked(wave(), valid), rank=1, dt=GRID.dt)
    np.testing.assert_array_equal(np.isnan(found.shapes[0]), ~valid)
    assert found.exponents[0] == pytest.approx(2j * np.pi * F, abs=1e-9)


def test_invalid_arguments_are_rejected() -> None:
    z = wave()
    with pytest.raises(ValueError, match="kind must be 'real' or 'complex'"):
        principal_modes(z, kind="hilbert", count=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a real movie is needed"):
        principal_modes(z, kind="real", count=1)
    with pytest.raises(ValueError, match="those of the analytic signal"):
        principal_modes(z.real, kind="complex", count=1)
    with pytest.raises(ValueError, match=r"count must be from 1 to 100, .*; got 101"):
        principal_modes(z, kind="complex", count=101)
    with pytest.raises(ValueError, match=r"rank must be from 1 to 99, .*; got 0"):
        dynamic_modes(z, rank=0, dt=0.1)
    with pytest.raises(ValueError, match=r"rank must not be above that of the movie, 1; got 2"):
        dynamic_modes(z, rank=2, dt=0.1)
    with pytest.raises(ValueError, match="dt, the time"):
        dynamic_modes(z, rank=1, dt=0)
