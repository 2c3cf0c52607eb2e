"""The limit on dt: its value, that it is sufficient, where it is sharp, and what tanh does beyond it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, Nonlinearity, coupling_norm, evolve, laplacian, stability, stability_limit

from .lattice import BOUNDARIES, LAPLACIAN, coupling_matrix, normal, uniform


def spectral_radius(omega: Tensor, alpha: Tensor, coupling: Tensor, dt: float, boundary: Boundary) -> float:
    """The largest |mu| of the linear scheme ``(y[n], y[n-1]) -> (y[n+1], y[n])`` as a dense matrix."""
    n, (height, width) = omega.numel(), omega.shape[-2:]
    A = torch.diag(omega.flatten()) - coupling_matrix(coupling, height, width, boundary=boundary)
    D, identity = torch.diag(alpha.flatten()), torch.eye(n, dtype=torch.float64)
    top = torch.cat([2 * identity - dt**2 * A - dt * D, dt * D - identity], 1)
    return float(torch.linalg.eigvals(torch.cat([top, torch.eye(n, 2 * n, dtype=torch.float64)])).abs().max())


def largest_position(
    omega: Tensor,
    alpha: Tensor,
    *,
    dt: float,
    steps: int,
    boundary: Boundary = "circular",
    nonlinearity: Nonlinearity = "linear",
) -> float:
    """The largest position reached from a random initial position, which excites every mode."""
    y0 = normal(*omega.shape, seed=0)
    field = evolve(y0, omega, alpha, LAPLACIAN, dt=dt, steps=steps, boundary=boundary, nonlinearity=nonlinearity)
    return float(field.abs().max())


@pytest.mark.parametrize(("stiffness", "damping"), [(0.0, 0.0), (3.0, 0.0), (0.0, 2.0), (1.0, 0.5)])
def test_the_limit_is_sharp_for_a_uniform_field(stiffness: float, damping: float) -> None:
    """On a circular grid of even sides, on which the shortest wave fits: bounded 0.1 % below, divergent 0.1 % above."""
    omega = torch.full((1, 1, 6, 8), stiffness, dtype=torch.float64)
    alpha = torch.full_like(omega, damping)
    limit = stability_limit(omega, alpha, LAPLACIAN)
    assert (8 + stiffness) * limit**2 + 2 * damping * limit == pytest.approx(4, rel=1e-12)
    # Close to the limit the shortest wave reaches 1 / sqrt(1 - (dt/limit)^2) = 22 times its amplitude.
    assert largest_position(omega, alpha, dt=0.999 * limit, steps=4000) < 100
    assert largest_position(omega, alpha, dt=1.001 * limit, steps=4000) > 1e4


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("seed", [0, 1])
def test_below_the_limit_a_field_of_varying_stiffness_and_damping_stays_bounded(seed: int, boundary: Boundary) -> None:
    omega, alpha = uniform(1, 1, 6, 8, seed=seed, high=3), uniform(1, 1, 6, 8, seed=seed + 10, high=0.5)
    limit = stability_limit(omega, alpha, LAPLACIAN)
    assert spectral_radius(omega, alpha, LAPLACIAN, 0.9999 * limit, boundary) < 1
    assert spectral_radius(omega, alpha, LAPLACIAN, 1.2 * limit, boundary) > 1.1  # the limit is nearly sharp
    assert largest_position(omega, alpha, dt=0.9999 * limit, steps=4000, boundary=boundary) < 10
    assert largest_position(omega, alpha, dt=1.2 * limit, steps=400, boundary=boundary) > 1e12


def test_the_limit_follows_from_the_largest_stiffness_and_the_largest_damping() -> None:
    """One stiff pixel and one damped pixel determine it; the others do not matter."""
    omega, alpha = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
    omega[0, 0, 1, 2], alpha[0, 0, 3, 0] = 5.0, 2.0
    everywhere = stability_limit(torch.tensor(5.0), torch.tensor(2.0), LAPLACIAN)
    assert stability_limit(omega, alpha, LAPLACIAN) == everywhere
    assert everywhere == pytest.approx(4 / (2 + math.sqrt(4 + 4 * 13)))


def test_without_force_and_damping_there_is_no_limit() -> None:
    zero = torch.zeros(1)
    assert stability_limit(zero, zero, torch.zeros(1, 1, 3, 3)) == math.inf


def test_the_norm_of_the_laplacian_is_eight() -> None:
    assert coupling_norm(laplacian(1)) == pytest.approx(8, rel=1e-12)
    assert coupling_norm(laplacian(5)) == pytest.approx(8, rel=1e-12)


@pytest.mark.parametrize("channels", [1, 2, 3])
def test_the_norm_is_that_of_the_dense_matrix(channels: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is exact on a grid with the same wave vectors; on other grids it may miss the peak between wave vectors.

    Along a line between wave vectors the pull is a trigonometric polynomial, whose value decreases from its peak no
    faster than a cosine; at half the spacing in both axes that is cos(2 pi / GRID).
    """
    coupling = normal(channels, channels, 3, 3, seed=channels)
    slack = 1 / math.cos(2 * math.pi / stability.GRID)
    for height, width in [(5, 7), (6, 8), (1, 9)]:
        for boundary in ("circular", "fixed"):
            dense = coupling_matrix(coupling, height, width, boundary=boundary)
            assert float(torch.linalg.matrix_norm(dense, ord=2)) <= slack * coupling_norm(coupling)
    monkeypatch.setattr(stability, "GRID", 8)
    dense = coupling_matrix(coupling, 8, 8, boundary="circular")
    assert coupling_norm(coupling) == pytest.approx(float(torch.linalg.matrix_norm(dense, ord=2)), rel=1e-12)


def test_an_asymmetric_coupling_may_grow_at_any_step() -> None:
    """A stronger pull from the left amplifies waves in one direction. So does the equation: no dt prevents it."""
    coupling = laplacian(1, dtype=torch.float64)
    coupling[0, 0, 1, 0] += 0.5
    coupling[0, 0, 1, 2] -= 0.5
    omega, alpha = torch.full((1, 1, 6, 8), 1.0, dtype=torch.float64), torch.zeros(1, 1, 6, 8, dtype=torch.float64)
    limit = stability_limit(omega, alpha, coupling)
    for fraction in (0.9, 0.1, 0.001):
        assert spectral_radius(omega, alpha, coupling, fraction * limit, "circular") ** (1 / fraction) > 1.05
    assert spectral_radius(omega, alpha + 0.8, coupling, 0.1 * limit, "circular") < 1  # damping does


def smooth_field(seed: int) -> Tensor:
    """A wave as long as the sides of a 16 x 16 grid, and a millionth of every other wave."""
    angle = 2 * torch.pi * torch.arange(16, dtype=torch.float64) / 16
    return torch.outer(torch.cos(angle), torch.cos(angle))[None, None] + 1e-6 * normal(1, 1, 16, 16, seed=seed)


def short_wave_fraction(frames: Tensor) -> float:
    """The fraction of the power in waves shorter than 4 pixels, along height or width."""
    short = torch.fft.fftfreq(16).abs() > 1 / 4
    power = (torch.fft.fft2(frames).abs() ** 2).mean(0)
    return float(power[short[:, None] | short].sum() / power.sum())


@pytest.mark.parametrize(("factor", "fraction"), [(1.05, 0.99), (1.3, 0.8)])
def test_beyond_the_limit_tanh_bounds_a_damped_field_but_waves_of_a_few_pixels_persist(
    factor: float, fraction: float
) -> None:
    """Below the limit damping brings the field to rest; beyond it the shortest waves persist, in various ways."""
    y0 = smooth_field(seed=0)
    omega, alpha = torch.full_like(y0, 1.0), torch.full_like(y0, 0.1)
    limit = stability_limit(omega, alpha, LAPLACIAN)

    def last_frames(factor: float, nonlinearity: Nonlinearity) -> Tensor:
        field = evolve(y0, omega, alpha, LAPLACIAN, dt=factor * limit, steps=1500, nonlinearity=nonlinearity)
        return field[0, -100:, 0]

    assert float(last_frames(0.95, "tanh").abs().max()) < 1e-12
    assert not float(last_frames(factor, "linear").abs().max()) < 1e12
    persistent = last_frames(factor, "tanh")
    assert 0.01 < float(persistent.abs().max()) < 10
    assert short_wave_fraction(y0[0]) < 1e-9
    assert short_wave_fraction(persistent) > fraction


def test_beyond_the_limit_tanh_does_not_bound_a_field_without_stiffness_and_damping() -> None:
    """The saturated pull is bounded but erratic, and there is no restoring force."""
    y0 = smooth_field(seed=0)
    limit = stability_limit(0 * y0, 0 * y0, LAPLACIAN)
    assert float(evolve(y0, 0 * y0, 0 * y0, LAPLACIAN, dt=0.95 * limit, steps=3000).abs().max()) < 1.1
    assert float(evolve(y0, 0 * y0, 0 * y0, LAPLACIAN, dt=1.1 * limit, steps=3000).abs().max()) > 30


def test_tanh_does_not_bound_a_field_whose_stiffness_alone_is_beyond_the_limit() -> None:
    """The stiffness is outside the tanh: it requires ``omega dt^2 + 2 alpha dt <= 4`` for any coupling."""
    omega = torch.full((1, 1, 6, 8), 5.0, dtype=torch.float64)
    alone = stability_limit(omega, 0 * omega, 0 * LAPLACIAN)
    assert alone == pytest.approx(2 / np.sqrt(5))
    assert largest_position(omega, 0 * omega, dt=1.05 * alone, steps=400, nonlinearity="tanh") > 1e12
    assert largest_position(omega, 0 * omega + 0.1, dt=0.9 * alone, steps=4000, nonlinearity="tanh") < 100
