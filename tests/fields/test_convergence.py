"""The step is of first order in dt: its error against exact solutions of the equation halves with dt."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, evolve

from .lattice import BOUNDARIES, LAPLACIAN, coupling_matrix, normal, plane, restoring, uniform

TIME = 3.0
STEPS = (100, 200, 400, 800, 1600)
"""dt from 0.03 to under 0.002."""


def damped_oscillation(eigenvalue: float, damping: float, time: float) -> float:
    """The exact position at ``time`` of an underdamped oscillator that starts at rest at 1."""
    frequency = np.sqrt(eigenvalue - damping**2 / 4)
    phase = frequency * time
    return float(np.exp(-damping * time / 2) * (np.cos(phase) + damping / (2 * frequency) * np.sin(phase)))


def assert_first_order(errors: list[float]) -> None:
    """Check that the slope of log error against log dt approaches 1 as dt decreases.

    For an error ``c dt + e dt^2`` the slope between neighbouring dt differs from 1 by about ``e dt / c``, so this
    difference must halve with dt too. A difference of 0.02 at the smallest dt rules out any other order.
    """
    slopes = -np.diff(np.log(errors)) / np.diff(np.log(STEPS))
    differences = np.abs(slopes - 1)
    assert differences[-1] < 0.02, f"observed orders {slopes}"
    assert np.all(differences[1:] < 0.6 * differences[:-1] + 1e-3), f"observed orders {slopes}"
    assert errors[0] < 0.1, f"no convergence to the solution: errors {errors}"


@pytest.mark.parametrize(("omega", "damping"), [(0.5, 0.3), (0.0, 0.0), (2.0, 1.0)])
def test_order_against_a_damped_standing_wave(omega: float, damping: float) -> None:
    kx, ky = 2 * np.pi * 2 / 8, 2 * np.pi / 6
    wave = torch.cos(plane(kx, ky, 6, 8))
    exact = wave * damped_oscillation(restoring(kx, ky, omega), damping, TIME)
    errors = []
    for steps in STEPS:
        field = evolve(
            wave,
            torch.full_like(wave, omega),
            torch.full_like(wave, damping),
            LAPLACIAN,
            dt=TIME / steps,
            steps=steps,
            nonlinearity="linear",
        )
        errors.append(float((field[:, -1] - exact).abs().max()))
    assert_first_order(errors)


def exact_position(y0: Tensor, omega: Tensor, alpha: Tensor, coupling: Tensor, boundary: Boundary) -> Tensor:
    """The position at ``TIME`` of the linear equation, by the exponential of its dense matrix on (y, z)."""
    _, _, height, width = y0.shape
    pull = coupling_matrix(coupling, height, width, boundary=boundary)
    stiffness, damping = torch.diag(omega.flatten()), torch.diag(alpha.flatten())
    identity = torch.eye(y0.numel(), dtype=y0.dtype)
    rates = torch.cat([torch.cat([0 * identity, identity], dim=1), torch.cat([pull - stiffness, -damping], dim=1)])
    start = torch.cat([y0.flatten(), torch.zeros(y0.numel(), dtype=y0.dtype)])
    evolution: Tensor = torch.linalg.matrix_exp(TIME * rates)
    return (evolution @ start)[: y0.numel()].reshape(y0.shape)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_order_against_the_matrix_exponential(boundary: Boundary) -> None:
    """Stiffness and damping vary over the grid, and the coupling of the channels has no symmetry."""
    y0 = normal(1, 2, 3, 4, seed=0)
    omega, alpha = uniform(1, 2, 3, 4, seed=1, high=2), uniform(1, 2, 3, 4, seed=2)
    coupling = 0.3 * normal(2, 2, 3, 3, seed=3)
    exact = exact_position(y0, omega, alpha, coupling, boundary)
    errors = []
    for steps in STEPS:
        field = evolve(
            y0, omega, alpha, coupling, dt=TIME / steps, steps=steps, boundary=boundary, nonlinearity="linear"
        )
        errors.append(float((field[:, -1] - exact).norm() / exact.norm()))
    assert_first_order(errors)
