r"""The model of a wave that describes the phases of each frame best: none, synchrony, plane, target or rotation.

A model with more parameters always has a larger resultant length R, so each pays for the range of its parameters. The
phase errors of n sites are taken as independent, from a von Mises distribution, whose likelihood relative to that of
uniform phases has the logarithm

    n (kappa R - log I_0(kappa)),      with kappa such that I_1(kappa) / I_0(kappa) = R.

To this is added the logarithm of the share of the model's parameters, of all that the fit searches, that fit about as
well: the volume of their posterior distribution in Laplace's approximation, from the Fisher information
``n kappa R Cov(d phi)``. The sum approximates the logarithm of the Bayes factor against random phases, with uniform
priors. The common charge of log(n) / 2 for each parameter (Schwarz 1978) is too small here: the precision of a wave
vector grows with the array's size as well, and a search for a target wave has thousands of distinguishable candidates.

A target wave from far away is nearly plane, so a plane wave with noise is often fitted as well by one. Models about a
centre are therefore charged 3 more, prior odds of 1 to 20. ``benchmarks/wave_models.py`` prints how often each model is
chosen for waves of each kind.

Errors that are alike at neighbouring sites make n too large, and the choice too confident: it then prefers the model
with more parameters. Whether there is a wave at all is better decided by surrogates.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.special import i0e, i1e

from drumhead.short_repr import short_repr
from drumhead.waves.central_fits import RotationFit, TargetFit, fit_rotation, fit_target
from drumhead.waves.central_waves import REACH, derivatives
from drumhead.waves.fits import PlaneFit, fit_plane
from drumhead.waves.phasors import Places, phase_movie
from drumhead.waves.sites import Floats, Spacing

MODELS = ("none", "synchrony", "plane", "target", "rotation")
MOST_POINTS = 400
"""About the number of sites over which the slopes of a wave about a centre are averaged."""
LARGEST_R = 1 - 1e-9
CENTRE_CHARGE = 3.0
"""What models about a centre are charged besides."""

Texts: TypeAlias = npt.NDArray[np.str_]


@short_repr
class ModelChoice(NamedTuple):
    """The fits of all models to each frame, and the best of them."""

    model: Texts
    """``(time,)``: one of none, synchrony, plane, target and rotation; empty in frames with fewer than 3 phases."""
    gain: Floats
    """``(time,)``: the gain of that model; 0 for none and synchrony."""
    scores: Floats
    """``(model, time)``, in the order of ``MODELS``: about the logarithm of the odds against random phases. A
    difference of 3 is a ratio of 20."""
    plane: PlaneFit
    target: TargetFit
    rotation: RotationFit


def choose_model(
    z: npt.ArrayLike,
    *,
    spacing: Spacing | None = None,
    positions: npt.ArrayLike | None = None,
    valid: npt.ArrayLike | None = None,
) -> ModelChoice:
    """Fit a plane, a target and a rotating wave to the phases of each frame, and choose a model.

    Args:
        z: complex, of which only the phase matters: ``(time, y, x)`` with ``spacing``, or ``(time, site)`` with
            ``positions``.
        spacing: of a grid, ``(dy, dx)`` or one length.
        positions: of scattered sites, ``(site, 2)``, each (y, x).
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: as :func:`drumhead.waves.fit_plane`.

    >>> from drumhead.waves import Grid, plane_wave, rotating_wave
    >>> grid = Grid(frames=1)
    >>> movie = np.concatenate([plane_wave(grid), rotating_wave(grid)])
    >>> choose_model(movie, spacing=grid.spacing).model.tolist()
    ['plane', 'rotation']
    """
    movie = phase_movie(z, spacing=spacing, positions=positions, valid=valid)
    plane = fit_plane(z, spacing=spacing, positions=positions, valid=valid)
    target = fit_target(z, spacing=spacing, positions=positions, valid=valid)
    rotation = fit_rotation(z, spacing=spacing, positions=positions, valid=valid)
    counts, places = movie.counts.astype(np.float64), movie.places
    scores = np.stack(
        [
            np.where(np.isnan(plane.resultant), np.nan, 0.0),
            _score(plane.synchrony, counts),
            _score(plane.resultant, counts) + _plane_share(plane, counts, places),
            _score(target.resultant, counts) + _central_share(target, np.zeros_like(counts), counts, places),
            _score(rotation.resultant, counts)
            + _central_share(rotation, rotation.charge, counts, places)
            - np.log(2),  # of two senses
        ]
    )
    scores[[MODELS.index("target"), MODELS.index("rotation")]] -= CENTRE_CHARGE
    undefined = np.isnan(scores).any(axis=0)
    best = np.where(undefined, 0, scores.argmax(axis=0))
    model = np.where(undefined, "", np.array(MODELS)[best])
    nothing = np.zeros_like(counts)
    gains = np.stack([nothing, nothing, plane.gain, target.gain, rotation.gain])[best, np.arange(len(best))]
    return ModelChoice(model, np.where(undefined, np.nan, gains), scores, plane, target, rotation)


def concentration(resultant: Floats) -> Floats:
    """Return the kappa of a von Mises distribution by its mean resultant length, to about 1e-9 of kappa.

    >>> concentration(np.array([0.0, 0.5, 0.95])).round(4).tolist()
    [0.0, 1.1593, 10.2717]
    """
    r = np.minimum(resultant, LARGEST_R)
    kappa: Floats = r * (2 - r**2) / (1 - r**2)  # Banerjee et al. 2005
    for _ in range(20):
        ratio = i1e(kappa) / i0e(kappa)
        slope = 1 - ratio**2 - np.divide(ratio, kappa, out=np.full_like(kappa, 0.5), where=kappa > 0)
        kappa = np.maximum(kappa - (ratio - r) / np.maximum(slope, 1e-300), 0)
    return kappa


def _score(resultant: Floats, counts: Floats) -> Floats:
    """Return the log likelihood ratio, less what kappa and the constant phase cost."""
    kappa = concentration(resultant)
    likelihood = counts * (kappa * (resultant - 1) - np.log(i0e(kappa)))
    information = counts * kappa * resultant
    phase = -0.5 * np.log1p(2 * np.pi * information)  # a phase known to 1 / sqrt(information), of 2 pi
    score: Floats = likelihood + phase - 0.5 * np.log(np.maximum(counts, 1))
    return score


def _plane_share(fit: PlaneFit, counts: Floats, places: Places) -> Floats:
    """Return the logarithm of the share of wave vectors that fit about as well."""
    covariance = np.cov(places.positions[places.used].T, bias=True)
    return _log_share(_precision(fit.resultant, counts)[:, None, None] * covariance, 2 * places.nyquist)


def _central_share(fit: TargetFit | RotationFit, charge: Floats, counts: Floats, places: Places) -> Floats:
    """Return the logarithm of the share of centres and wave numbers that fit about as well."""
    points = places.positions[places.used]
    points = points[:: max(1, len(points) // MOST_POINTS)]
    parameters = np.nan_to_num(np.stack([fit.y, fit.x, fit.k], axis=1))
    covariance = np.empty((len(counts), 3, 3))
    for sign in (-1, 0, 1):
        frames = np.flatnonzero(np.nan_to_num(charge) == sign)
        slopes = derivatives(parameters[frames], sign, points).slopes
        slopes -= slopes.mean(axis=-1, keepdims=True)
        covariance[frames] = slopes @ np.swapaxes(slopes, -1, -2) / len(points)
    ranges = np.append(REACH * places.extent, 2 * places.nyquist.min())
    return _log_share(_precision(fit.resultant, counts)[:, None, None] * covariance, ranges)


def _precision(resultant: Floats, counts: Floats) -> Floats:
    """Return the Fisher information about the phase at a point that all sites share."""
    precision: Floats = np.nan_to_num(counts * concentration(resultant) * resultant)
    return precision


def _log_share(information: Floats, ranges: Floats) -> Floats:
    """Return the logarithm of the posterior volume as a share of the volume of the ranges, at most 0."""
    total = information + np.diag(12 / ranges**2)
    scaled = total * ranges[:, None] * ranges / (2 * np.pi)
    _, logarithm = np.linalg.slogdet(scaled)
    share: Floats = np.minimum(-0.5 * logarithm, 0)
    return share
