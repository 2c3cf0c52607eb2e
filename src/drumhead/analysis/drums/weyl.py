r"""Weyl's law: how the number of modes below a frequency tells a drum's area and the length of its rim.

The number of eigenvalues of ``-Laplacian`` up to ``lambda`` is, on average,

    N(lambda) = A lambda / (4 pi) - P sqrt(lambda) / (4 pi) + K      (with + P for a free rim)

for a drum of area ``A``, rim ``P`` and corner term ``K``. Two drums that sound alike have equal area and rim.

Source: Weyl 1911; Kac 1966, Amer. Math. Monthly 73, 1; the corner term: van den Berg and Srisatkunarajah 1988.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.analysis.drums.modes import Rim
from drumhead.analysis.drums.shapes import Drum
from drumhead.analysis.spectrum import Floats

BLOCKS = 8
"""The number of blocks of the jackknife: neighbouring eigenvalues are not independent."""

FEWEST = 3 * BLOCKS
"""The smallest number of eigenvalues for an estimate."""


class ShapeEstimate(NamedTuple):
    """Area, rim and corner term that a drum's lowest frequencies imply, each with its standard error."""

    area: float
    area_error: float
    perimeter: float
    perimeter_error: float
    constant: float
    """The corner term."""
    constant_error: float


def weyl_count(eigenvalues: npt.ArrayLike, drum: Drum, *, rim: Rim = "fixed", c: float = 1.0) -> Floats:
    """Return the number of modes up to each eigenvalue by Weyl's law, with the terms of area, rim and corners.

    >>> from drumhead.analysis.drums import polygon_drum
    >>> square = polygon_drum([(0, 0), (1, 0), (1, 1), (0, 1)], resolution=8)
    >>> [round(float(n), 1) for n in weyl_count([2 * np.pi**2, 400.0], square)]
    [0.4, 25.7]
    """
    lam = np.asarray(eigenvalues, np.float64) / c**2
    count: Floats = _design(lam, rim) @ np.array([drum.area, drum.perimeter, drum.corner_term])
    return count


def estimate_shape(eigenvalues: npt.ArrayLike, *, rim: Rim = "fixed", c: float = 1.0) -> ShapeEstimate:
    """Estimate area, rim and corner term of a drum from its lowest eigenvalues, by least squares on Weyl's law.

    The count at the ``k``-th eigenvalue, where it jumps from ``k - 1`` to ``k``, is taken as ``k - 1/2``. Standard
    errors are those of a jackknife over blocks of neighbouring eigenvalues. They do not include the error of the grid:
    see :func:`correct_for_grid`.

    Args:
        eigenvalues: the lowest eigenvalues of ``-c^2 Laplacian``, each as often as it occurs, without gaps; 24 or more.
        rim: of the drum.
        c: the wave speed.

    Raises:
        ValueError: if there are too few eigenvalues, or they are not finite.

    >>> p, q = np.meshgrid(np.arange(1, 40), np.arange(1, 40))
    >>> square = np.sort((np.pi**2 * (p**2 + q**2)).ravel())[:400]  # of side 1
    >>> estimate = estimate_shape(square)
    >>> abs(estimate.area - 1) < 0.01, abs(estimate.perimeter - 4) < 0.2
    (True, True)
    """
    lam = np.sort(np.asarray(eigenvalues, np.float64)) / c**2
    if lam.ndim != 1 or len(lam) < FEWEST or not np.isfinite(lam).all():
        raise ValueError(f"eigenvalues must be (mode,), finite, {FEWEST} or more; got shape {lam.shape}")
    count = np.arange(len(lam)) + 0.5
    design = _design(np.maximum(lam, 0), rim)

    def fit(kept: npt.NDArray[np.bool_]) -> Floats:
        solution: Floats = np.linalg.lstsq(design[kept], count[kept], rcond=None)[0]
        return solution

    best = fit(np.ones(len(lam), bool))
    block = np.arange(len(lam)) * BLOCKS // len(lam)
    left_out = np.stack([fit(block != b) for b in range(BLOCKS)])
    errors = np.sqrt((BLOCKS - 1) / BLOCKS * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
    return ShapeEstimate(*(float(value) for pair in zip(best, errors, strict=True) for value in pair))


def correct_for_grid(eigenvalues: npt.ArrayLike, spacing: float, *, c: float = 1.0) -> Floats:
    """Return eigenvalues on a grid, corrected on average for the error of the five-point Laplacian.

    A plane wave in the direction ``t`` has the eigenvalue ``k^2 - h^2 k^4 (cos^4 t + sin^4 t) / 12`` on a grid of
    spacing ``h``, which is ``k^2 - h^2 k^4 / 16`` on average over directions.

    >>> from drumhead.analysis.drums import square_modes
    >>> p, q = np.meshgrid(np.arange(1, 40), np.arange(1, 40))
    >>> exact = np.sort((np.pi**2 * (p**2 + q**2)).ravel())[:200]
    >>> on_grid = square_modes(40, 200).eigenvalues * 40**2
    >>> [f"{float((values / exact)[100:].mean()):.3f}" for values in (on_grid, correct_for_grid(on_grid, 1 / 40))]
    ['0.923', '0.992']
    """
    lam = np.asarray(eigenvalues, np.float64)
    corrected: Floats = lam + (spacing / c) ** 2 * lam**2 / 16
    return corrected


def _design(lam: Floats, rim: Rim) -> Floats:
    """Return ``(mode, 3)``: the factors of area, rim and corner term in Weyl's law."""
    sign = -1.0 if rim == "fixed" else 1.0
    return np.stack([lam / (4 * np.pi), sign * np.sqrt(lam) / (4 * np.pi), np.ones_like(lam)], axis=-1)
