"""The frequencies at which the oscillators of a sheet would swing by themselves, and how coupling shifts them.

An oscillator of stiffness ``omega`` without neighbours swings at ``sqrt(omega) / (2 pi)``. Coupling adds to the
restoring force: the kernel's centre pulls on the oscillator itself, its other eight weights pass on what the
neighbours do. For small waves (where tanh is its argument) a channel whose kernel onto itself is ``k`` has

- ``omega - k_centre`` while its neighbours are held still,
- ``omega - sum(k)`` while they all move alike. This is the lowest frequency of waves on a uniform sheet with Laplacian
  coupling, whose ``sum(k)`` is 0: what comes in below it does not travel on but decays, and is reflected. So a step in
  stiffness is a soft rim.

Large waves are pulled less than that, for tanh saturates. Coupling between channels is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.analysis.spectrum import Floats


class NaturalFrequencies(NamedTuple):
    """Cycles per unit of time, each of the shape of ``omega``; 0 where nothing pulls back."""

    uncoupled: Floats
    """Without neighbours: ``sqrt(omega) / (2 pi)``."""
    held: Floats
    """With neighbours held still."""
    together: Floats
    """With neighbours moving alike: the lower end of the band of waves that travel."""


def natural_frequencies(omega: npt.ArrayLike, coupling: npt.ArrayLike) -> NaturalFrequencies:
    """The natural frequency of every oscillator.

    Args:
        omega: stiffness, ``(..., channel, height, width)``, at least 0.
        coupling: ``(channel, channel, 3, 3)``.

    Raises:
        ValueError: shapes that do not fit.

    >>> stencil = [[[[0, 1, 0], [1, -4, 1], [0, 1, 0]]]]
    >>> [round(float(each[0, 0, 0]), 4) for each in natural_frequencies(np.ones((1, 1, 1)), stencil)]
    [0.1592, 0.3559, 0.1592]
    """
    stiffness, kernels = np.asarray(omega, np.float64), np.asarray(coupling, np.float64)
    channels = stiffness.shape[-3] if stiffness.ndim >= 3 else 0
    if not channels or kernels.shape != (channels, channels, 3, 3):
        raise ValueError(
            "omega must be (..., channel, height, width) and coupling (channel, channel, 3, 3); "
            f"got {stiffness.shape} and {kernels.shape}"
        )
    onto_itself = kernels[np.arange(channels), np.arange(channels)]
    centre, total = onto_itself[:, 1, 1], onto_itself.sum(axis=(1, 2))
    return NaturalFrequencies(
        *(
            np.sqrt(np.maximum(stiffness - pull[:, None, None], 0)) / (2 * np.pi)
            for pull in (np.zeros(channels), centre, total)
        )
    )
