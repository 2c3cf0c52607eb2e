"""Modes of a drum with a fixed rim or a free edge, against their closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, WaveState, evolve, step

from .lattice import LAPLACIAN, mode_amplitudes, normal, restoring, uniform

HEIGHT, WIDTH = 7, 10


def fixed_mode(m: int, size: int) -> tuple[Tensor, float]:
    """Mode m = 1, 2, ... of a string fixed at both ends, a sine that is 0 one pixel outside; and its wavenumber."""
    k = np.pi * m / (size + 1)
    return torch.sin(k * (torch.arange(size, dtype=torch.float64) + 1)), k


def free_mode(m: int, size: int) -> tuple[Tensor, float]:
    """Mode m = 0, 1, ... of a string free at both ends, a cosine that is even about the outer pixel edges."""
    k = np.pi * m / size
    return torch.cos(k * (torch.arange(size, dtype=torch.float64) + 0.5)), k


@pytest.mark.parametrize(
    ("boundary", "modes"),
    [("fixed", (1, 1)), ("fixed", (3, 2)), ("fixed", (10, 7)), ("free", (1, 0)), ("free", (4, 3)), ("free", (9, 6))],
)
def test_a_mode_oscillates_at_its_own_frequency_and_keeps_its_shape(boundary: Boundary, modes: tuple[int, int]) -> None:
    one_dimensional = fixed_mode if boundary == "fixed" else free_mode
    (along, kx), (down, ky) = one_dimensional(modes[0], WIDTH), one_dimensional(modes[1], HEIGHT)
    mode = torch.outer(down, along)[None, None]
    field = evolve(mode, 0 * mode, 0 * mode, LAPLACIAN, dt=0.2, steps=500, boundary=boundary, nonlinearity="linear")
    amplitudes = mode_amplitudes(restoring(kx, ky, 0.0), 0.2, steps=500)
    torch.testing.assert_close(field, amplitudes[None, :, None, None, None] * mode[:, None], rtol=0, atol=1e-11)


@pytest.mark.parametrize("boundary", ["circular", "free"])
def test_without_stiffness_the_mean_velocity_is_constant(boundary: Boundary) -> None:
    """The neighbours' pulls cancel in the sum, so the mean position moves at a constant velocity."""
    dt, steps = 0.2, 300
    state = WaveState(normal(1, 1, HEIGHT, WIDTH, seed=0), normal(1, 1, HEIGHT, WIDTH, seed=1))
    start, velocity = float(state.y.mean()), float(state.z.mean())
    zeros = torch.zeros_like(state.y)
    for n in range(1, steps + 1):
        state = step(state, zeros, zeros, LAPLACIAN, dt=dt, boundary=boundary, nonlinearity="linear")
        assert float(state.y.mean()) == pytest.approx(start + n * dt * velocity, abs=1e-12)
        assert float(state.z.mean()) == pytest.approx(velocity, abs=1e-13)


@pytest.mark.parametrize("boundary", ["circular", "free"])
def test_damping_without_stiffness_makes_the_field_constant_at_its_mean(boundary: Boundary) -> None:
    y0 = normal(1, 1, 4, 5, seed=0)
    damping = torch.full_like(y0, 1.0)
    field = evolve(y0, 0 * y0, damping, LAPLACIAN, dt=0.3, steps=400, boundary=boundary, nonlinearity="linear")
    torch.testing.assert_close(field[:, -1], y0.mean().expand_as(y0), rtol=0, atol=1e-10)


def test_a_damped_field_with_a_fixed_boundary_decays_to_zero() -> None:
    y0 = torch.ones(1, 1, 4, 5, dtype=torch.float64)
    damping = uniform(1, 1, 4, 5, seed=0, low=0.5, high=1.5)
    field = evolve(y0, 0 * y0, damping, LAPLACIAN, dt=0.3, steps=400, boundary="fixed", nonlinearity="linear")
    assert float(field[:, -1].abs().max()) < 1e-10
