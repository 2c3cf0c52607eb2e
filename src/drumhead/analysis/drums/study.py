"""A study of drums: their modes, the shapes that their frequencies imply, and what one pick-up records."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from drumhead.analysis.drums.modes import Modes, Rim, membrane_modes
from drumhead.analysis.drums.pickup import LocalSpectrum, local_spectrum
from drumhead.analysis.drums.shapes import Drum
from drumhead.analysis.drums.weyl import FEWEST, ShapeEstimate, correct_for_grid, estimate_shape


class DrumStudy(NamedTuple):
    """One drum, its modes, and what they tell."""

    drum: Drum
    rim: Rim
    modes: Modes
    """The lowest modes, on the grid."""
    estimate: ShapeEstimate | None
    """Area and rim by Weyl's law from these modes; None if there are too few."""
    pickup: LocalSpectrum
    """The lines that a random pick-up records of a random strike."""


def study_drum(drum: Drum, *, count: int, rim: Rim = "fixed", generator: np.random.Generator) -> DrumStudy:
    """Compute the lowest modes of a drum, and what they tell.

    Args:
        drum: the drum.
        count: the number of modes, at most one for each ten nodes; with fewer than 24, the shape is not estimated.
        rim: ``fixed`` or ``free``.
        generator: draws the nodes of strike and pick-up.

    Raises:
        ValueError: if ``count`` is out of range.
    """
    check_mode_count(drum, count)
    modes = membrane_modes(drum, count, rim=rim)
    corrected = correct_for_grid(modes.eigenvalues, drum.spacing)
    rows, columns = drum.inside.nonzero()
    (strike, pickup) = ((int(rows[i]), int(columns[i])) for i in generator.integers(len(rows), size=2))
    return DrumStudy(
        drum,
        rim,
        modes,
        estimate_shape(corrected, rim=rim) if count >= FEWEST else None,
        local_spectrum(modes, drum, strike=strike, pickup=pickup),
    )


def check_mode_count(drum: Drum, count: int) -> None:
    """Raise ``ValueError`` unless a drum has ten nodes for each mode."""
    nodes = int(drum.inside.sum())
    if not 1 <= count <= (most := max(1, nodes // 10)):
        raise ValueError(
            f"the number of modes must be 1 to {most}, a tenth of the {nodes} nodes of {drum.name}, since higher modes "
            f"are artefacts of the grid; got {count}"
        )
