"""The amplitude spectrum of a time series, and the frequency of its lowest peak, interpolated between bins.

``T`` samples, ``dt`` apart, have the duration ``T dt``, and the bins of their Fourier transform are ``1 / (T dt)``
apart. Zero padding samples the same spectrum more finely, and a parabola through the logarithms of a peak and its two
neighbours locates the peak between bins. Neither separates peaks that are closer than a bin or two; only a longer
duration does. A Hann window reduces the leakage of one peak into another, but its peaks are twice as wide.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr

Floats = npt.NDArray[np.float64]
Window = Literal["none", "hann"]
"""The window function that multiplies the samples before the transform: none, or half a period of a squared sine."""


@short_repr
class Spectrum(NamedTuple):
    """Amplitudes by frequency."""

    frequencies: Floats
    """``(bin,)``, cycles per unit of time, from 0 to at most ``1 / (2 dt)``."""
    amplitudes: Floats
    """``(..., bin)``, at least 0. A sine of amplitude 1 has a peak of height 1, a constant 1 of height 2."""


class EstimationSettings(NamedTuple):
    """The settings for estimating a spectrum and the frequency of its lowest peak."""

    window: Window = "hann"
    """The window function."""
    padding: int = 4
    """The factor by which zero padding lengthens the samples; 1 adds no zeros."""
    interpolate: bool = True
    """Whether a peak's frequency is interpolated between bins."""
    threshold: float = 0.1
    """The least height of a peak, as a share of the maximum; the default is above a Hann window's side lobes."""


NEAREST_BIN = EstimationSettings(padding=1, interpolate=False)
"""The transform of windowed samples without padding; a peak has its bin's frequency."""

INTERPOLATED = EstimationSettings()
"""With zero padding and interpolation between bins."""


def amplitude_spectrum(
    signals: npt.ArrayLike, *, dt: float, window: Window = "none", padding: int = 1, axis: int = -1
) -> Spectrum:
    """Return the amplitude spectra of real time series.

    Args:
        signals: samples, ``dt`` apart, along ``axis``.
        dt: the time between samples, above 0.
        window: the window function.
        padding: the factor by which zero padding lengthens the samples, 1 or more.
        axis: the axis of time.

    Returns:
        The spectra, with bins along the last axis.

    Raises:
        ValueError: for an argument out of its range, or no samples.

    >>> time = 0.1 * np.arange(200)
    >>> spectrum = amplitude_spectrum(3 * np.sin(2 * np.pi * 0.5 * time), dt=0.1)
    >>> float(spectrum.frequencies[spectrum.amplitudes.argmax()]), round(float(spectrum.amplitudes.max()), 6)
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
    """Return the frequency of the lowest peak of one spectrum, an estimate of a drum's fundamental.

    A peak is higher than the bins on both its sides, so bin 0 is never a peak. The threshold excludes side lobes.

    Args:
        spectrum: the spectrum of one time series: ``amplitudes`` is ``(bin,)``.
        threshold: the least height of a peak, as a share of the spectrum's maximum, 0 to 1.
        interpolate: whether to interpolate the frequency between bins.

    Returns:
        The frequency in cycles per unit of time, or NaN if there is no peak.
    """
    from scipy.signal import find_peaks

    if spectrum.amplitudes.ndim != 1:
        raise ValueError(f"lowest_peak takes one spectrum, (bin,); got shape {spectrum.amplitudes.shape}")
    peaks, _ = find_peaks(spectrum.amplitudes, height=threshold * spectrum.amplitudes.max())
    if not len(peaks):
        return float("nan")
    lowest, bin_width = peaks[0], spectrum.frequencies[1]
    shift = _parabola_vertex(spectrum.amplitudes[lowest - 1 : lowest + 2]) if interpolate else 0.0
    return float((lowest + shift) * bin_width)


def _window(window: Window, length: int) -> Floats:
    """Return the values of a window function."""
    if window == "none":
        return np.ones(length)
    if window == "hann":
        return np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2
    raise ValueError(f"window must be 'none' or 'hann', got {window!r}")


def _parabola_vertex(amplitudes: Floats) -> float:
    """Return the position, in bins from a peak, of the vertex of a parabola through the peak and its two neighbours.

    The parabola is fitted to the logarithms of the three amplitudes.
    """
    before, peak, after = np.log(np.maximum(amplitudes, np.finfo(np.float64).tiny))
    curvature = before - 2 * peak + after
    return float((before - after) / (2 * curvature)) if curvature < 0 else 0.0
