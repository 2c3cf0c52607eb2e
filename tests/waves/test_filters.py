"""The band-pass filter: what it keeps, what it removes, and that it delays nothing."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves import Grid, bandpass, plane_wave, white_noise
from drumhead.waves.sites import Floats

DT = 0.0002  # 5 kHz, where a filter of order 4 is unstable as a ratio of polynomials
TIME = DT * np.arange(20_001)


def sines(*frequencies: float) -> Floats:
    traces: Floats = np.stack([np.sin(2 * np.pi * each * TIME + 0.3) for each in frequencies], axis=1)
    return traces


def test_the_band_is_kept_in_amplitude_and_phase_and_the_rest_removed() -> None:
    movie = sines(10.0, 1.0, 300.0)
    values, settling = bandpass(movie, 5, 40, dt=DT)
    middle = slice(2 * settling, -2 * settling)
    carrier = np.exp(-2j * np.pi * 10 * TIME[middle]) * np.hanning(len(TIME[middle]))
    gain = (values[middle, 0] @ carrier) / (movie[middle, 0] @ carrier)
    assert abs(gain) == pytest.approx(1, abs=0.01)
    assert abs(np.angle(gain)) < 1e-3
    for site in (1, 2):
        assert values[middle, site].std() < 0.01 * movie[middle, site].std()  # 40 dB


def test_nothing_is_delayed() -> None:
    values = bandpass(sines(10.0, 12.0, 14.0), 5, 40, dt=DT).values
    middle = slice(5000, 15_000)
    correlation = [
        values[middle, 0] @ sines(10.0)[5000 + lag : 15_000 + lag, 0] for lag in range(-100, 101)
    ]  # half a period is 250 frames
    assert int(np.argmax(correlation)) == 100


def test_the_filter_has_settled_to_a_percent_when_it_says_so() -> None:
    values, settling = bandpass(sines(10.0, 12.0, 14.0), 5, 40, dt=DT)
    error = np.abs(values - sines(10.0, 12.0, 14.0))
    assert error[settling:-settling].max() < 0.01 < error[:settling].max()


def test_invalid_sites_are_nan_and_do_not_touch_others() -> None:
    movie = plane_wave(Grid(frames=201)).real.copy()
    whole = bandpass(movie, 4, 20, dt=0.01).values
    movie[100, 3, 4], movie[:, 0, 0] = np.nan, 1.0
    values = bandpass(movie, 4, 20, dt=0.01).values
    assert np.argwhere(np.isnan(values).any(axis=0)).tolist() == [[0, 0], [3, 4]]
    kept = np.isfinite(values)
    np.testing.assert_array_equal(values[kept], whole[kept])


def test_many_sites_in_blocks_are_filtered_one_by_one() -> None:
    movie = white_noise(Grid(frames=400, height=50, width=60), np.random.default_rng(0))
    values = bandpass(movie, 5, 20, dt=0.01).values
    np.testing.assert_allclose(values[:, 49, 57:], bandpass(movie[:, 49, 57:], 5, 20, dt=0.01).values, atol=1e-14)


def test_invalid_arguments_are_rejected() -> None:
    movie = np.random.default_rng(0).normal(size=(100, 3))
    for low, high in ((0, 10), (10, 5), (5, 50), (5, 60), (-1, 5), (float("nan"), 5)):
        with pytest.raises(ValueError, match="a band must have 0 < low < high < 50"):
            bandpass(movie, low, high, dt=0.01)
    with pytest.raises(ValueError, match="of order 4 needs at least 28 frames, got 27"):
        bandpass(movie[:27], 5, 20, dt=0.01)
    assert np.isfinite(bandpass(movie[:28], 5, 20, dt=0.01).values).all()
    with pytest.raises(ValueError, match="order must be 1 or more, got 0"):
        bandpass(movie, 5, 20, dt=0.01, order=0)
    with pytest.raises(ValueError, match="a real movie is needed"):
        bandpass(movie + 0j, 5, 20, dt=0.01)
