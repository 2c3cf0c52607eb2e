"""The choice of a model is right for waves of each kind with noise, and says none in noise alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import i0e, i1e

from drumhead.waves import Grid, choose_model, fit_plane, grid_positions, plane_wave, rotating_wave, target_wave
from drumhead.waves.model_choice import MODELS, concentration
from wave_models import confusion


@pytest.mark.parametrize(("size", "error", "least"), [(10, 0.4, 0.9), (10, 0.8, 0.85)])
def test_waves_of_each_kind_are_recognised(size: int, error: float, least: float) -> None:
    for model, shares in confusion(size, error, frames=40).items():
        assert shares[model] >= least, (model, shares)


@pytest.mark.slow
def test_a_centre_is_rarely_found_where_there_is_none() -> None:
    """Over all sizes and errors of the benchmark: a wave about a centre is chosen for at most 1 in 10 others."""
    for size in (6, 10, 16):
        for error in (0.4, 0.8, 1.2):
            shares = confusion(size, error, frames=100)
            for model in ("none", "synchrony", "plane"):
                assert shares[model]["target"] + shares[model]["rotation"] <= 0.1, (size, error, model)
            assert shares["none"]["none"] >= 0.9


def test_the_fits_are_those_of_the_functions_and_the_gain_is_the_chosen_one() -> None:
    grid = Grid(frames=3)
    z = plane_wave(grid) * np.exp(1j * np.random.default_rng(0).normal(scale=0.3, size=grid.shape))
    choice = choose_model(z, spacing=grid.spacing)
    assert choice.model.tolist() == ["plane"] * 3
    np.testing.assert_array_equal(choice.plane.k_x, fit_plane(z, spacing=grid.spacing).k_x)
    np.testing.assert_array_equal(choice.gain, choice.plane.gain)
    assert choice.scores.shape == (len(MODELS), 3)
    corner = z[:, :8, :9]
    scattered = choose_model(corner.reshape(3, -1), positions=grid_positions(8, 9, grid.spacing))
    assert scattered.model.tolist() == ["plane"] * 3


@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_each_wave_is_chosen_for_what_it_is(noise: float) -> None:
    grid = Grid(frames=20, height=8, width=9, spacing=(1.0, 1.0))
    waves = {
        "synchrony": plane_wave(grid, wave_vector=(0.0, 0.0)),
        "plane": plane_wave(grid, wave_vector=(0.4, -0.6)),
        "target": target_wave(grid, centre=(3.2, 4.4), wave_number=-1.0),
        "rotation": rotating_wave(grid, centre=(3.4, 4.3), chirality=-1),
    }
    for name, wave in waves.items():
        errors = np.exp(1j * noise * np.random.default_rng(0).standard_normal(wave.shape))
        chosen = choose_model(wave * errors, spacing=1.0)
        assert (chosen.model == name).mean() >= 0.9, name
        if name != "synchrony":
            assert chosen.gain.min() > 0.5
        if name == "rotation":
            assert (chosen.rotation.chirality == -1).all()


def test_synchrony_is_no_wave() -> None:
    errors = np.exp(1j * np.random.default_rng(0).normal(scale=0.5, size=(20, 8, 8)))
    choice = choose_model(errors, spacing=1.0)
    assert (choice.model == "synchrony").mean() > 0.9
    assert (choice.gain[choice.model == "synchrony"] == 0).all()


def test_a_frame_without_three_phases_has_no_model() -> None:
    z = plane_wave(Grid(frames=3))
    z[1] = np.nan
    choice = choose_model(z, spacing=(0.5, 0.4))
    assert choice.model.tolist() == ["plane", "", "plane"]
    assert np.isnan(choice.gain).tolist() == [False, True, False]


def test_the_concentration_is_the_inverse_of_the_resultant_length() -> None:
    r = np.array([0.0, 1e-6, 0.01, 0.3, 0.7, 0.99, 0.99999])
    kappa = concentration(r)
    np.testing.assert_allclose(i1e(kappa) / i0e(kappa), r, rtol=1e-9, atol=1e-15)
