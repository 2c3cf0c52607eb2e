"""Maximisation of many smooth functions at once, each from several starts, with steps that never go down."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from drumhead.waves.sites import Floats

ROUNDING = 1e-12
"""Two values are equal if they differ by this share."""
LEAST_CURVATURE = 1e-9
"""Curvatures below this share of the largest count as this share."""


class Evaluation(NamedTuple):
    """Values of the functions, and the steps that should be tried next."""

    value: Floats
    """``(n, start)``."""
    step: Floats
    """``(n, start, parameter)``."""


Evaluate: TypeAlias = Callable[[npt.NDArray[np.intp], Floats], Evaluation]
"""``(function index (n,), parameters (n, start, parameter)) -> Evaluation``."""


class Maxima(NamedTuple):
    """Where the functions are largest."""

    parameters: Floats
    """``(function, start, parameter)``."""
    value: Floats
    """``(function, start)``."""

    def best(self) -> tuple[Floats, Floats]:
        """Return the parameters ``(function, parameter)`` and value ``(function,)`` of each function's best start."""
        chosen = np.arange(len(self.value)), self.value.argmax(axis=1)
        return self.parameters[chosen], self.value[chosen]


def ascend(start: Floats, evaluate: Evaluate, *, last_step: float, rounds: int = 40) -> Maxima:
    """Maximise functions; a step that goes down is halved.

    Args:
        start: ``(function, start, parameter)``.
        evaluate: the functions and the steps to try.
        last_step: a search has converged after a step that is not longer. Newton's error is about its square.
        rounds: the most steps.
    """
    parameters = start.copy()
    active = np.arange(len(parameters))
    value, step = (each.copy() for each in evaluate(active, parameters))
    for _ in range(rounds):
        tried = parameters[active] + step[active]
        at_tried = evaluate(active, tried)
        better = at_tried.value >= (1 - ROUNDING) * value[active]
        # A search that has converged repeats its last step, which is too short to matter, while others go on.
        moving = np.abs(step[active]).max(axis=(1, 2)) > last_step
        parameters[active] = np.where(better[..., None], tried, parameters[active])
        value[active] = np.where(better, at_tried.value, value[active])
        step[active] = np.where(better[..., None], at_tried.step, step[active] / 2)
        active = active[moving]
        if not len(active):
            break
    return Maxima(parameters, value)


def uphill(gradient: Floats, hessian: Floats) -> Floats:
    """Return Newton's steps towards a maximum, with the sign of each curvature made negative.

    Args:
        gradient: ``(..., parameter)``.
        hessian: ``(..., parameter, parameter)``: minus the second derivatives.
    """
    curvature, axes = np.linalg.eigh(hessian)
    size = np.abs(curvature)
    least = LEAST_CURVATURE * size.max(axis=-1, keepdims=True) + np.finfo(np.float64).tiny
    along = (axes * gradient[..., None]).sum(axis=-2) / np.maximum(size, least)
    step: Floats = (axes * along[..., None, :]).sum(axis=-1)
    return step
