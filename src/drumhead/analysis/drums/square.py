r"""Square membranes with a fixed rim, in closed form: modes, fundamental frequency, and the area from the fundamental.

A membrane in which waves travel at speed ``c`` obeys ``d2y/dt2 = c^2 Laplacian y``. Its modes are the eigenvectors of
``-c^2 Laplacian`` that vanish on the rim; the mode of eigenvalue ``lambda`` has the frequency ``f`` with
``(2 pi f)^2 = lambda``. In a square of side ``L`` they are products of sines, and the fundamental is

    f = c / (L sqrt(2)),      so the area is      L^2 = c^2 / (2 f^2).

On the lattice of :mod:`drumhead.fields.wave` with the coupling ``c^2 laplacian``, ``n x n`` cells whose rim lies one
cell beyond the edge are a square of side ``L = n + 1`` grid spacings. Its modes are the same sines, with

    lambda_pq = 4 c^2 (sin^2(pi p / (2 L)) + sin^2(pi q / (2 L))),      p, q = 1 ... n,

and with a time step ``dt`` their frequencies satisfy ``sin(pi f dt) = dt / 2 sqrt(lambda)``. So the fundamental on the
lattice is lower than in the continuum by the share ``(1 - 2 c^2 dt^2) pi^2 / (24 L^2)``, to second order in ``1 / L``.
At the longest stable step, ``dt = 1 / (c sqrt(2))``, the two are equal, because the lattice lowers frequencies by as
much as the time step raises them.

Lengths are in grid spacings, times in the unit of ``dt``, frequencies in cycles per unit of time.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from drumhead.analysis.drums.modes import Modes, check_count
from drumhead.analysis.spectrum import Floats

Real = TypeVar("Real", float, Floats)


def continuous_fundamental(side: Real, *, c: float = 1.0) -> Real:
    """Return the fundamental of a square of this side in the continuum.

    >>> print(f"{continuous_fundamental(10.0):.4f}")
    0.0707
    """
    return c / (side * 2**0.5)


def continuous_area(frequency: Real, *, c: float = 1.0) -> Real:
    """Return the area of the square with this fundamental in the continuum."""
    return c**2 / (2 * frequency**2)


def lattice_fundamental(side: Real, *, dt: float, c: float = 1.0) -> Real:
    """Return the fundamental of a square of this side on the lattice, as the integration scheme has it.

    >>> print(f"{lattice_fundamental(10.0, dt=0.1):.4f}")
    0.0704
    """
    check_step(dt, c=c)
    eigenvalue: Real = 8 * c**2 * np.sin(np.pi / (2 * side)) ** 2
    return lattice_frequency(eigenvalue, dt=dt)


def lattice_area(frequency: Real, *, dt: float, c: float = 1.0) -> Real:
    """Return the area of the square with this fundamental on the lattice, as the integration scheme has it.

    It is NaN for a frequency above those of all squares.

    >>> print(f"{lattice_area(lattice_fundamental(10.0, dt=0.1), dt=0.1):.6f}")
    100.000000
    """
    check_step(dt, c=c)
    sine = np.sin(np.pi * frequency * dt) / (dt * c * 2**0.5)
    with np.errstate(invalid="ignore"):
        side: Real = np.pi / (2 * np.arcsin(sine))
    return side**2


def lattice_frequency(eigenvalue: Real, *, dt: float) -> Real:
    """Return the frequency that the integration scheme gives an undamped mode of this eigenvalue.

    The eigenvalue is at most ``4 / dt^2``. As ``dt`` goes to 0 the frequency becomes ``sqrt(eigenvalue) / (2 pi)``.
    """
    frequency: Real = np.arcsin(dt / 2 * np.sqrt(eigenvalue)) / (np.pi * dt)
    return frequency


def largest_resolvable_side(duration: float, *, dt: float, c: float = 1.0) -> int:
    """Return the side of the largest square with at least one period of its fundamental in the duration.

    A result below 2 means that there is no such square. A period fits in the duration exactly if the fundamental is not
    below the first bin of the spectrum, ``1 / duration``.

    >>> largest_resolvable_side(10, dt=0.1)
    7
    """
    if not 2 * dt < duration < float("inf"):
        raise ValueError(f"duration must be more than two steps of {dt} and finite, got {duration}")
    area = lattice_area(1 / duration, dt=dt, c=c)
    return int(area**0.5 * (1 + 1e-12)) if area > 0 else 0  # the factor keeps a side that fits exactly


def check_step(dt: float, *, c: float) -> None:
    """Raise ``ValueError`` if the time step is too long to be stable for waves of speed ``c``."""
    if not 0 < c < float("inf"):
        raise ValueError(f"c must be positive and finite, got {c}")
    longest = 1 / (c * 2**0.5)
    if not 0 < dt <= longest * (1 + 1e-12):
        raise ValueError(f"dt must be above 0 and at most 1 / (c sqrt(2)) = {longest:.4g} for c = {c:g}, got {dt}")


def square_modes(side: int, count: int, *, c: float = 1.0) -> Modes:
    """Return the lowest modes of a square in closed form, as products of sines.

    Args:
        side: in grid spacings, 2 or more; the square has ``side - 1`` cells each way.
        count: the number of modes, 1 to ``(side - 1)^2``.
        c: the wave speed.

    >>> square_modes(10, 3).eigenvalues.round(4)
    array([0.1958, 0.4799, 0.4799])
    """
    cells = side - 1
    if cells < 1:
        raise ValueError(f"side must be 2 or more, so that there is a cell inside the rim; got {side}")
    check_count(count, cells**2)
    numbers = np.arange(1, side)
    strings = np.sqrt(2 / side) * np.sin(np.pi * np.outer(numbers, numbers) / side)  # (mode, cell), of unit norm
    squares = 4 * c**2 * np.sin(np.pi * numbers / (2 * side)) ** 2
    eigenvalues = squares[:, None] + squares
    p, q = np.unravel_index(np.argsort(eigenvalues, axis=None, kind="stable")[:count], eigenvalues.shape)
    return Modes(eigenvalues[p, q], strings[p, :, None] * strings[q, None, :])
