r"""How long a step may be before the oscillator scheme blows up.

For a linear field the scheme of :mod:`drumhead.fields.wave` obeys

    y[n+1] - 2 y[n] + y[n-1] = -dt^2 A y[n] - dt D (y[n] - y[n-1])

with ``D`` the damping and ``A = omega - coupling`` the restoring force. A mode ``y[n] = mu^n v`` with Rayleigh
quotients ``a = v.Av / v.v`` and ``d = v.Dv / v.v`` obeys

    mu^2 - (2 - dt^2 a - dt d) mu + (1 - dt d) = 0

and grows unless both roots lie in the unit circle, which for real ``a, d >= 0`` (Jury's criterion) means

    a dt^2 + 2 d dt <= 4,      that is   dt <= 4 / (d + sqrt(d^2 + 4 a)).

Neither quotient is larger than the largest stiffness plus the coupling's norm, and the largest damping, which
gives the limit below. For a symmetric coupling that only pulls back, such as the Laplacian, it is sufficient; it
is sharp where stiffness and damping are uniform and the sheet holds the wave pulled most, and nearly sharp where
they vary. For a learned, asymmetric coupling it is an estimate: such a coupling can feed a wave, which then
grows at any ``dt``, for so does the equation's, unless damping outweighs it.

With tanh the pull saturates, so a field past the limit need not blow up. Where damping and stiffness alone are
within the limit (``omega dt^2 + 2 alpha dt < 4``, neither 0) it stays bounded, but it rings for ever in waves of a
few pixels that are the scheme's, not the equation's; without damping or stiffness it wanders off, and with a
stiffness past the limit by itself it blows up, tanh or not.
"""

from __future__ import annotations

import torch
from torch import Tensor

GRID = 32
"""Wave vectors per axis at which the coupling is looked at: even, so that the shortest wave is among them."""


class StabilityWarning(UserWarning):
    """A network's step ``dt`` is longer than the limit for the stiffness and damping it has learned."""


def coupling_norm(coupling: Tensor) -> float:
    """The strongest pull the coupling exerts on a wave of unit size, over all wave vectors (8 for the Laplacian).

    This is the coupling's matrix norm on a circular sheet of ``GRID`` x ``GRID`` pixels; on a circular or fixed
    sheet of any other size the norm is at most 2 % more.

    Args:
        coupling: ``(channel, channel, 3, 3)``.
    """
    transfer = torch.fft.fft2(coupling.detach().cpu().double(), s=(GRID, GRID)).permute(2, 3, 0, 1)
    return float(torch.linalg.matrix_norm(transfer, ord=2).max())


def stability_limit(omega: Tensor, alpha: Tensor, coupling: Tensor) -> float:
    """The longest stable step for a field of this stiffness, damping and coupling.

    Args:
        omega: stiffness, any shape, at least 0.
        alpha: damping, same shape, at least 0.
        coupling: ``(channel, channel, 3, 3)``.

    Returns:
        The largest ``dt``, in the field's units of time; infinite where nothing moves.

    >>> from drumhead.fields import laplacian
    >>> stability_limit(torch.zeros(1), torch.zeros(1), laplacian(1))  # 2 / sqrt(8)
    0.7071067811865475
    """
    stiffest = float(omega.detach().max().clamp(min=0)) + coupling_norm(coupling)
    most_damped = float(alpha.detach().max().clamp(min=0))
    denominator = most_damped + (most_damped**2 + 4 * stiffest) ** 0.5
    return 4 / denominator if denominator > 0 else float("inf")
