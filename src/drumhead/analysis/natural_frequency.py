"""The natural frequencies of a field's oscillators, and how coupling shifts them.

An oscillator of stiffness ``omega`` without neighbours oscillates at ``sqrt(omega) / (2 pi)``. Coupling adds to the
restoring force: the kernel's centre acts on the oscillator itself, and its other eight weights transmit the positions
of the neighbours. For small waves, where ``tanh(x)`` is close to ``x``, the effective stiffness of a channel whose
kernel onto itself is ``k`` is

- ``omega - k_centre`` if the neighbours are held at rest,
- ``omega - sum(k)`` if they all move in phase. This gives the lowest frequency of waves that travel on a uniform field
  with Laplacian coupling, whose ``sum(k)`` is 0: an incoming wave of lower frequency decays and is reflected. A step
  in stiffness therefore acts as a soft rim.

For large waves tanh saturates and the coupling is weaker. Coupling between channels is ignored.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.analysis.spectrum import Floats
from drumhead.short_repr import short_repr


@short_repr
class NaturalFrequencies(NamedTuple):
    """Natural frequencies in cycles per unit of time, each of the shape of ``omega``; 0 without a restoring force."""

    uncoupled: Floats
    """Without neighbours: ``sqrt(omega) / (2 pi)``."""
    neighbours_fixed: Floats
    """With neighbours held at rest."""
    neighbours_in_phase: Floats
    """With neighbours moving in phase: the lower end of the frequency band of travelling waves."""


def natural_frequencies(omega: npt.ArrayLike, coupling: npt.ArrayLike) -> NaturalFrequencies:
    """Return the natural frequencies of every oscillator.

    Args:
        omega: stiffness, ``(..., channel, height, width)``, at least 0.
        coupling: ``(channel, channel, 3, 3)``.

    Raises:
        ValueError: if the shapes do not fit.

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
            np.sqrt(np.maximum(stiffness - shift[:, None, None], 0)) / (2 * np.pi)
            for shift in (np.zeros(channels), centre, total)
        )
    )
