"""Spectra and peaks of signals whose frequencies and amplitudes are known."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from drumhead.analysis.spectrum import Floats, Spectrum, Window, amplitude_spectrum, lowest_peak

DT = 0.1


def sine(frequency: float, *, steps: int = 1000, amplitude: float = 1.0, phase: float = 0.7) -> Floats:
    wave: Floats = amplitude * np.sin(2 * np.pi * frequency * DT * np.arange(steps) + phase)
    return wave


@pytest.mark.parametrize("window", get_args(Window))
@pytest.mark.parametrize("padding", [1, 4])
def test_a_sine_on_a_bin_has_its_amplitude_there(window: Window, padding: int) -> None:
    frequencies, amplitudes = amplitude_spectrum(sine(0.25, amplitude=3.0), dt=DT, window=window, padding=padding)
    assert frequencies[amplitudes.argmax()] == pytest.approx(0.25, abs=1e-12)
    assert amplitudes.max() == pytest.approx(3.0, rel=1e-4)  # the rest is leakage from the negative frequency
    assert frequencies[1] == pytest.approx(1 / (padding * 1000 * DT))
    assert frequencies[-1] == pytest.approx(1 / (2 * DT))


def test_padding_samples_the_same_spectrum_more_finely() -> None:
    signal = sine(0.253)
    for window in get_args(Window):
        plain = amplitude_spectrum(signal, dt=DT, window=window).amplitudes
        padded = amplitude_spectrum(signal, dt=DT, window=window, padding=3).amplitudes
        np.testing.assert_allclose(padded[::3], plain, rtol=0, atol=1e-12)


def test_time_may_be_any_axis() -> None:
    signals = np.stack([sine(0.25), sine(0.5)], axis=1)
    across = amplitude_spectrum(signals, dt=DT, axis=0)
    np.testing.assert_array_equal(across.amplitudes, amplitude_spectrum(signals.T, dt=DT).amplitudes)
    assert across.amplitudes.shape == (2, 501)


@pytest.mark.parametrize("frequency", [0.1, 0.1537, 0.31415, 1.2345])
def test_a_peak_is_found_between_bins(frequency: float) -> None:
    spectrum = amplitude_spectrum(sine(frequency), dt=DT, window="hann", padding=8)
    bin_width = 1 / (1000 * DT)
    assert lowest_peak(spectrum) == pytest.approx(frequency, abs=1e-3 * bin_width)
    plain = amplitude_spectrum(sine(frequency), dt=DT, window="hann")
    assert lowest_peak(plain, interpolate=False) == pytest.approx(frequency, abs=0.5001 * bin_width)


def test_the_lowest_peak_is_not_the_highest_nor_one_below_the_threshold() -> None:
    signal = sine(0.2, amplitude=0.05) + sine(0.5, amplitude=0.3) + sine(0.9)
    spectrum = amplitude_spectrum(signal, dt=DT, window="hann", padding=4)
    assert lowest_peak(spectrum) == pytest.approx(0.5, abs=1e-4)
    assert lowest_peak(spectrum, threshold=0.03) == pytest.approx(0.2, abs=1e-4)


def test_without_a_peak_there_is_no_frequency() -> None:
    falling = Spectrum(np.arange(4) / 4, np.array([4.0, 3.0, 2.0, 1.0]))
    assert np.isnan(lowest_peak(falling))
    assert np.isnan(lowest_peak(amplitude_spectrum(np.zeros(10), dt=DT)))


def test_invalid_arguments_are_rejected() -> None:
    with pytest.raises(ValueError, match="at least one sample"):
        amplitude_spectrum(np.zeros((3, 0)), dt=DT)
    with pytest.raises(ValueError, match="dt must be positive"):
        amplitude_spectrum(np.zeros(3), dt=0.0)
    with pytest.raises(ValueError, match="padding must be"):
        amplitude_spectrum(np.zeros(3), dt=DT, padding=0)
    with pytest.raises(ValueError, match="window must be 'none' or 'hann', got 'boxcar'"):
        amplitude_spectrum(np.zeros(3), dt=DT, window="boxcar")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one spectrum"):
        lowest_peak(amplitude_spectrum(np.zeros((2, 10)), dt=DT))
