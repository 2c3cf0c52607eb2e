"""The dispersion that a movie obeys: the ridge of its k-omega spectrum, and the stiffness and speed that fit it.

At each wave vector the ridge is the frequency of the most power. In a field of uniform stiffness and wave speed,

    4 / dt^2 sin^2(pi f dt) = stiffness + speed^2 K^2      (lattice: exact for a network's field)
    (2 pi f)^2              = stiffness + speed^2 |k|^2    (continuous: for recordings)

a straight line in ``K^2``, which is fitted by least squares, weighted by the ridge's power. Where stiffness differs
from site to site the ridge is a band, whose width the fit reports.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from drumhead.short_repr import short_repr
from drumhead.waves.dispersion import lattice_wave_number
from drumhead.waves.sites import Floats
from drumhead.waves.spectrum import TravellingSpectrum

Scheme = Literal["lattice", "continuous"]
"""The equation that is fitted: of the steps and sites of a network's field, or of a continuous medium."""


@short_repr
class DispersionFit(NamedTuple):
    """The line through the ridge of a k-omega spectrum."""

    stiffness: float
    """The squared angular frequency at ``k = 0``, per squared time."""
    stiffness_error: float
    """Its standard error, whatever the weights (sandwich estimator)."""
    speed_squared: float
    """The squared speed of short waves, in squared length per squared time; it may come out below 0."""
    speed_squared_error: float
    """Its standard error."""
    r_squared: float
    """The share of the ridge's weighted variance that the line explains."""
    share_on_surface: float
    """The share of all power within half a bin (of the resolution, without padding) of the fitted frequency."""
    width: float
    """Half of all power is within this distance of the fitted frequency, in cycles per time."""
    ridge: Floats
    """``(k_y, k_x)``: the frequency of most power at each wave vector, in cycles per time; NaN if there is none."""
    ridge_power: Floats
    """``(k_y, k_x)``: its power density: the weights."""
    fitted: Floats
    """``(k_y, k_x)``: the fitted frequency, in cycles per time; NaN where the line is below 0."""


def fit_dispersion(spectrum: TravellingSpectrum, *, scheme: Scheme = "lattice") -> DispersionFit:
    """Fit a stiffness and a wave speed to the k-omega spectrum of a movie.

    Use a Hann window and zero padding of 4 or more, so that the ridge is located between bins.

    Args:
        spectrum: of the movie.
        scheme: ``"lattice"`` for a network's field, ``"continuous"`` for recordings.

    Raises:
        ValueError: if the scheme is unknown, fewer than 3 wave vectors have power, or all have the same wave number.

    Two standing waves in a row of 32 sites, with stiffness 0.5 and speed 1:

    >>> from drumhead.waves import travelling_spectrum
    >>> time, column = np.mgrid[:400, :32]
    >>> movie = 0
    >>> for cycles in (1, 2, 3):
    ...     k = 2 * np.pi * cycles / 32
    ...     movie = movie + np.cos(k * column) * np.cos(np.sqrt(0.5 + k**2) * 0.1 * time)
    >>> spectrum = travelling_spectrum(movie[:, None], dt=0.1, spacing=1, padding=8)
    >>> fit = fit_dispersion(spectrum, scheme="continuous")
    >>> round(fit.stiffness, 3), round(fit.speed_squared, 3)
    (0.5, 1.0)
    """
    if scheme not in ("lattice", "continuous"):
        raise ValueError(f"scheme must be 'lattice' or 'continuous', got {scheme!r}")
    ridge, power = spectral_ridge(spectrum)
    dt = spectrum.dt
    if scheme == "lattice":
        target = (2 / dt * np.sin(np.pi * ridge * dt)) ** 2
        wave_number = lattice_wave_number(spectrum.k_y[:, None], spectrum.k_x, spectrum.spacing)
    else:
        target = (2 * np.pi * ridge) ** 2
        wave_number = np.hypot(spectrum.k_y[:, None], spectrum.k_x)
    used = np.isfinite(ridge) & (power > 0)
    squares = wave_number[used] ** 2
    if used.sum() < 3 or np.ptp(squares) <= 1e-9 * squares.max():
        raise ValueError(
            "a fit needs power at 3 wave vectors or more, of different wave numbers; "
            f"got {int(used.sum())} with {len(np.unique(squares.round(9)))} wave numbers"
        )
    (stiffness, speed_squared), errors, r_squared = _weighted_line(squares, target[used], power[used])
    level = stiffness + speed_squared * wave_number**2
    with np.errstate(invalid="ignore"):
        if scheme == "lattice":
            fitted = np.arcsin(np.minimum(dt / 2 * np.sqrt(level), 1)) / (np.pi * dt)
        else:
            fitted = np.sqrt(level) / (2 * np.pi)
    distance = np.abs(spectrum.frequency[:, None, None] - fitted)
    total, near = spectrum.power.sum(), spectrum.power[distance <= spectrum.resolution / 2].sum()
    return DispersionFit(
        stiffness,
        errors[0],
        speed_squared,
        errors[1],
        r_squared,
        float(near / total),
        _weighted_median(distance, spectrum.power),
        ridge,
        power,
        fitted,
    )


def spectral_ridge(spectrum: TravellingSpectrum) -> tuple[Floats, Floats]:
    """Return the frequency of most power at each wave vector, between bins, and the power density there.

    A parabola through the logarithms of the highest bin and its two neighbours has its vertex at the frequency. The
    highest bin is neither the first nor the last.

    Returns:
        Frequency in cycles per time and power, each ``(k_y, k_x)``; NaN and 0 at wave vectors without power.
    """
    inner = spectrum.power[1:-1]
    if not len(inner):
        raise ValueError(f"a ridge needs 3 frequencies or more, got {len(spectrum.power)}")
    top = inner.argmax(axis=0)
    below, at, above = (np.take_along_axis(spectrum.power, (top + shift)[None], axis=0)[0] for shift in (0, 1, 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        left, middle, right = np.log(below), np.log(at), np.log(above)
        shift = (left - right) / (2 * (left - 2 * middle + right))
    shift = np.where(np.isfinite(shift), np.clip(shift, -0.5, 0.5), 0.0)
    frequency = (top + 1 + shift) * (spectrum.frequency[1] - spectrum.frequency[0])
    return np.where(at > 0, frequency, np.nan), at


def _weighted_median(values: Floats, weights: Floats) -> float:
    """Return the value below which half of the weight is, of the values that are not NaN."""
    counted = np.isfinite(values)
    order = np.argsort(values[counted])
    cumulative = np.cumsum(weights[counted][order])
    return float(values[counted][order][np.searchsorted(cumulative, cumulative[-1] / 2)])


def _weighted_line(x: Floats, y: Floats, weights: Floats) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Return intercept and slope of a weighted least-squares line, their standard errors, and R^2."""
    weights = weights / weights.sum()
    design = np.stack([np.ones_like(x), x], axis=1)
    inverse = np.linalg.inv(design.T @ (weights[:, None] * design))
    solution = inverse @ (design.T @ (weights * y))
    residuals = y - design @ solution
    scores = design * (weights * residuals)[:, None]
    errors = np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse) * len(x) / (len(x) - 2))
    variance = weights @ (y - weights @ y) ** 2
    r_squared = 1 - weights @ residuals**2 / variance if variance > 0 else np.nan
    return (float(solution[0]), float(solution[1])), (float(errors[0]), float(errors[1])), float(r_squared)
