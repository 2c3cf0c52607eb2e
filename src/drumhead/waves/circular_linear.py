r"""The circular-linear correlation, as published measures of target waves use it, and why not to rely on it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from drumhead.short_repr import short_repr
from drumhead.waves.sites import LEAST_SITES, Floats


@short_repr
class CircularLinearCorrelation(NamedTuple):
    """A correlation coefficient without a sign, and its p for independent values."""

    rho: Floats
    """``(...,)``, 0 to 1."""
    p: Floats
    """``(...,)``: from the chi-squared distribution of ``n rho^2`` with 2 degrees of freedom."""


def circular_linear_correlation(phase: npt.ArrayLike, distance: npt.ArrayLike) -> CircularLinearCorrelation:
    """Return the correlation of a phase with the cosine and sine of which a linear variable correlates best.

    ``rho^2 = (r_xc^2 + r_xs^2 - 2 r_xc r_xs r_cs) / (1 - r_cs^2)``, with the correlations of the variable with the
    cosine and the sine of the phase, and of these with each other (Mardia 1976). Waves were measured by that of phase
    with the distance from a source (Davis et al. 2020).

    It has no sign, is biased upwards for few values, and **is not a measure of fit once the phase spans a cycle or
    more**: for phases that are exactly linear it falls to 0.78 over one cycle and to 0.11 over one and a half. The gain
    of :func:`drumhead.waves.fit_target` is 1 for all of these.

    Args:
        phase: radians, ``(..., site)``. Sites whose phase is not finite are left out.
        distance: the linear variable, ``(site,)`` or of the shape of ``phase``.

    Raises:
        ValueError: if the shapes do not fit, or there are fewer than 3 values.

    >>> distance = np.linspace(0, 1, 1001)
    >>> [round(float(circular_linear_correlation(2 * np.pi * n * distance, distance).rho), 2) for n in (0.5, 1, 1.5)]
    [0.99, 0.78, 0.11]
    """
    angles, variable = np.asarray(phase, np.float64), np.asarray(distance, np.float64)
    if angles.ndim < 1 or variable.shape not in (angles.shape, angles.shape[-1:]):
        raise ValueError(f"distance must be one for each phase, {angles.shape[-1:]}; got {variable.shape}")
    present = np.isfinite(angles) & np.isfinite(variable)
    counts = present.sum(axis=-1)
    if not angles.size or counts.min() < LEAST_SITES:
        raise ValueError(f"at least {LEAST_SITES} finite phases are needed, got {counts.min() if angles.size else 0}")
    columns = np.cos(angles), np.sin(angles), np.broadcast_to(variable, angles.shape)
    c, s, x = (_centred(each, present) for each in columns)
    r_xc, r_xs, r_cs = _correlation(x, c), _correlation(x, s), _correlation(c, s)
    with np.errstate(invalid="ignore", divide="ignore"):
        square = (r_xc**2 + r_xs**2 - 2 * r_xc * r_xs * r_cs) / (1 - r_cs**2)
    rho: Floats = np.sqrt(np.clip(square, 0, 1))
    return CircularLinearCorrelation(rho, np.asarray(chi2.sf(counts * rho**2, 2)))


def _centred(values: Floats, present: npt.NDArray[np.bool_]) -> Floats:
    """Return the values less their mean, and 0 for those that are left out."""
    kept = np.where(present, values, 0)
    mean = kept.sum(axis=-1, keepdims=True) / present.sum(axis=-1, keepdims=True)
    centred: Floats = np.where(present, values - mean, 0)
    return centred


def _correlation(one: Floats, other: Floats) -> Floats:
    """Return the correlation coefficient of centred values; NaN if one of them is constant."""
    size = np.sqrt((one * one).sum(axis=-1) * (other * other).sum(axis=-1))
    coefficient: Floats = (one * other).sum(axis=-1) / np.where(size > 0, size, np.nan)
    return coefficient
