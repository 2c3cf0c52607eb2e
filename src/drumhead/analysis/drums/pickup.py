r"""What a pick-up at one place of a drum records of a strike at another.

A strike sets the position to a narrow bump at one node. Each mode ``m`` then swings as

    y(r, t) = sum over m of phi_m(s) phi_m(r) cos(2 pi f_m t)

at the pick-up ``r``, for the strike ``s`` and modes of unit norm over the area. Two drums with the same frequencies can
still be told apart by these amplitudes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from drumhead.analysis.drums.modes import Modes
from drumhead.analysis.drums.shapes import Drum
from drumhead.analysis.drums.square import lattice_frequency
from drumhead.analysis.spectrum import Floats


class LocalSpectrum(NamedTuple):
    """The lines of the spectrum at a pick-up."""

    frequencies: Floats
    """``(mode,)``: in the continuum of time, cycles per unit of time."""
    amplitudes: Floats
    """``(mode,)``: signed, per unit of the strike's volume."""


def local_spectrum(modes: Modes, drum: Drum, *, strike: tuple[int, int], pickup: tuple[int, int]) -> LocalSpectrum:
    """Return the frequencies and amplitudes that a pick-up records of a strike.

    Args:
        modes: of :func:`~drumhead.analysis.drums.modes.membrane_modes`.
        drum: the drum of these modes.
        strike: row and column of a node inside, which is struck.
        pickup: row and column of the node that records.

    Raises:
        ValueError: if a node is not inside.
    """
    for name, node in (("strike", strike), ("pickup", pickup)):
        if not drum.inside[node]:
            raise ValueError(f"{name} must be a node inside the drum, got row {node[0]}, column {node[1]}")
    density = modes.shapes / drum.spacing  # of unit norm over the area
    return LocalSpectrum(modes.frequencies, density[:, strike[0], strike[1]] * density[:, pickup[0], pickup[1]])


def scheme_frequencies(modes: Modes, *, dt: float) -> Floats:
    """Return the frequencies that the time steps of :mod:`drumhead.fields.wave` give the modes.

    Raises:
        ValueError: if ``dt`` is past the stability limit of the highest of these modes.
    """
    highest = float(modes.eigenvalues.max())
    if not 0 < dt <= (limit := 2 / highest**0.5):
        raise ValueError(f"dt must be above 0 and at most {limit:.4g} for these modes, got {dt}")
    return lattice_frequency(np.maximum(modes.eigenvalues, 0), dt=dt)
