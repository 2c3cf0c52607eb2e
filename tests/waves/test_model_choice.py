"""Which wave is chosen, for waves that are known, in noise, and for noise alone."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves import Grid, plane_wave, rotating_wave, target_wave
from drumhead.waves.model_choice import choose_model
from drumhead.waves.sites import Complexes

GRID = Grid(frames=20, height=8, width=9, spacing=(1.0, 1.0))


def noisy(wave: Complexes, noise: float) -> Complexes:
    rotated: Complexes = wave * np.exp(1j * noise * np.random.default_rng(0).standard_normal(wave.shape))
    return rotated


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_each_wave_is_chosen_for_what_it_is(noise: float) -> None:
    waves = {
        "synchrony": plane_wave(GRID, wave_vector=(0.0, 0.0)),
        "plane": plane_wave(GRID, wave_vector=(0.4, -0.6)),
        "target": target_wave(GRID, centre=(3.2, 4.4), wave_number=-1.0),
        "rotation": rotating_wave(GRID, centre=(3.4, 4.3), chirality=-1),
    }
    for name, wave in waves.items():
        chosen = choose_model(noisy(wave, noise), spacing=1.0)
        right = (chosen.model == name).mean()
        assert right >= 0.9, name
        if name != "synchrony":
            assert chosen.gain.min() > 0.5
        if name == "rotation":
            assert (chosen.rotation.chirality == -1).all()


def test_frames_with_fewer_than_three_phases_have_no_model() -> None:
    z = plane_wave(GRID)
    z[3] = np.nan
    chosen = choose_model(z, spacing=1.0)
    assert chosen.model[3] == ""
    assert np.isnan(chosen.gain[3])
    assert set(np.delete(chosen.model, 3).tolist()) == {"plane"}
