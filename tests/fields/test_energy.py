"""The conserved quantity of the linear scheme without damping, and its decay with damping.

Let ``A`` be the symmetric matrix of the restoring force. The scheme does not conserve the energy ``z.z + y.Ay`` (times
one half), but the modified energy ``Q = z.z + y.Ay - dt z.Ay``, up to rounding.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from drumhead.fields import Boundary, WaveState, laplacian, stability_limit, step

from .lattice import BOUNDARIES, coupling_matrix, normal, uniform

SHAPE = (1, 2, 4, 5)


def symmetric_coupling() -> Tensor:
    """The Laplacian in each of two channels, and an equal pull of each channel on the other."""
    coupling = laplacian(2, dtype=torch.float64)
    coupling[0, 1, 1, 1] = coupling[1, 0, 1, 1] = 0.4
    return coupling


class LinearField:
    """A linear field of varying stiffness with its dense restoring force A, which starts at random y and z."""

    def __init__(self, boundary: Boundary, *, dt: float, damping: float = 0.0) -> None:
        self.boundary, self.dt = boundary, dt
        self.coupling = symmetric_coupling()
        self.omega = uniform(*SHAPE, seed=1, low=0.5, high=2)
        self.alpha = damping * uniform(*SHAPE, seed=2)
        pull = coupling_matrix(self.coupling, *SHAPE[2:], boundary=boundary)
        self.A = torch.diag(self.omega.flatten()) - pull

    def states(self, steps: int) -> Iterator[WaveState]:
        """Yield the first state and the state after each step."""
        state = WaveState(normal(*SHAPE, seed=3), normal(*SHAPE, seed=4))
        yield state
        for _ in range(steps):
            state = step(
                state,
                self.omega,
                self.alpha,
                self.coupling,
                dt=self.dt,
                boundary=self.boundary,
                nonlinearity="linear",
            )
            yield state

    def energy(self, state: WaveState) -> float:
        """Twice the true energy."""
        y, z = state.y.flatten(), state.z.flatten()
        return float(z @ z + y @ self.A @ y)

    def modified_energy(self, state: WaveState) -> float:
        y, z = state.y.flatten(), state.z.flatten()
        return self.energy(state) - self.dt * float(z @ self.A @ y)


@pytest.mark.parametrize("dt", [0.1, 0.5])
@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_the_modified_energy_is_conserved_to_rounding(boundary: Boundary, dt: float) -> None:
    field = LinearField(boundary, dt=dt)
    assert torch.equal(field.A, field.A.T)
    energies = np.array([field.modified_energy(state) for state in field.states(1000)])
    np.testing.assert_allclose(energies, energies[0], rtol=1e-12)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_the_true_energy_oscillates_within_order_dt_and_does_not_drift(boundary: Boundary) -> None:
    """``E - Q = dt z.Ay`` and ``2 |z.Ay| <= sqrt(largest A) E``, so ``|E - Q| <= dt sqrt(largest A) E / 2``."""
    ranges = []
    for dt in (0.1, 0.05):
        field = LinearField(boundary, dt=dt)
        share = 0.5 * dt * float(torch.linalg.eigvalsh(field.A).max().sqrt())
        states = list(field.states(int(200 / dt)))
        Q = field.modified_energy(states[0])
        energies = np.array([field.energy(state) for state in states])
        assert Q / (1 + share) <= energies.min() <= energies.max() <= Q / (1 - share)
        early, late = np.array_split(energies, 2)
        # Means over 100 units of time, about 30 of the slowest periods, differ by far less than the oscillation.
        assert abs(early.mean() - late.mean()) < 0.05 * np.ptp(energies)
        ranges.append(np.ptp(energies))
    # Half the step halves the range, but not exactly, because the extremes of a sum of modes are sampled.
    assert 1.8 < ranges[0] / ranges[1] < 2.2


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_damping_dissipates_energy_at_the_exact_rate(boundary: Boundary) -> None:
    """With ``D`` the damping, ``Q - (dt/2) z.Dz`` decreases in each step by ``(dt/2) (z + z').D(z + z')``, exactly."""
    field = LinearField(boundary, dt=0.3, damping=1.0)
    damping = field.alpha

    def remaining(state: WaveState) -> float:
        return field.modified_energy(state) - field.dt / 2 * float((damping * state.z**2).sum())

    states = list(field.states(200))
    energies = [remaining(state) for state in states]
    for n, (before, after) in enumerate(pairwise(states)):
        dissipated = field.dt / 2 * float((damping * (before.z + after.z) ** 2).sum())
        assert dissipated >= 0
        assert energies[n] - energies[n + 1] == pytest.approx(dissipated, abs=1e-12 * energies[0])
    assert field.energy(states[-1]) < 1e-3 * field.energy(states[0])


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("damping", [0.0, 1.0])
def test_the_conserved_energy_is_a_norm_just_below_the_stability_limit(boundary: Boundary, damping: float) -> None:
    """The energy is positive for every state other than rest, which is why the field stays bounded."""
    field = LinearField(boundary, dt=1.0, damping=damping)
    dt = 0.999 * stability_limit(field.omega, field.alpha, field.coupling)
    n = len(field.A)
    kinetic = torch.eye(n, dtype=torch.float64) - dt / 2 * torch.diag(field.alpha.flatten())
    form = torch.cat([torch.cat([kinetic, -dt / 2 * field.A], 1), torch.cat([-dt / 2 * field.A, field.A], 1)])
    assert float(torch.linalg.eigvalsh(form).min()) > 0
