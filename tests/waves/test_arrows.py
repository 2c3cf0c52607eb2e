"""Arrows of a picture point where the waves go, and are as long as the waves of their cell agree."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves import Grid, plane_wave, rotating_wave
from drumhead.waves.arrows import frame_arrows


def test_arrows_of_a_plane_wave_are_its_direction_in_every_cell() -> None:
    grid = Grid(height=14, width=25)
    wave = plane_wave(grid, wave_vector=(-1.1, -2.3))
    wave[:, :3, :3] = np.nan
    arrows = frame_arrows(wave, 10, dt=grid.dt, spacing=grid.spacing, most=9)
    assert len(arrows.y) == 5 * 9 - 1  # cells of 3 x 3 sites, one without a phase
    np.testing.assert_allclose(arrows.along_y, -1.1 / np.hypot(1.1, 2.3), atol=1e-12)
    np.testing.assert_allclose(arrows.along_x, -2.3 / np.hypot(1.1, 2.3), atol=1e-12)
    assert (arrows.y.max(), arrows.x.max()) == (pytest.approx(12.5 * 0.5), pytest.approx(24 * 0.4))


def test_arrows_about_a_rotating_wave_turn_with_it() -> None:
    grid = Grid(height=24, width=24, spacing=(1, 1))
    arrows = frame_arrows(rotating_wave(grid, centre=(11.5, 11.5), chirality=1), 3, dt=grid.dt, spacing=1, most=8)
    y, x = arrows.y - 11.5, arrows.x - 11.5
    turning = (x * arrows.along_y - y * arrows.along_x) / np.hypot(y, x)
    assert turning[np.hypot(y, x) > 6].min() > 0.9
