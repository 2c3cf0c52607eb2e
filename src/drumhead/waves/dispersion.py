r"""The dispersion relation of a network's field: with which frequency a wave of a given wave vector oscillates.

On a uniform linear field, a wave ``exp(i (Omega t - k.r))`` that goes along ``k`` meets the restoring force
``A(k) = omega - S(k)`` between channels, where

    S(k)[a, b] = sum_ij coupling[a, b, i, j] exp(-i ((i - 1) k_y + (j - 1) k_x))

is the coupling's transfer function. With an eigenvalue ``a`` of ``A(k)``, the factor ``mu`` from one frame to the next
obeys the quadratic equation of :mod:`drumhead.fields.stability`; the frequency is ``f = angle(mu) / (2 pi dt)`` and the
growth rate ``log|mu| / dt``. Without damping and with a real ``a``, ``4 / dt^2 sin^2(pi f dt) = a``. For a Laplacian of
wave speed c, ``a = omega + 4 c^2 (sin^2(k_y / 2) + sin^2(k_x / 2))``. An asymmetric coupling makes ``a`` complex: a
wave grows in one direction and decays in the other. With tanh all this holds for small waves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.sites import Complexes, Floats, check_dt

ROUNDING = 1e-10
"""Eigenvalues with an imaginary part below this share of the largest count as real."""


@short_repr
class Dispersion(NamedTuple):
    """Waves by wave vector, each ``(..., channel)``: as many as channels, those of the highest frequency first."""

    frequency: Floats
    """Cycles per time, from 0 to ``1 / (2 dt)``; 0 if the wave does not oscillate (overdamped)."""
    growth: Floats
    """The growth rate of the amplitude, per time: below 0 a wave decays."""
    group_velocity_y: Floats
    """The velocity of a packet of such waves along rows, pixels per time; NaN where it is not defined."""
    group_velocity_x: Floats
    """The same along columns."""


def dispersion_relation(
    omega: npt.ArrayLike, alpha: npt.ArrayLike, coupling: npt.ArrayLike, *, dt: float, wave_vector: npt.ArrayLike
) -> Dispersion:
    """Return the frequency, growth and group velocity of small waves on a uniform field of coupled oscillators.

    Args:
        omega: stiffness, one number or one per channel.
        alpha: damping, one number or one per channel.
        coupling: ``(channel, channel, 3, 3)``, from the second axis's channel to the first's.
        dt: the field's step.
        wave_vector: ``(..., 2)``, each ``(k_y, k_x)`` in radians per pixel; waves go where it points.

    Raises:
        ValueError: if shapes do not fit, or ``dt`` is not above 0.

    A wave of 8 pixels along x, with a Laplacian, and its group velocity ``dt sin(k) / sin(2 pi f dt)``:

    >>> laplacian = [[[[0, 1, 0], [1, -4, 1], [0, 1, 0]]]]
    >>> waves = dispersion_relation(0.5, 0, laplacian, dt=0.4, wave_vector=(0, np.pi / 4))
    >>> [round(float(each[0]), 6) for each in (waves.frequency, waves.group_velocity_x)]
    [0.167066, 0.693833]
    """
    kernels, k = np.asarray(coupling, np.float64), np.asarray(wave_vector, np.float64)
    if kernels.ndim != 4 or kernels.shape[0] != kernels.shape[1] or kernels.shape[2:] != (3, 3):
        raise ValueError(f"coupling must be (channel, channel, 3, 3), got shape {kernels.shape}")
    if k.shape[-1:] != (2,):
        raise ValueError(f"wave_vector must be (..., 2), with (k_y, k_x) in the last axis; got shape {k.shape}")
    stiffness, damping = (_per_channel(name, each, len(kernels)) for name, each in (("omega", omega), ("alpha", alpha)))
    dt = check_dt(dt)
    offsets = np.stack(np.meshgrid([-1, 0, 1], [-1, 0, 1], indexing="ij"), axis=-1)
    waves = np.exp(-1j * (k[..., None, None, :] * offsets).sum(axis=-1))
    force = stiffness - np.einsum("abij,...ij->...ab", kernels, waves)
    slopes = [1j * np.einsum("abij,ij,...ij->...ab", kernels, offsets[..., axis], waves) for axis in (0, 1)]
    rate, right = np.linalg.eig(_generator(force, np.eye(len(kernels)) - dt * damping, -damping, dt))
    left = np.linalg.pinv(right)
    defect = np.abs(np.einsum("...ij,...ji->...i", left, right) - 1) > 1e-6
    nothing = np.zeros_like(damping)
    velocities = []
    for slope in slopes:
        with np.errstate(invalid="ignore"):
            change = np.einsum("...ij,...jk,...ki->...i", left, _generator(slope, nothing, nothing, dt), right)
            velocities.append(np.where(defect, np.nan, (change / (1 + dt * rate)).imag))
    frequency = np.arctan2(dt * rate.imag, 1 + dt * rate.real) / (2 * np.pi * dt)
    growth = np.log1p(2 * dt * rate.real + dt**2 * np.abs(rate) ** 2) / (2 * dt)
    forward = _forward(rate)
    frequency, growth, along_y, along_x = (
        np.take_along_axis(each, forward, axis=-1) for each in (frequency, growth, *velocities)
    )
    return Dispersion(np.abs(frequency), growth, along_y, along_x)


def lattice_wave_number(k_y: npt.ArrayLike, k_x: npt.ArrayLike, spacing: tuple[float, float] = (1.0, 1.0)) -> Floats:
    """Return ``K``, with ``K^2 = 4/dy^2 sin^2(k_y dy / 2) + 4/dx^2 sin^2(k_x dx / 2)``.

    ``-K^2`` is the eigenvalue of the five-point Laplacian. For waves much longer than the spacing ``K`` is ``|k|``.

    >>> float(lattice_wave_number(0, np.pi))
    2.0
    """
    dy, dx = spacing
    wave_number: Floats = np.hypot(2 / dy * np.sin(np.asarray(k_y) * dy / 2), 2 / dx * np.sin(np.asarray(k_x) * dx / 2))
    return wave_number


def _generator(force: Complexes, persistence: Floats, damping: Floats, dt: float) -> Complexes:
    """Return the matrix of ``(y, z)[n+1] - (y, z)[n] = dt G (y, z)[n]``, the step of drumhead.fields.wave."""
    one = np.broadcast_to(persistence, force.shape)
    two = np.broadcast_to(damping, force.shape)
    return np.block([[-dt * force, one], [-force, two]])


def _forward(rate: Complexes) -> npt.NDArray[np.int64]:
    """Return the indices of the half of the eigenvalues that go along k, by frequency, then by growth.

    The others are their complex conjugates, waves along -k, or the faster decaying of overdamped pairs.
    """
    scale = np.abs(rate).max(axis=-1, keepdims=True)
    imaginary = np.where(np.abs(rate.imag) > ROUNDING * scale, rate.imag, 0.0)
    order: npt.NDArray[np.int64] = np.lexsort((-rate.real, -imaginary), axis=-1)
    return order[..., : rate.shape[-1] // 2]


def _per_channel(name: str, values: npt.ArrayLike, channels: int) -> Floats:
    """Return a diagonal matrix of one number per channel."""
    numbers = np.asarray(values, np.float64)
    if numbers.shape not in ((), (channels,)):
        raise ValueError(f"{name} must be one number or one for each of {channels} channels, got shape {numbers.shape}")
    return np.diag(np.broadcast_to(numbers, channels))
