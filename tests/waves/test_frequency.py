"""Frequencies from phases and from spectra, of signals whose frequency is known."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.waves.frequency import frame_frequency, instantaneous_frequency, mean_frequency, peak_frequency


def test_a_chirps_frequency_is_found_at_midpoints_and_at_frames() -> None:
    time = 0.01 * np.arange(101)
    z = np.exp(2j * np.pi * (3 * time + 2 * time**2))[:, None]  # 3 + 4 t
    steps = instantaneous_frequency(z, dt=0.01)
    np.testing.assert_allclose(steps[:, 0], 3 + 4 * (time[:-1] + 0.005), atol=1e-11)
    frames = frame_frequency(z, dt=0.01)
    np.testing.assert_allclose(frames[1:-1, 0], 3 + 4 * time[1:-1], atol=1e-11)
    assert np.isnan(frames[[0, -1]]).all()
    np.testing.assert_allclose(instantaneous_frequency(z.conj(), dt=0.01), -steps)


def test_the_mean_frequency_is_weighted_by_power() -> None:
    time = 0.01 * np.arange(100)
    movie = np.stack([np.sin(2 * np.pi * 5 * time), 2 * np.sin(2 * np.pi * 10 * time) + 7, np.full(100, np.nan)], 1)
    assert mean_frequency(movie, np.array([True, True, False]), dt=0.01) == pytest.approx((5 + 4 * 10) / 5)


def test_peaks_are_found_between_bins_and_only_inside_the_band() -> None:
    time = 0.01 * np.arange(200)
    movie = np.stack([np.sin(2 * np.pi * f * time + 0.4) + offset for f, offset in ((5.13, 0), (7.77, 3))], axis=1)
    alternating = np.where(np.arange(200) % 2, 1.0, -1.0)[:, None]
    peaks = peak_frequency(np.concatenate([movie, alternating, movie], 1), np.arange(5) < 4, dt=0.01)
    np.testing.assert_allclose(peaks[:2], [5.13, 7.77], atol=0.01)  # a bin is 0.5
    assert np.isnan(peaks[2])  # at 1 / (2 dt)
    assert np.isnan(peaks[4])  # not asked for
