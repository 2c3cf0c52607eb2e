"""Autocorrelations of waves, noise and moving patterns, with gaps, against their closed forms and direct sums."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves import Grid, autocorrelation, distance_correlation, plane_wave, time_autocorrelation, white_noise
from drumhead.waves.sites import Floats

GRID = Grid(frames=120, height=12, width=17, dt=0.05, spacing=(0.5, 0.4))


def random(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def with_gaps(movie: Floats, share: float) -> Floats:
    gaps = random(7).random(movie.shape[1:]) < share
    result: Floats = np.where(gaps, np.nan, movie)
    return result


def test_a_plane_wave_with_missing_sites() -> None:
    """30 % of 32x40 sites missing: cos(k.d - Omega tau) to 0.01 for lags up to 12 frames and 4 sites."""
    grid = Grid(frames=200, height=32, width=40, dt=0.05, spacing=(1.0, 1.0))
    k, frequency = (0.5, -0.8), 1.0
    movie = with_gaps(plane_wave(grid, wave_vector=k, frequency=frequency).real, 0.3)
    found = autocorrelation(movie, dt=grid.dt, spacing=1.0, lags=12)
    row, column = found.origin
    near = found.values[:, row - 4 : row + 5, column - 4 : column + 5]
    tau, dy, dx = found.tau[:, None, None], np.arange(-4, 5)[:, None], np.arange(-4, 5)
    expected = np.cos(k[0] * dy + k[1] * dx - 2 * np.pi * frequency * tau)
    assert np.abs(near - expected).max() < 0.01


@pytest.mark.parametrize("boundary", ["open", "circular"])
def test_every_lag_is_the_mean_over_its_pairs(boundary: str) -> None:
    grid = Grid(frames=20, height=5, width=6)
    movie = with_gaps(white_noise(grid, random()) + 3, 0.2)
    found = autocorrelation(
        movie, dt=1.0, spacing=1.0, lags=3, boundary="circular" if boundary == "circular" else "open"
    )
    centred = movie - movie.mean(axis=0)
    variance = np.nanmean(centred**2)
    for tau in range(4):
        for i, dy in enumerate(found.dy.astype(int)):
            for j, dx in enumerate(found.dx.astype(int)):
                if boundary == "circular":
                    shifted = np.roll(centred[tau:], (-dy, -dx), axis=(1, 2))
                    products = (centred[: 20 - tau] * shifted).ravel()
                else:
                    a = centred[: 20 - tau, max(0, -dy) : 5 - max(0, dy), max(0, -dx) : 6 - max(0, dx)]
                    b = centred[tau:, max(0, dy) : 5 + min(0, dy), max(0, dx) : 6 + min(0, dx)]
                    products = (a * b).ravel()
                count = np.isfinite(products).sum()
                assert found.pairs[tau, i, j] == count
                if count >= 30:
                    assert found.values[tau, i, j] == pytest.approx(np.nanmean(products) / variance, abs=1e-12)
                else:
                    assert np.isnan(found.values[tau, i, j])


def test_white_noise_is_correlated_with_itself_alone() -> None:
    found = autocorrelation(with_gaps(white_noise(GRID, random()), 0.3), dt=GRID.dt, spacing=GRID.spacing)
    row, column = found.origin
    assert found.values[0, row, column] == pytest.approx(1, abs=1e-12)
    assert (found.dy[row], found.dx[column], found.tau[0]) == (0, 0, 0)
    scaled = found.values * np.sqrt(found.pairs)
    scaled[0, row, column] = 0
    assert np.nanmean(np.abs(scaled) > 4) < 1e-3
    assert np.nanmean(np.abs(scaled) > 2) == pytest.approx(0.046, abs=0.015)


def test_an_autoregressive_process_decays_exponentially() -> None:
    """x(n) = 0.9 x(n - 1) + noise: 0.9^lag, and a correlation time of 1 / log(1 / 0.9) frames."""
    movie = white_noise(Grid(frames=3000, height=4, width=5), random())
    for frame in range(1, len(movie)):
        movie[frame] += 0.9 * movie[frame - 1]
    found = autocorrelation(movie, dt=0.5, spacing=1.0, lags=30)
    row, column = found.origin
    np.testing.assert_allclose(found.values[:, row, column], 0.9 ** np.arange(31), rtol=0, atol=0.03)
    assert found.correlation_time == pytest.approx(0.5 / np.log(1 / 0.9), rel=0.1)
    each = time_autocorrelation(movie, lags=30)
    assert each.shape == (31, 4, 5)
    np.testing.assert_allclose(each.mean(axis=(1, 2)), 0.9 ** np.arange(31), rtol=0, atol=0.03)


def test_a_moving_pattern_has_its_velocity_and_size() -> None:
    """White noise smoothed to a Gaussian of width 2 that moves by (0.3, -0.4) sites per frame on a circular sheet."""
    size, width, velocity = 64, 2.0, (0.3, -0.4)
    k = 2 * np.pi * np.fft.fftfreq(size)
    spectrum = np.fft.fft2(random().normal(size=(size, size))) * np.exp(-(k[:, None] ** 2 + k**2) * width**2 / 2)
    time = np.arange(40)[:, None, None]
    moving = np.exp(-1j * time * (velocity[0] * k[:, None] + velocity[1] * k))
    movie = np.fft.ifft2(spectrum * moving).real
    found = autocorrelation(movie, dt=0.1, spacing=(0.5, 0.2), boundary="circular", lags=10)
    assert found.velocity(10) == pytest.approx((0.3 * 0.5 / 0.1, -0.4 * 0.2 / 0.1), rel=0.1)
    # The autocorrelation of such noise is a Gaussian of width 2 sqrt(2), and exp(-d^2 / 16) is 1/e at d = 4.
    assert found.correlation_lengths == pytest.approx((4 * 0.5, 4 * 0.2), rel=0.2)
    with pytest.raises(ValueError, match="frames must be from 1 to 10"):
        found.velocity(11)


def test_a_constant_added_to_a_site_does_not_matter() -> None:
    movie = white_noise(GRID, random())
    offset = autocorrelation(movie + random(1).normal(size=(12, 17)), dt=1.0, spacing=1.0)
    np.testing.assert_allclose(offset.values, autocorrelation(movie, dt=1.0, spacing=1.0).values, rtol=0, atol=1e-12)


def test_the_correlation_of_scattered_sites_falls_with_distance() -> None:
    points = random().uniform(0, 10, size=(60, 2))
    covariance = np.exp(-np.hypot(*(points[:, None] - points).T) / 3)
    movie = random(1).multivariate_normal(np.zeros(60), covariance, size=3000)
    edges = np.linspace(0, 8, 9)
    found = distance_correlation(movie, points, edges=edges)
    np.testing.assert_allclose(found.correlation, np.exp(-found.distance / 3), rtol=0, atol=0.05)
    assert ((found.distance > edges[:-1]) & (found.distance < edges[1:])).all()
    far = distance_correlation(movie, points, edges=[0, 1, 100, 200])
    assert far.pairs.sum() == 60 * 59 / 2
    assert far.pairs[2] == 0
    assert np.isnan(far.correlation[2])


def test_invalid_arguments_are_rejected() -> None:
    movie = white_noise(GRID, random())
    with pytest.raises(ValueError, match=r"a grid, .*, is needed"):
        autocorrelation(movie[:, 0], dt=1.0, spacing=1.0)
    with pytest.raises(ValueError, match=r"lags must be from 0 to 119, .*; got 120"):
        autocorrelation(movie, dt=1.0, spacing=1.0, lags=120)
    with pytest.raises(ValueError, match="a real movie is needed"):
        autocorrelation(movie + 0j, dt=1.0, spacing=1.0)
    with pytest.raises(ValueError, match="boundary must be"):
        autocorrelation(movie, dt=1.0, spacing=1.0, boundary="fixed")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lags must be"):
        time_autocorrelation(movie, lags=-1)
    with pytest.raises(ValueError, match=r"scattered sites, .*, are needed"):
        distance_correlation(movie, np.zeros((3, 2)), edges=[0, 1])
    with pytest.raises(ValueError, match="edges must be two or more ascending"):
        distance_correlation(movie[:, 0], random().random((17, 2)), edges=[1, 0])
