r"""The stability limit: the longest step ``dt`` with which the oscillator scheme does not diverge.

For a linear field the scheme of :mod:`drumhead.fields.wave` obeys

    y[n+1] - 2 y[n] + y[n-1] = -dt^2 A y[n] - dt D (y[n] - y[n-1])

where ``D`` is the damping and ``A = omega - coupling`` the restoring force. A mode ``y[n] = mu^n v`` with Rayleigh
quotients ``a = v.Av / v.v`` and ``d = v.Dv / v.v`` obeys

    mu^2 - (2 - dt^2 a - dt d) mu + (1 - dt d) = 0

and grows unless both roots are in the unit circle, which for real ``a, d >= 0`` means (Jury's criterion)

    a dt^2 + 2 d dt <= 4,      that is   dt <= 4 / (d + sqrt(d^2 + 4 a)).

``a`` is at most the largest stiffness plus the coupling's norm, and ``d`` at most the largest damping, which gives the
limit below. For a symmetric, negative semidefinite coupling, such as the Laplacian, every step below the limit is
stable. The limit is sharp if stiffness and damping are uniform and the wave that the coupling pulls most strongly fits
on the grid; it is nearly sharp if they vary. For a learned, asymmetric coupling it is an estimate: such a coupling can
add energy to a wave, which then grows at any ``dt``, as it does in the equation, unless damping outweighs it.

With tanh the pull saturates, so a field beyond the limit need not diverge. If damping and stiffness alone are within
the limit (``omega dt^2 + 2 alpha dt < 4``, neither 0), it stays bounded, but never comes to rest: waves of a few
pixels persist that belong to the scheme and not to the equation. Without damping or stiffness the field drifts away.
With a stiffness that exceeds the limit by itself it diverges, with or without tanh.
"""

from __future__ import annotations

import torch
from torch import Tensor

GRID = 32
"""The number of wave vectors per axis at which the coupling is evaluated: even, to include the shortest wave."""


class StabilityWarning(UserWarning):
    """A network's step ``dt`` is longer than the limit for its learned stiffness and damping."""


def coupling_norm(coupling: Tensor) -> float:
    """Return the strongest pull of the coupling on a wave of unit norm, over all wave vectors.

    This is the coupling's spectral norm on a circular grid of ``GRID`` x ``GRID`` pixels; on a circular or fixed grid
    of any other size the norm is at most 2 % larger.

    Args:
        coupling: ``(channel, channel, 3, 3)``.

    >>> from drumhead.fields import laplacian
    >>> round(coupling_norm(laplacian(1)), 6)
    8.0
    """
    transfer = torch.fft.fft2(coupling.detach().cpu().double(), s=(GRID, GRID)).permute(2, 3, 0, 1)
    return float(torch.linalg.matrix_norm(transfer, ord=2).max())


def stability_limit(omega: Tensor, alpha: Tensor, coupling: Tensor) -> float:
    """Return the longest stable step for a field with this stiffness, damping and coupling.

    Args:
        omega: Stiffness, any shape; values below 0 count as 0.
        alpha: Damping, any shape; values below 0 count as 0.
        coupling: ``(channel, channel, 3, 3)``.

    Returns:
        The largest ``dt``, in the field's units of time; infinite if there is neither force nor damping.

    >>> from drumhead.fields import laplacian
    >>> stability_limit(torch.zeros(1), torch.zeros(1), laplacian(1))  # 2 / sqrt(8)
    0.7071067811865475
    """
    largest_force = float(omega.detach().max().clamp(min=0)) + coupling_norm(coupling)
    largest_damping = float(alpha.detach().max().clamp(min=0))
    denominator = largest_damping + (largest_damping**2 + 4 * largest_force) ** 0.5
    return 4 / denominator if denominator > 0 else float("inf")
