"""Fits of dispersion: they return the stiffness and speed of simulated fields, and say how broad the ridge is."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from drumhead.fields import evolve
from drumhead.waves import fit_dispersion, travelling_spectrum

LAPLACIAN = torch.tensor([[[[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]]], dtype=torch.float64)


def simulate(stiffness: npt.NDArray[np.float64], speed_squared: float) -> npt.NDArray[np.float64]:
    """Return 512 frames of a linear circular field of 16 x 16 sites that starts from random positions."""
    y0 = torch.from_numpy(np.random.default_rng(0).standard_normal((1, 1, 16, 16)))
    omega = torch.from_numpy(np.broadcast_to(stiffness, (1, 1, 16, 16)).copy())
    field = evolve(
        y0, omega, 0 * y0, speed_squared * LAPLACIAN, dt=0.4, steps=512, nonlinearity="linear", engine="plain"
    )
    return field[0, :, 0].numpy()


def test_stiffness_and_speed_are_found_under_noise() -> None:
    movie = simulate(np.array(0.5), 0.7)
    noisy = movie + 0.3 * np.random.default_rng(1).standard_normal(movie.shape)
    fit = fit_dispersion(travelling_spectrum(noisy, dt=0.4, spacing=1, padding=8))
    assert fit.stiffness == pytest.approx(0.5, abs=2e-3)
    assert fit.speed_squared == pytest.approx(0.7, abs=1e-3)
    assert abs(fit.stiffness - 0.5) < 4 * fit.stiffness_error < 0.01
    assert abs(fit.speed_squared - 0.7) < 4 * fit.speed_squared_error < 0.01
    assert fit.r_squared > 0.999


def test_without_noise_the_fit_is_exact_and_the_ridge_narrow() -> None:
    spectrum = travelling_spectrum(simulate(np.array(0.5), 0.7), dt=0.4, spacing=1, padding=8)
    fit = fit_dispersion(spectrum)
    assert (fit.stiffness, fit.speed_squared) == pytest.approx((0.5, 0.7), abs=1e-5)
    # The window spreads the power of each wave over frequency; its own spectrum says how far.
    frames = np.arange(512)
    power = np.abs(np.fft.fft(np.sin(np.pi * (frames + 0.5) / 512) ** 2, 512 * 512)) ** 2
    within = [power[0] + 2 * power[1 : round(512 * bins)].sum() for bins in (fit.width / spectrum.resolution, 0.5)]
    assert within[0] / power.sum() == pytest.approx(0.5, abs=0.05)
    assert within[1] / power.sum() == pytest.approx(fit.share_on_surface, abs=0.05)


def test_stiffness_that_differs_from_site_to_site_makes_a_broad_ridge() -> None:
    uneven = np.random.default_rng(2).uniform(0, 4, (16, 16))
    spectra = [
        travelling_spectrum(simulate(each, 0.7), dt=0.4, spacing=1, padding=4) for each in (np.array(2.0), uneven)
    ]
    narrow, broad = (fit_dispersion(each) for each in spectra)
    assert broad.width > 3 * narrow.width
    assert broad.share_on_surface < 0.5 * narrow.share_on_surface
    assert uneven.min() < broad.stiffness < uneven.max()


def test_units_of_length_and_time_scale_the_fit() -> None:
    movie = simulate(np.array(0.5), 0.7)
    fit = fit_dispersion(travelling_spectrum(movie, dt=0.4 * 1e-3, spacing=(0.2, 0.2), padding=8))
    assert fit.stiffness == pytest.approx(0.5e6, rel=1e-4)
    assert fit.speed_squared == pytest.approx(0.7 * 0.2**2 * 1e6, rel=1e-4)


def test_anisotropic_spacing_uses_each_axis_s_own() -> None:
    # cos(k.r - Omega t) for several k, with Omega^2 = 2 + 3 |k|^2 in units of length.
    time, y, x = 0.05 * np.arange(600)[:, None, None], 0.5 * np.arange(12)[:, None], 0.4 * np.arange(15)
    movie = np.zeros((600, 12, 15))
    for cycles_y, cycles_x in ((0, 1), (1, 0), (-1, -1), (-2, 1), (0, 2)):
        k_y, k_x = 2 * np.pi * cycles_y / 6, 2 * np.pi * cycles_x / 6
        movie += np.cos(k_y * y + k_x * x - np.sqrt(2 + 3 * (k_y**2 + k_x**2)) * time)
    fit = fit_dispersion(travelling_spectrum(movie, dt=0.05, spacing=(0.5, 0.4), padding=8), scheme="continuous")
    assert (fit.stiffness, fit.speed_squared) == pytest.approx((2, 3), rel=2e-3)


def test_too_few_wave_numbers_and_unknown_schemes_are_rejected() -> None:
    time = np.arange(50)[:, None, None]
    still = np.cos(time + np.zeros((1, 4, 5)))
    with pytest.raises(ValueError, match="scheme must be"):
        fit_dispersion(travelling_spectrum(still, dt=1, spacing=1), scheme="spectral")  # type: ignore[arg-type]
    one_row_of_one_wave = travelling_spectrum(np.cos(time + np.arange(3) * 2 * np.pi / 3), dt=1, spacing=1)
    only = one_row_of_one_wave._replace(power=one_row_of_one_wave.power * (one_row_of_one_wave.k_x > 0))
    with pytest.raises(ValueError, match="3 wave vectors"):
        fit_dispersion(only)
