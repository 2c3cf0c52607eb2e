"""The spread of values around a pixel, and the speed of the front of a wave."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drumhead.analysis.spread import front_speed, measure_spread
from drumhead.fields import evolve, laplacian


def test_radii_and_fronts_of_discs_are_their_radii() -> None:
    rows, columns = np.mgrid[:41, :51]
    distance = np.hypot(rows - 20, columns - 23)
    discs = np.stack([(distance <= radius).astype(float) for radius in (0, 5, 12)])
    spread = measure_spread(discs, (20, 23))
    assert spread.front.tolist() == [0, 5, 12]
    assert spread.reach.tolist() == [0, 5, 12]
    np.testing.assert_allclose(spread.radius_50, np.sqrt(0.5) * np.array([0, 5, 12]), atol=0.5)
    np.testing.assert_allclose(spread.radius_95, np.sqrt(0.95) * np.array([0, 5, 12]), atol=0.5)


def test_little_values_count_for_the_reach_but_not_for_the_front() -> None:
    values = np.zeros((2, 9, 9))
    values[0, 4, 4], values[0, 4, 6], values[0, 0, 4], values[0, 8, 8] = 1, 0.06, 0.04, 1e-15
    spread = measure_spread(values, (4, 4))
    assert (spread.front[0], spread.reach[0]) == (2, 4)
    assert np.isnan(spread.front[1])
    assert spread.reach[1] == -1


def test_the_front_of_a_wave_from_a_point_has_nearly_the_wave_s_speed() -> None:
    y0 = torch.zeros(1, 1, 91, 91, dtype=torch.float64)
    y0[..., 45, 45] = 1
    coupling = laplacian(1, dtype=torch.float64)
    field = evolve(y0, 0 * y0, 0 * y0, coupling, dt=0.1, steps=300, nonlinearity="linear", engine="plain")
    steps = np.arange(80, 301, 4)
    front = measure_spread(field[0, steps - 1, 0].abs().numpy(), (45, 45)).front
    assert front_speed(front, 0.1 * steps, farthest=45) == pytest.approx(1.02, rel=0.05)  # speed 1 for long waves


def test_frames_at_the_edge_do_not_count_for_the_speed() -> None:
    steps = np.arange(1, 11)
    front = np.minimum(2.0 * steps, 10)
    assert front_speed(front, steps, farthest=10) == pytest.approx(2)
    assert np.isnan(front_speed(front, steps, farthest=4))


def test_values_of_another_shape_are_rejected() -> None:
    with pytest.raises(ValueError, match="contain the point"):
        measure_spread(np.zeros((1, 5, 5)), (5, 0))
    with pytest.raises(ValueError, match="frame, height, width"):
        measure_spread(np.zeros((5, 5)), (0, 0))
