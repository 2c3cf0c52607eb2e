"""Natural frequencies agree with those of simulated oscillators."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drumhead.analysis.natural_frequency import natural_frequencies
from drumhead.analysis.spectrum import amplitude_spectrum, lowest_peak
from drumhead.fields import evolve, laplacian

DT = 0.05
OMEGA = 1.7


def simulated_frequency(y0: torch.Tensor, coupling: torch.Tensor, **options: object) -> float:
    """Simulate a field from ``y0`` at rest, and return the frequency of its middle oscillator."""
    stiffness = torch.full_like(y0, OMEGA)
    field = evolve(
        y0,
        stiffness,
        0 * y0,
        coupling,
        dt=DT,
        steps=4000,
        nonlinearity="linear",
        engine="plain",
        **options,  # type: ignore[arg-type]
    )
    middle = field[0, :, 0, y0.shape[2] // 2, y0.shape[3] // 2].numpy()
    return lowest_peak(amplitude_spectrum(middle, dt=DT, window="hann", padding=4))


def test_all_three_frequencies_are_those_of_simulated_oscillators() -> None:
    coupling = 0.6 * laplacian(1, dtype=torch.float64)
    coupling[0, 0, 1, 1] += 0.3  # a kernel that does not sum to 0
    single, grid = torch.ones(1, 1, 1, 1, dtype=torch.float64), torch.ones(1, 1, 3, 3, dtype=torch.float64)
    expected = natural_frequencies(np.full((1, 1, 1), OMEGA), coupling.numpy())
    for frequency, simulated in (
        (expected.uncoupled, simulated_frequency(single, 0 * coupling)),
        (expected.neighbours_fixed, simulated_frequency(single, coupling, boundary="fixed")),
        (expected.neighbours_in_phase, simulated_frequency(grid, coupling, boundary="circular")),
    ):
        # The scheme's own frequency differs by 4 pi^2 f^2 dt^2 / 24.
        assert frequency[0, 0, 0] == pytest.approx(simulated, rel=1e-3)
    assert len({round(float(each[0, 0, 0]), 3) for each in expected}) == 3


def test_each_channel_has_its_own_kernel() -> None:
    coupling = np.zeros((2, 2, 3, 3))
    coupling[0, 0, 1, 1], coupling[1, 1, 1, 1], coupling[0, 1] = -3.0, 2.0, 9.0
    frequencies = natural_frequencies(np.ones((5, 2, 4, 3)), coupling)
    assert frequencies.neighbours_fixed.shape == (5, 2, 4, 3)
    np.testing.assert_allclose(frequencies.neighbours_fixed[:, 0], 2 / (2 * np.pi))
    assert not frequencies.neighbours_fixed[:, 1].any()  # coupling outweighs stiffness, so there is no oscillation


def test_invalid_arguments_are_rejected() -> None:
    with pytest.raises(ValueError, match=r"got \(2, 4, 4\) and \(1, 1, 3, 3\)"):
        natural_frequencies(np.ones((2, 4, 4)), np.ones((1, 1, 3, 3)))
