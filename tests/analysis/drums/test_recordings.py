"""Simulated drums: the estimated fundamental is the scheme's exact one, and estimates improve with duration."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from drumhead.analysis.drums import lattice_frequency, lattice_fundamental, square_modes
from drumhead.analysis.drums.recordings import (
    DrumRecording,
    estimate_areas,
    estimate_fundamentals,
    estimate_spectra,
    simulate_drum,
)
from drumhead.analysis.spectrum import INTERPOLATED, NEAREST_BIN


@pytest.fixture(scope="module")
def recording() -> DrumRecording:
    """A square of side 10: 28 periods in a duration of 400."""
    return simulate_drum(10, duration=400, generator=np.random.default_rng(0), strikes=6, points=12)


@pytest.mark.parametrize(("side", "dt", "c"), [(6, 0.1, 1.0), (10, 0.5, 1.0), (13, 0.2, 2.0)])
def test_every_point_gives_the_schemes_exact_fundamental(side: int, dt: float, c: float) -> None:
    exact = lattice_fundamental(float(side), dt=dt, c=c)
    duration = 40 / exact  # 40 periods
    estimates = estimate_fundamentals(
        simulate_drum(side, duration=duration, generator=np.random.default_rng(1), strikes=4, points=8, dt=dt, c=c)
    )
    assert estimates.shape == (8,)
    np.testing.assert_allclose(estimates, exact, rtol=1e-4)


def test_a_recording_is_the_sum_of_its_modes() -> None:
    """Each mode oscillates at its own frequency from rest, which for the scheme means ``y[-1] = y[0]``."""
    side, dt = 6, 0.3
    recording = simulate_drum(side, duration=60, generator=np.random.default_rng(2), strikes=2, points=25, dt=dt)
    modes = square_modes(side, 25)
    angle = 2 * np.pi * dt * lattice_frequency(modes.eigenvalues, dt=dt)
    time = np.arange(1, recording.signals.shape[-1] + 1)
    oscillation = np.cos((time + 0.5) * angle[:, None]) / np.cos(angle[:, None] / 2)  # (mode, time)
    at_points = modes.shapes[:, recording.points[:, 0], recording.points[:, 1]]  # (mode, point)
    for signals in recording.signals:
        basis = (at_points[:, :, None] * oscillation[:, None]).reshape(25, -1).T
        amplitudes, *_ = np.linalg.lstsq(basis, signals.ravel())
        expected = np.einsum("m,mp,mt->pt", amplitudes, at_points, oscillation)
        np.testing.assert_allclose(signals, expected, rtol=0, atol=2e-5)
        assert np.abs(signals).max() > 0.1


def test_the_area_is_recovered_from_a_long_recording(recording: DrumRecording) -> None:
    np.testing.assert_allclose(estimate_areas(recording), 100, rtol=1e-4)


def test_the_error_falls_with_duration(recording: DrumRecording) -> None:
    """Twice the duration at least halves the error, which comes from the leakage of other peaks into the lowest."""
    durations = (50, 100, 200, 400)
    errors = [float(np.abs(estimate_areas(recording, duration=duration) / 100 - 1).max()) for duration in durations]
    assert all(longer < shorter / 2 for shorter, longer in pairwise(errors))


@pytest.mark.parametrize("duration", [110, 150, 200])
def test_padding_and_interpolation_estimate_between_bins(recording: DrumRecording, duration: float) -> None:
    exact = lattice_fundamental(10.0, dt=0.1)
    binned = estimate_fundamentals(recording, duration=duration, settings=NEAREST_BIN)
    nearest = round(exact * duration) / duration
    np.testing.assert_allclose(binned, nearest, rtol=1e-12)
    interpolated = estimate_fundamentals(recording, duration=duration, settings=INTERPOLATED)
    assert np.abs(interpolated - exact).max() < 0.1 * abs(nearest - exact)


def test_less_than_a_period_gives_no_useful_area(recording: DrumRecording) -> None:
    """A duration of 10 is 0.7 periods, and all estimates are far off."""
    for settings in (NEAREST_BIN, INTERPOLATED):
        areas = estimate_areas(recording, duration=10, settings=settings)
        assert np.median(np.where(np.isnan(areas), np.inf, np.abs(areas / 100 - 1))) > 0.4


def test_the_spectrum_peaks_at_the_modes(recording: DrumRecording) -> None:
    frequencies, amplitudes = estimate_spectra(recording)
    assert amplitudes.shape == (12, len(frequencies))
    first, second = lattice_frequency(square_modes(10, 2).eigenvalues, dt=0.1)
    mean = amplitudes.mean(axis=0)
    at_first, at_second, between = (
        mean[np.abs(frequencies - frequency).argmin()] for frequency in (first, second, (first + second) / 2)
    )
    assert min(at_first, at_second) > 5 * between


def test_a_seed_gives_the_same_recording_and_another_seed_another() -> None:
    def signals(seed: int) -> object:
        generator = np.random.default_rng(seed)
        return simulate_drum(5, duration=5, generator=generator, strikes=2, points=3).signals.tobytes()

    assert signals(3) == signals(3) != signals(4)


def test_there_are_no_more_points_than_cells() -> None:
    recording = simulate_drum(3, duration=1, generator=np.random.default_rng(0), strikes=1, points=9)
    assert recording.points.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert recording.signals.shape == (1, 4, 10)


def test_invalid_arguments_are_rejected(recording: DrumRecording) -> None:
    valid: dict[str, Any] = {"side": 4, "duration": 1.0, "generator": np.random.default_rng(0)}
    for invalid, message in (
        ({"side": 1}, "side must be 2 or more, got 1"),
        ({"strikes": 0}, "strikes must be 1 or more, got 0"),
        ({"points": 0}, "points must be 1 or more, got 0"),
        ({"duration": 0.01}, "duration must be at least one step"),
        ({"duration": float("nan")}, "duration must be at least one step"),
        ({"dt": 0.8}, "dt must be above 0 and at most"),
    ):
        with pytest.raises(ValueError, match=message):
            simulate_drum(**valid | invalid)
    with pytest.raises(ValueError, match="at most that of the recording, 4000 steps; got 5000"):
        estimate_areas(recording, duration=500)
