"""``drumhead figure drums``: the modes of drums of any shape."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from drumhead.analysis.drums import Rim
from drumhead.analysis.drums.named import find_drum
from drumhead.analysis.drums.study import check_mode_count, study_drum
from drumhead.cli.console import Console
from drumhead.cli.figures.files import DEFAULT_FOLDER, figure_files, write_figure
from drumhead.cli.progress import progress_bar
from drumhead.report.figures.drum_figure import drums_figure
from drumhead.report.style import DPI, check_dpi
from drumhead.report.tables.drum_table import drum_table
from drumhead.report.tables.text_table import TerminalTable

DEFAULT_DRUMS = ("square", "disc", "isospectral-1", "isospectral-2")


def drums(
    shapes: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[SHAPE ...]")] = DEFAULT_DRUMS,
    *,
    modes: Annotated[int, tyro.conf.arg(metavar="INT")] = 9,
    frequencies: int = 100,
    nodes: int = 6000,
    rim: Rim = "fixed",
    seed: int = 0,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Draw the modes of drums of any shape, and what their frequencies tell about their area and rim.

    The command needs no run. It prints a table with each drum's area and rim beside the values that its frequencies
    imply by Weyl's law, and says which drums sound alike.

    Args:
        shapes: Names (square, disc, triangle, l-shape, isospectral-1, isospectral-2, near-miss), or files of masks
            (PNG, TIFF, .npy) whose pixels other than 0 are the drum. By default square, disc and the isospectral pair.
        modes: Modes drawn of each drum, 1 or more.
        frequencies: Lowest modes computed of each drum, 1 to a tenth of its nodes. Area and rim need 24 or more.
        nodes: About how many grid nodes a named drum has, 16 or more. Frequencies are more accurate with more.
        rim: The rim: fixed (at rest), or free (without slope).
        seed: Seed of the places of strikes and pick-ups.
        out: The folder for drums.pdf and .png.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    if modes < 1:
        raise ValueError(f"modes must be 1 or more, got {modes}")
    files = figure_files(out, "drums")
    found = [find_drum(shape, nodes=nodes, rim=rim) for shape in shapes]
    for drum in found:
        check_mode_count(drum, frequencies)
    console, generator = Console(), np.random.default_rng(seed)
    with progress_bar(console, "computing modes") as progress:
        studies = []
        for number, drum in enumerate(found):
            progress(number, len(found))
            studies.append(study_drum(drum, count=frequencies, rim=rim, generator=generator))
        progress(len(found), len(found))
    console.print(TerminalTable(drum_table(studies, generator=generator)))
    write_figure(drums_figure(studies, shown_modes=modes, dpi=dpi), files)
