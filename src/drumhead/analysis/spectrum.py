"""The spectrum of what a point hears, and the frequency of its peaks, between the bins too.

``T`` samples, ``dt`` apart, are heard for the duration ``T dt``; their Fourier transform has a bin each ``1 / (T dt)``.
Zeros behind the samples (padding) draw the same spectrum more finely, and a parabola through the logarithms of a peak
and its two neighbours finds its place between bins. Neither separates what is closer than a bin or two: that takes
a longer duration. A Hann window leaks far less of one peak into another, at the price of peaks twice as wide.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Window = Literal["none", "hann"]
"""What the samples are multiplied with before the transform: nothing, or half a period of a squared sine."""


class Spectrum(NamedTuple):
    """Amplitudes by frequency."""

    frequencies: Floats
    """``(bin,)``, cycles per unit of time, from 0 to at most ``1 / (2 dt)``."""
    amplitudes: Floats
    """``(..., bin)``, at least 0. A sine of amplitude 1 has a peak of height 1, a constant 1 of height 2."""


class EstimationSettings(NamedTuple):
    """How a spectrum is estimated, and a peak's frequency read off it."""

    window: Window = "hann"
    """What the samples are multiplied with."""
    padding: int = 4
    """How many times as long the samples are made by zeros behind them; 1 adds none."""
    interpolate: bool = True
    """Whether a peak's frequency is read between bins."""
    threshold: float = 0.1
    """Height of the smallest peak that counts, as a share of the maximum: above a Hann window's side lobes."""


NEAREST_BIN = EstimationSettings(padding=1, interpolate=False)
"""The plain transform of windowed samples; a peak has its bin's frequency."""

INTERPOLATED = EstimationSettings()
"""Padded and interpolated."""


def amplitude_spectrum(
    signals: npt.ArrayLike, *, dt: float, window: Window = "none", padding: int = 1, axis: int = -1
) -> Spectrum:
    """The amplitudes of real time series at the frequencies of their Fourier transform.

    Args:
        signals: samples, ``dt`` apart, along ``axis``.
        dt: time between samples, above 0.
        window: what the samples are multiplied with.
        padding: how many times as long the samples are made by zeros, 1 or more.
        axis: which axis is time.

    Returns:
        The spectrum, its bins along the last axis.

    Raises:
        ValueError: for an argument out of its range, or no samples.

    >>> time = 0.1 * np.arange(200)
    >>> heard = amplitude_spectrum(3 * np.sin(2 * np.pi * 0.5 * time), dt=0.1)
    >>> float(heard.frequencies[heard.amplitudes.argmax()]), round(float(heard.amplitudes.max()), 6)
    (0.5, 3.0)
    """
    samples = np.moveaxis(np.asarray(signals), axis, -1)
    length = samples.shape[-1]
    if length < 1:
        raise ValueError(f"signals must have at least one sample along axis {axis}, got shape {samples.shape}")
    if not 0 < dt < float("inf"):
        raise ValueError(f"dt must be positive and finite, got {dt}")
    if padding < 1:
        raise ValueError(f"padding must be 1 (none) or more, got {padding}")
    weights = _window(window, length)
    transform = np.fft.rfft(samples * weights, n=padding * length, axis=-1)
    amplitudes: Floats = 2 / weights.sum() * np.abs(transform)
    frequencies: Floats = np.arange(amplitudes.shape[-1]) / (padding * length * dt)
    return Spectrum(frequencies, amplitudes)


def lowest_peak(spectrum: Spectrum, *, threshold: float = 0.1, interpolate: bool = True) -> float:
    """The frequency of the lowest peak of one spectrum: a drum's fundamental, where it can be heard.

    A peak is higher than the bins on both its sides, so bin 0 is none. The threshold passes over side lobes.

    Args:
        spectrum: of one series: ``amplitudes`` is ``(bin,)``.
        threshold: height of the smallest peak that counts, as a share of the spectrum's maximum, 0 to 1.
        interpolate: read the frequency between bins.

    Returns:
        Cycles per unit of time, or NaN where there is no peak.
    """
    from scipy.signal import find_peaks

    if spectrum.amplitudes.ndim != 1:
        raise ValueError(f"lowest_peak takes one spectrum, (bin,); got shape {spectrum.amplitudes.shape}")
    found, _ = find_peaks(spectrum.amplitudes, height=threshold * spectrum.amplitudes.max())
    if not len(found):
        return float("nan")
    bin_width = spectrum.frequencies[1]
    shift = _vertex(spectrum.amplitudes[found[0] - 1 : found[0] + 2]) if interpolate else 0.0
    return float((found[0] + shift) * bin_width)


def _window(window: Window, length: int) -> Floats:
    if window == "none":
        return np.ones(length)
    if window == "hann":
        return np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2
    raise ValueError(f"window must be 'none' or 'hann', got {window!r}")


def _vertex(around: Floats) -> float:
    """Where a parabola through the logarithms of a peak and its neighbours is highest, in bins from the peak."""
    before, at, after = np.log(np.maximum(around, np.finfo(np.float64).tiny))
    curvature = before - 2 * at + after
    return float((before - after) / (2 * curvature)) if curvature < 0 else 0.0
