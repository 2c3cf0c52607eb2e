"""Helpers of the physics tests: linear algebra on small grids, in float64, independent of the code under test.

Only :func:`coupling_matrix` uses the package, and ``test_boundaries.py`` checks by hand what it uses.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from drumhead.fields import Boundary, convolve, laplacian

BOUNDARIES: tuple[Boundary, ...] = ("circular", "fixed", "free")

LAPLACIAN = laplacian(1, dtype=torch.float64)


def normal(*shape: int, seed: int) -> Tensor:
    """Standard normal numbers in float64."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def uniform(*shape: int, seed: int, low: float = 0.0, high: float = 1.0) -> Tensor:
    """Uniform numbers in float64."""
    numbers = torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return low + (high - low) * numbers


def plane(phase_x: float, phase_y: float, height: int, width: int) -> Tensor:
    """The phase ``kx x + ky y`` at every pixel, ``(1, 1, height, width)``."""
    rows = torch.arange(height, dtype=torch.float64)[:, None]
    columns = torch.arange(width, dtype=torch.float64)
    return (phase_y * rows + phase_x * columns)[None, None]


def restoring(kx: float, ky: float, omega: float) -> float:
    """The eigenvalue of ``omega - Laplacian`` for the wave vector ``(kx, ky)``, per pixel."""
    return float(omega + 4 - 2 * np.cos(kx) - 2 * np.cos(ky))


def scheme_frequency(eigenvalue: float, dt: float) -> float:
    """Angular frequency ``Omega`` of the undamped scheme: ``4 / dt^2 sin^2(Omega dt / 2) = eigenvalue``."""
    return float(2 / dt * np.arcsin(dt / 2 * np.sqrt(eigenvalue)))


def mode_amplitudes(eigenvalue: float, dt: float, steps: int) -> Tensor:
    """The amplitude after each step of an undamped mode that starts at rest at 1, ``(steps,)``.

    It solves the recurrence of the scheme with ``y[-1] = y[0] = 1``, because the velocity before the first step is 0.
    """
    frequency = scheme_frequency(eigenvalue, dt)
    n = np.arange(1, steps + 1)
    return torch.from_numpy(np.cos((n + 0.5) * frequency * dt) / np.cos(frequency * dt / 2))


def coupling_matrix(coupling: Tensor, height: int, width: int, *, boundary: Boundary) -> Tensor:
    """The coupling as a dense matrix on the flattened ``(channel, height, width)``."""
    n = coupling.shape[1] * height * width
    unit_positions = torch.eye(n, dtype=coupling.dtype).reshape(n, -1, height, width)  # one oscillator per image
    return convolve(unit_positions, coupling, boundary=boundary).reshape(n, n).T
