"""``exp(i phase)`` of many phases in single precision, several times faster than in double precision."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from drumhead.waves.sites import Floats


def unit_phasors(phase: Floats) -> npt.NDArray[np.complex64]:
    """Return ``exp(i phase)``, with an error of about ``2e-7`` for phases up to ``1e8``.

    The phase is reduced to one cycle in double precision.

    >>> phase = np.linspace(-5e4, 5e4, 1001)
    >>> bool(np.abs(unit_phasors(phase) - np.exp(1j * phase)).max() < 3e-7)
    True
    """
    reduced = (phase - 2 * np.pi * np.rint(phase / (2 * np.pi))).astype(np.float32)
    result = np.empty(phase.shape, np.complex64)
    np.cos(reduced, out=result.real)
    np.sin(reduced, out=result.imag)
    return result
