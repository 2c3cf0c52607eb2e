"""The study of drums as a table: area and rim of each beside what its frequencies imply, and pairs that sound alike."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from drumhead.analysis.drums.isospectral import probe_pair
from drumhead.analysis.drums.study import DrumStudy
from drumhead.report.tables.score_tables import DASH
from drumhead.report.tables.text_table import TextTable

HEADINGS = ("drum", "nodes", "pieces", "lowest f", "area", "from f", "rim", "from f")
ALIKE = 1e-9
"""Two drums sound alike if no frequency differs by a larger share: far above rounding, far below any near miss."""


def drum_table(studies: Sequence[DrumStudy], *, generator: np.random.Generator) -> TextTable:
    """Return the table of drums, with a note on each pair that sounds alike.

    Args:
        studies: one study or more.
        generator: draws the strikes of the probe.
    """
    notes = [
        f"from f: by Weyl's law from the lowest {len(studies[0].modes.eigenvalues)} frequencies, with standard errors.",
        *(note for first, second in combinations(studies, 2) for note in _pair_notes(first, second, generator)),
    ]
    return TextTable(list(HEADINGS), [_cells(study) for study in studies], notes)


def _cells(study: DrumStudy) -> list[str]:
    drum, estimate = study.drum, study.estimate
    lowest = study.modes.frequencies[1 if study.rim == "free" and len(study.modes.frequencies) > 1 else 0]
    area = DASH if estimate is None else f"{estimate.area:.4g} ± {estimate.area_error:.2g}"
    rim = DASH if estimate is None else f"{estimate.perimeter:.4g} ± {estimate.perimeter_error:.2g}"
    return [
        drum.name,
        f"{int(drum.inside.sum()):,}",
        str(drum.pieces),
        f"{lowest:.4f}",
        f"{drum.area:.4g}",
        area,
        f"{drum.perimeter:.4g}",
        rim,
    ]


def _pair_notes(first: DrumStudy, second: DrumStudy, generator: np.random.Generator) -> list[str]:
    """Return what to say of two drums that are not the same mask but have nearly the same frequencies."""
    names = f"{first.drum.name} and {second.drum.name}"
    if first.rim != second.rim or np.array_equal(first.drum.inside, second.drum.inside):
        return []
    ratios = second.modes.eigenvalues / np.maximum(first.modes.eigenvalues, 1e-300)
    difference = float(np.abs(ratios[first.modes.eigenvalues > 1e-9] - 1).max())
    if difference > ALIKE:
        return []
    probe = probe_pair((first.drum, second.drum), generator=generator)
    accuracy = 100 * probe.accuracy
    return [
        f"{names} sound alike: no eigenvalue differs by more than a share of {difference:.1e}. A linear probe tells "
        f"them apart in {accuracy.mean():.1f} % (±{accuracy.std(ddof=1):.1f}) of random strikes by the amplitudes of "
        f"{probe.modes} modes at a random pick-up; chance is 50 %."
    ]
