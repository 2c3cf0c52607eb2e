"""The k-omega spectrum of a real movie: how much power travels with which frequency and wave vector.

The Fourier transform over time and space splits a movie into plane waves ``cos(k.r - 2 pi f t)`` with ``f >= 0``, each
of which goes in the direction of its ``k``. A standing wave is two waves in opposite directions. Waves of wavelengths
below two sites, or of frequencies above ``1 / (2 dt)``, appear as others (aliasing).
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.fft import fft2, fftfreq, rfft, rfftfreq
from scipy.signal import detrend as remove_trend

from drumhead.short_repr import short_repr
from drumhead.waves.sites import Floats, Spacing, check_dt, check_movie, check_spacing, valid_sites

Window = Literal["none", "hann"]
"""The function that multiplies the values before the transform: none, or half a period of a squared sine."""

Detrend = Literal["none", "mean", "linear"]
"""What is subtracted from each site's values in time: nothing, their mean, or the straight line that fits them best."""

LEAST_FRAMES = 3


@short_repr
class TravellingSpectrum(NamedTuple):
    """The power of a movie by frequency and wave vector."""

    frequency: Floats
    """``(f,)``: cycles per time, from 0 to ``1 / (2 dt)``."""
    k_y: Floats
    """``(k_y,)``: the wave vector's component along rows in radians per length, ascending; waves go where it points."""
    k_x: Floats
    """``(k_x,)``: the same along columns."""
    power: Floats
    """``(f, k_y, k_x)``: the power density; its sum times ``df dk_y dk_x / (2 pi)^2`` is the movie's mean square."""
    resolution: float
    """``1 / duration`` of a segment: the width of a bin without zero padding, in cycles per time."""
    dt: float
    """The time from frame to frame."""
    spacing: tuple[float, float]
    """The length from row to row and from column to column."""
    valid_share: float
    """The share of sites that are valid. Missing sites count as zeros, which smears the power over wave vectors."""


@short_repr
class RadialAverage(NamedTuple):
    """Power by frequency and wave number, whatever the direction."""

    frequency: Floats
    """``(f,)``: cycles per time."""
    wave_number: Floats
    """``(k,)``: the mean ``|k|`` of each ring, in radians per length."""
    power: Floats
    """``(f, k)``: the mean power density on a ring."""


@short_repr
class DirectionalShare(NamedTuple):
    """How much power goes forward and backward along a direction."""

    forward: float
    """The share, in [0, 1], of the power whose wave vector has a positive component along the direction."""
    backward: float
    """The share with a negative component."""
    decibel: float
    """``10 log10(forward / backward)``: 0 for a standing wave."""


def travelling_spectrum(
    x: npt.ArrayLike,
    *,
    dt: float,
    spacing: Spacing,
    valid: npt.ArrayLike | None = None,
    window: Window = "hann",
    spatial_window: Window = "none",
    detrend: Detrend = "mean",
    segments: int = 1,
    padding: int = 1,
) -> TravellingSpectrum:
    """Return the k-omega spectrum of a real movie.

    Args:
        x: real movie, ``(time, y, x)``.
        dt: the time from frame to frame.
        spacing: the length from row to row and from column to column.
        valid: the sites that may be used, ``(y, x)``; None: all. Those that are not finite or constant never are.
        window: the window in time.
        spatial_window: the window along rows and along columns: none for a circular sheet, ``"hann"`` for a recording,
            whose edges do not fit together.
        detrend: what is subtracted from each site's values in time, before the windows.
        segments: the number of stretches of equal length that overlap by half, whose spectra are averaged (Welch);
            frames at the end that do not fill one are left out.
        padding: the factor by which zeros lengthen the frames, for a finer frequency axis.

    Raises:
        ValueError: for a movie that is not real, or too few frames, or an argument out of its range.

    A wave to the right with 0.2 cycles per time and 3 cycles per 12 sites:

    >>> time, _, column = np.mgrid[:20, :6, :12]
    >>> spectrum = travelling_spectrum(np.cos(np.pi / 2 * column - 0.4 * np.pi * time), dt=1, spacing=1)
    >>> f, k_y, k_x = np.unravel_index(spectrum.power.argmax(), spectrum.power.shape)
    >>> [round(float(each), 4) for each in (spectrum.frequency[f], spectrum.k_y[k_y], spectrum.k_x[k_x])]
    [0.2, 0.0, 1.5708]
    """
    movie = check_movie(x, least_frames=LEAST_FRAMES, real=True)
    if movie.ndim != 3:
        raise ValueError(f"a spectrum over wave vectors needs a movie (time, y, x), got shape {movie.shape}")
    dt, (dy, dx) = check_dt(dt), check_spacing(spacing)
    _check_options(window, spatial_window, detrend, padding)
    mask = valid_sites(movie, valid)
    length, starts = _segments(len(movie), segments)
    height, width = mask.shape
    in_time = _window(window, length)
    in_space = _window(spatial_window, height)[:, None] * _window(spatial_window, width) * mask
    frames = padding * length
    total = np.zeros((frames // 2 + 1, height, width))
    for start in starts:
        values = np.where(mask, movie[start : start + length], 0.0)
        if detrend != "none":
            values = remove_trend(
                values, axis=0, type="constant" if detrend == "mean" else "linear", overwrite_data=True
            )
        values *= in_space
        values *= in_time[:, None, None]
        total += np.abs(fft2(rfft(values, n=frames, axis=0), axes=(1, 2), overwrite_x=True)) ** 2
    total *= dt * dy * dx / (len(starts) * (in_time**2).sum() * (in_space**2).sum())
    total[1 : (frames + 1) // 2] *= 2  # each wave stands for its complex conjugate too, but not at 0 and Nyquist
    # numpy's kernel is exp(-i (omega t + k.r)): a wave of frequency f > 0 that goes along k is found at -k.
    k_y, k_x = (-2 * np.pi * fftfreq(n, step) for n, step in ((height, dy), (width, dx)))
    order_y, order_x = np.argsort(k_y), np.argsort(k_x)
    return TravellingSpectrum(
        rfftfreq(frames, dt),
        k_y[order_y] + 0.0,
        k_x[order_x] + 0.0,
        total[:, order_y][:, :, order_x],
        1 / (length * dt),
        dt,
        (dy, dx),
        float(mask.mean()),
    )


def radial_average(spectrum: TravellingSpectrum) -> RadialAverage:
    """Return the power averaged over the directions of the wave vector, in rings up to the largest whole circle.

    A ring is as wide as the larger of the two steps of the wave vector. All points of the grid of wave vectors stand
    for the same area, so the mean over the points of a ring is weighted by area.
    """
    axes = [axis for axis in (spectrum.k_y, spectrum.k_x) if len(axis) > 1]
    step = max(float(axis[1] - axis[0]) for axis in axes)
    largest = min(float(np.abs(axis).max()) for axis in axes)
    wave_number = np.hypot(spectrum.k_y[:, None], spectrum.k_x)
    inside = wave_number <= largest * (1 + 1e-9)
    ring = np.unique(np.rint(wave_number[inside] / step), return_inverse=True)[1]
    counts = np.bincount(ring)
    power = np.stack([np.bincount(ring, weights=each[inside]) for each in spectrum.power])
    return RadialAverage(spectrum.frequency, np.bincount(ring, weights=wave_number[inside]) / counts, power / counts)


def directional_share(spectrum: TravellingSpectrum, direction: float) -> DirectionalShare:
    """Return the shares of power that goes forward and backward along a direction.

    Waves of frequency 0, or with a wave vector perpendicular to the direction, do not count, nor does the shortest
    wavelength of an axis with an even number of sites, whose direction is not defined.

    Args:
        spectrum: the spectrum of a movie.
        direction: the angle from +x towards +y, in radians.

    Returns:
        Shares that add up to 1; NaN if no wave counts.

    Source: the comparison of forward and backward waves of Alamia & VanRullen 2019 (PLoS Biology 17, e3000487), with
    all power in place of maxima.
    """
    along = spectrum.k_y[:, None] * np.sin(direction) + spectrum.k_x * np.cos(direction)
    has_opposite = (spectrum.k_y <= -spectrum.k_y.min())[:, None] & (spectrum.k_x <= -spectrum.k_x.min())
    least = 1e-9 * np.hypot(spectrum.k_y.max(), spectrum.k_x.max())
    power = spectrum.power[spectrum.frequency > 0].sum(axis=0)
    forward, backward = power[has_opposite & (along > least)].sum(), power[has_opposite & (along < -least)].sum()
    if forward + backward <= 1e-15 * spectrum.power.sum():
        return DirectionalShare(np.nan, np.nan, np.nan)
    with np.errstate(divide="ignore"):
        shares = np.array([forward, backward]) / (forward + backward)
        return DirectionalShare(float(shares[0]), float(shares[1]), float(10 * np.log10(forward / backward)))


def _segments(frames: int, segments: int) -> tuple[int, list[int]]:
    """Return the length of segments that overlap by half, and the frame each begins with."""
    length = 2 * frames // (segments + 1) if segments >= 1 else 0
    if length < LEAST_FRAMES:
        raise ValueError(
            f"segments must be at least 1 and have at least {LEAST_FRAMES} frames each; "
            f"got {segments} segments for {frames} frames"
        )
    return length, [int(start) for start in np.linspace(0, frames - length, segments)]


def _window(window: Window, length: int) -> Floats:
    """Return the weights of a window without zeros at its ends for a circular transform."""
    if window == "none":
        return np.ones(length)
    return np.sin(np.pi * (np.arange(length) + 0.5) / length) ** 2


def _check_options(window: str, spatial_window: str, detrend: str, padding: int) -> None:
    """Raise an error if an option is not one of its possible values."""
    for name, value, options in (
        ("window", window, ("none", "hann")),
        ("spatial_window", spatial_window, ("none", "hann")),
        ("detrend", detrend, ("none", "mean", "linear")),
    ):
        if value not in options:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}; got {value!r}")
    if padding < 1:
        raise ValueError(f"padding must be at least 1, got {padding}")
