"""What the scheme conserves without damping and how damping spends it, for the linear field.

With ``A`` the symmetric matrix of the restoring force, the scheme does not conserve the energy
``z.z + y.Ay`` (times one half) but the nearby ``Q = z.z + y.Ay - dt z.Ay``, to the last digit.
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
    """Two channels, the Laplacian in each, and a pull between them that is the same both ways."""
    coupling = laplacian(2, dtype=torch.float64)
    coupling[0, 1, 1, 1] = coupling[1, 0, 1, 1] = 0.4
    return coupling


class OscillatorGrid:
    """A linear field of varying stiffness with its dense restoring force A, let go from random y and z."""

    def __init__(self, boundary: Boundary, *, dt: float, damping: float = 0.0) -> None:
        self.boundary, self.dt = boundary, dt
        self.coupling = symmetric_coupling()
        self.omega = uniform(*SHAPE, seed=1, low=0.5, high=2)
        self.alpha = damping * uniform(*SHAPE, seed=2)
        pull = coupling_matrix(self.coupling, *SHAPE[2:], boundary=boundary)
        self.A = torch.diag(self.omega.flatten()) - pull

    def states(self, steps: int) -> Iterator[WaveState]:
        """The start and the states after each step."""
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
    sheet = OscillatorGrid(boundary, dt=dt)
    assert torch.equal(sheet.A, sheet.A.T)
    energies = np.array([sheet.modified_energy(state) for state in sheet.states(1000)])
    np.testing.assert_allclose(energies, energies[0], rtol=1e-12)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_the_true_energy_oscillates_within_order_dt_and_does_not_drift(boundary: Boundary) -> None:
    """Since ``E - Q = dt z.Ay`` and ``2 |z.Ay| <= sqrt(largest A) (z.z + y.Ay)``, E stays within that share of Q."""
    swings = []
    for dt in (0.1, 0.05):
        sheet = OscillatorGrid(boundary, dt=dt)
        share = 0.5 * dt * float(torch.linalg.eigvalsh(sheet.A).max().sqrt())
        states = list(sheet.states(int(200 / dt)))
        Q = sheet.modified_energy(states[0])
        energies = np.array([sheet.energy(state) for state in states])
        assert Q / (1 + share) <= energies.min() <= energies.max() <= Q / (1 - share)
        early, late = np.array_split(energies, 2)
        # Means over 100 units of time, some 30 of the slowest periods, agree far within the swing.
        assert abs(early.mean() - late.mean()) < 0.05 * np.ptp(energies)
        swings.append(np.ptp(energies))
    # Half the step, half the swing; not exactly, for the extremes of a sum of modes are sampled.
    assert 1.8 < swings[0] / swings[1] < 2.2


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_damping_spends_energy_as_fast_as_it_should(boundary: Boundary) -> None:
    """With ``D`` the damping, ``Q - (dt/2) z.Dz`` falls each step by ``(dt/2) (z + z').D(z + z')``, exactly."""
    sheet = OscillatorGrid(boundary, dt=0.3, damping=1.0)
    damping = sheet.alpha

    def left(state: WaveState) -> float:
        return sheet.modified_energy(state) - sheet.dt / 2 * float((damping * state.z**2).sum())

    states = list(sheet.states(200))
    energies = [left(state) for state in states]
    for n, (before, after) in enumerate(pairwise(states)):
        spent = sheet.dt / 2 * float((damping * (before.z + after.z) ** 2).sum())
        assert spent >= 0
        assert energies[n] - energies[n + 1] == pytest.approx(spent, abs=1e-12 * energies[0])
    assert sheet.energy(states[-1]) < 1e-3 * sheet.energy(states[0])


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("damping", [0.0, 1.0])
def test_the_conserved_energy_is_a_norm_just_below_the_stability_limit(boundary: Boundary, damping: float) -> None:
    """This is why the field stays bounded there: the energy is positive for every state other than rest."""
    sheet = OscillatorGrid(boundary, dt=1.0, damping=damping)
    dt = 0.999 * stability_limit(sheet.omega, sheet.alpha, sheet.coupling)
    n = len(sheet.A)
    kinetic = torch.eye(n, dtype=torch.float64) - dt / 2 * torch.diag(sheet.alpha.flatten())
    form = torch.cat([torch.cat([kinetic, -dt / 2 * sheet.A], 1), torch.cat([-dt / 2 * sheet.A, sheet.A], 1)])
    assert float(torch.linalg.eigvalsh(form).min()) > 0
