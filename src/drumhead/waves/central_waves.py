r"""Waves about a centre: their phase, how it depends on the parameters, and the ascent to the wave that fits best.

About a centre ``c``, with the distance ``rho = |r - c|`` and the angle ``theta`` from +x towards +y, the phase is

    phi(r) = charge theta - k rho.

``charge = 0`` is a target wave: a source for k > 0, a sink for k < 0. ``charge = +-1`` is a rotating wave, a spiral if
k is not 0. A fit maximises ``|sum_s u_s exp(-i phi(r_s))|`` over c and k.

That has many maxima as soon as a wavelength is shorter than the array; :mod:`drumhead.waves.central_search` finds where
to begin.

Positions are scaled, so that the array reaches from -1 to 1 on its longer axis. Parameters are ``(c_y, c_x, k)``.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from drumhead.waves.ascent import Evaluation, Maxima, ascend, uphill
from drumhead.waves.sites import Complexes, Floats
from drumhead.waves.unit_phasors import unit_phasors

Singles: TypeAlias = npt.NDArray[np.complex64]

REACH = 3.0
"""Centres are up to this many half sizes of the array from its middle: up to one array size beyond its edges."""
CORE = 1e-3
"""Derivatives treat sites nearer to the centre than this as if they were at this distance."""
LAST_STEP = 1e-5
"""An ascent ends after a step that is not longer than this; R has an error of about its square."""
LONGEST_STEP = 1.0
"""Of an ascent, as the root mean square over sites of the change of phase."""


class Limits(NamedTuple):
    """The range of the parameters."""

    centre: Floats
    """``(2,)``: the largest absolute value of c_y and c_x."""
    k: float
    """The largest absolute value of k."""

    def inside(self, parameters: Floats) -> Floats:
        """Return the parameters moved into the range."""
        edge = np.append(self.centre, self.k)
        return np.clip(parameters, -edge, edge)


class Derivatives(NamedTuple):
    """A wave at points, and how its phase depends on the parameters."""

    wave: Singles
    """``exp(-i phi)``, ``(..., point)``."""
    slopes: Floats
    """``(..., 3, point)``: the derivatives of phi with respect to c_y, c_x and k."""


def conjugate_wave(parameters: Floats, charge: int, points: Floats) -> Singles:
    """Return ``exp(-i phi)`` at points ``(point, 2)`` for parameters ``(..., 3)``: ``(..., point)``."""
    rho, sine, cosine = _polar(parameters, points)
    return _conjugate(parameters[..., 2, None], charge, rho, sine, cosine)


def derivatives(parameters: Floats, charge: int, points: Floats) -> Derivatives:
    """Return a wave and the derivatives of its phase at points ``(point, 2)`` for parameters ``(..., 3)``."""
    k = parameters[..., 2, None]
    rho, sine, cosine = _polar(parameters, points)
    slopes = np.stack([k * sine, k * cosine, -rho], axis=-2)
    if charge:
        distance = np.maximum(rho, CORE)
        slopes[..., 0, :] -= charge * cosine / distance
        slopes[..., 1, :] += charge * sine / distance
    return Derivatives(_conjugate(k, charge, rho, sine, cosine), slopes)


def _polar(parameters: Floats, points: Floats) -> tuple[Floats, Floats, Floats]:
    """Return rho, and the sine and cosine of theta, ``(..., point)`` each."""
    dy, dx = points[:, 0] - parameters[..., 0, None], points[:, 1] - parameters[..., 1, None]
    rho = np.sqrt(dy * dy + dx * dx)
    distance = np.maximum(rho, np.finfo(np.float64).tiny)
    return rho, dy / distance, dx / distance


def _conjugate(k: Floats, charge: int, rho: Floats, sine: Floats, cosine: Floats) -> Singles:
    """Return ``exp(-i (charge theta - k rho))``."""
    wave = unit_phasors(k * rho)
    if charge:
        factor = np.empty_like(wave)
        factor.real, factor.imag = cosine, -charge * sine
        wave *= factor
    return wave


def climb(u: Complexes, points: Floats, charge: int, start: Floats, limits: Limits, *, rounds: int = 40) -> Maxima:
    """Maximise ``|sum u exp(-i phi)|`` from ``start``, ``(frame, start, 3)``.

    The steps are those of Gauss and Newton: a regression of the phase differences on the slopes, with a free constant.

    Args:
        u: phasors, ``(frame, point)``.
        points: ``(point, 2)``.
        charge: of the wave.
        start: where to begin.
        limits: of the parameters.
        rounds: the most steps.
    """

    def evaluate(frames: npt.NDArray[np.intp], parameters: Floats) -> Evaluation:
        waves, slopes = derivatives(parameters, charge, points)
        rotated = u[frames][:, None] * waves
        total = rotated.sum(axis=-1)
        size = np.maximum(np.abs(total), np.finfo(np.float64).tiny)
        rotated *= (total.conj() / size)[..., None]
        cosines, sines = np.ascontiguousarray(rotated.real), np.ascontiguousarray(rotated.imag)
        weighted = slopes * cosines[..., None, :]
        sums = weighted.sum(axis=-1)
        hessian = weighted @ np.swapaxes(slopes, -1, -2) - sums[..., :, None] * (sums / size[..., None])[..., None, :]
        gradient = (slopes @ sines[..., None])[..., 0]
        return Evaluation(size, _limited(uphill(gradient, hessian), slopes, limits, parameters))

    return ascend(limits.inside(start), evaluate, last_step=LAST_STEP, rounds=rounds)


def climb_links(
    links: Complexes, ends: tuple[Floats, Floats], charge: int, start: Floats, limits: Limits, *, rounds: int = 15
) -> Maxima:
    """Maximise ``sum Re(link exp(-i (phi(b) - phi(a))))``, which needs no phase to be known to within a cycle.

    Args:
        links: ``u_b conj(u_a)`` of pairs of points, ``(frame, link)``.
        ends: the points a and b, each ``(link, 2)``.
        charge: of the wave.
        start: where to begin, ``(frame, start, 3)``.
        limits: of the parameters.
        rounds: the most steps.
    """

    def evaluate(frames: npt.NDArray[np.intp], parameters: Floats) -> Evaluation:
        (wave_a, slopes_a), (wave_b, slopes_b) = (derivatives(parameters, charge, points) for points in ends)
        rotated = links[frames][:, None] * wave_b * wave_a.conj()
        slopes = slopes_b - slopes_a
        hessian = (slopes * np.abs(rotated)[..., None, :]) @ np.swapaxes(slopes, -1, -2)
        gradient = (slopes @ rotated.imag[..., None])[..., 0]
        step = _limited(uphill(gradient, hessian), slopes, limits, parameters)
        return Evaluation(rotated.real.sum(axis=-1), step)

    return ascend(limits.inside(start), evaluate, last_step=LAST_STEP, rounds=rounds)


def _limited(step: Floats, slopes: Floats, limits: Limits, parameters: Floats) -> Floats:
    """Return steps shortened to ``LONGEST_STEP`` of phase and to the limits."""
    change = (step[..., None, :] @ slopes)[..., 0, :]
    spread = change.std(axis=-1)
    shortened = step * (LONGEST_STEP / np.maximum(spread, LONGEST_STEP))[..., None]
    inside: Floats = limits.inside(parameters + shortened) - parameters
    return inside
