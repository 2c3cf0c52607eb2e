"""``drumhead figure square-area``: the area of square drums, from time series of single points."""

from __future__ import annotations

from pathlib import Path

from drumhead.analysis.square_area import SIDES, study_areas
from drumhead.cli.console import Console
from drumhead.cli.figures.files import DEFAULT_FOLDER, figure_files, print_written, write_figure
from drumhead.cli.progress import progress_bar
from drumhead.report.figures.square_area_figure import square_area_figure
from drumhead.report.style import DPI, check_dpi
from drumhead.report.tables.square_area_table import area_table, write_area_csv


def square_area(
    *,
    sides: tuple[int, ...] = SIDES,
    duration: float = 1000.0,
    strikes: int = 8,
    points: int = 16,
    dt: float = 0.1,
    c: float = 1.0,
    seed: int = 0,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Estimate the area of square drums from the time series of single points, and draw spectra, areas and errors.

    The command needs no run. It prints a table, and writes all numbers to square-area.csv.

    Args:
        sides: Sides of the squares, in grid spacings. A side of n has n - 1 oscillators between fixed rims.
        duration: The longest recording time T dt, above 10. The shortest is the paper's, 10.
        strikes: Strikes of each square, at random positions.
        points: Recording points of each square, at random positions.
        dt: Length of a time step, at most 1 / (c sqrt(2)).
        c: Wave speed, in grid spacings per unit of time.
        seed: Seed of all random positions.
        out: The folder for square-area.pdf, .png and .csv.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    *files, csv = figure_files(out, "square-area", ".pdf", ".png", ".csv")
    console = Console()
    with progress_bar(console, "simulating") as progress:
        study = study_areas(
            sides, duration=duration, strikes=strikes, points=points, seed=seed, dt=dt, c=c, progress=progress
        )
    console.print(area_table(study))
    write_figure(square_area_figure(study, dpi=dpi), files)
    write_area_csv(study, csv)
    print_written(csv)
