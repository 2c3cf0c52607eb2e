"""Which wave fits the phases of a frame best: a plane, a target or a rotating wave, or none.

Waves with more parameters fit better by chance. So each is charged for its parameters, by Schwarz's criterion (BIC) for
phase errors of a normal distribution, whose variance is ``-2 log R`` for the resultant length R of the fit:

    n log(-2 log R) + parameters log(n)        for n sites.

A plane wave has 2 parameters, a target wave and a rotating wave (a spiral) 3, and synchrony none. The least value is
the best model. Whether it is more than chance is a question for permuted sites.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from drumhead.waves.central_fits import RotationFit, TargetFit, fit_rotation, fit_target
from drumhead.waves.fits import PlaneFit, fit_plane
from drumhead.waves.sites import Floats, Spacing, phase_mask

MODELS = ("none", "synchrony", "plane", "target", "rotation")
"""The models by name. Synchrony: all sites have the same phase, up to noise."""
PARAMETERS = (0, 2, 3, 3)
"""The number of parameters of each of ``MODELS`` from synchrony on, the ones that are compared."""

Texts: TypeAlias = npt.NDArray[np.str_]

PERFECT = 1 - 1e-12
"""Larger resultant lengths count as this, so that the logarithm of the variance is finite."""


class ModelChoice(NamedTuple):
    """The fits of each frame, and which is best."""

    model: Texts
    """``(time,)``: the best of synchrony, plane, target and rotation; empty in frames with fewer than 3 phases."""
    gain: Floats
    """``(time,)``: its gain, the share of what synchrony leaves unexplained; 0 for synchrony."""
    plane: PlaneFit
    """The plane wave of each frame."""
    target: TargetFit
    """The target wave."""
    rotation: RotationFit
    """The rotating wave."""


def choose_model(
    z: npt.ArrayLike,
    *,
    spacing: Spacing | None = None,
    positions: npt.ArrayLike | None = None,
    valid: npt.ArrayLike | None = None,
) -> ModelChoice:
    """Fit plane, target and rotating waves to the phases of each frame, and choose the best.

    The arguments and errors are those of :func:`drumhead.waves.fit_plane`.

    >>> from drumhead.waves import Grid, plane_wave, rotating_wave, target_wave
    >>> grid = Grid(frames=1)
    >>> waves = [make(grid)[0] for make in (plane_wave, target_wave, rotating_wave)]
    >>> choose_model(np.stack(waves), spacing=grid.spacing).model.tolist()
    ['plane', 'target', 'rotation']
    """
    plane = fit_plane(z, spacing=spacing, positions=positions, valid=valid)
    target = fit_target(z, spacing=spacing, positions=positions, valid=valid)
    rotation = fit_rotation(z, spacing=spacing, positions=positions, valid=valid)
    mask = phase_mask(z, valid)
    sites = mask.reshape(len(mask), -1).sum(axis=1)
    resultants = np.stack([plane.synchrony, plane.resultant, target.resultant, rotation.resultant])
    known = np.isfinite(resultants).all(axis=0)
    charge = np.array(PARAMETERS)[:, None] * np.log(np.maximum(sites, 1))
    with np.errstate(divide="ignore"):
        scores = sites * np.log(-2 * np.log(np.clip(resultants, np.finfo(np.float64).tiny, PERFECT))) + charge
    best = np.where(known, np.where(np.isfinite(scores), scores, np.inf).argmin(axis=0), -1)
    gains = np.stack([np.zeros(len(best)), plane.gain, target.gain, rotation.gain])
    gain = np.where(known, gains[np.maximum(best, 0), np.arange(len(best))], np.nan)
    names = np.where(known, np.array(MODELS[1:])[np.maximum(best, 0)], "")
    return ModelChoice(names, gain, plane, target, rotation)
