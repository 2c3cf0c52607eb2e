"""The study of square areas as a table for the terminal, and as a CSV file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from drumhead.analysis.drums import continuous_fundamental, lattice_fundamental
from drumhead.analysis.square_area import WITH_INTERPOLATION, AreaEstimate, AreaStudy, paper_duration
from drumhead.files import atomic_replace
from drumhead.report.style import two_digits
from drumhead.report.tables.score_tables import DASH


def area_table(study: AreaStudy) -> Group:
    """Return the estimated fundamental frequency and area of every square, for the terminal: 77 columns wide."""
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    for heading in _headings(study):
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for cells in _body(study):
        table.add_row(*map(Text, cells))
    return Group(table, *(Text(note, style="italic") for note in area_notes(study)))


def area_notes(study: AreaStudy) -> list[str]:
    """Return notes on the columns of the table, and on the squares that the paper's duration cannot resolve."""
    dt, c, paper = study.dt, study.c, paper_duration()
    points = max(each.points for each in study.estimates)
    excess = np.pi**2 * (1 - 2 * (c * dt) ** 2) / 12
    return [
        f"dt = {dt:g}, c = {c:g}. peak f: the frequency of the spectrum's peak in T dt = {study.durations[-1]:g}. "
        f"Areas are also from shorter recordings. Values are medians over up to {points} points, with the 10th to 90th "
        "percentile where these differ. Spectra have a Hann window, are padded, and are interpolated between bins. "
        "Areas are by the lattice formula; the continuum formula, c^2 / (2 f^2), gives areas that are larger by about "
        f"{excess:.2f}.",
        resolution_note(study),
        f"periods: the number of periods of the fundamental in T dt = {paper:g}.",
    ]


def resolution_note(study: AreaStudy) -> str:
    """Return a note on the squares whose fundamental frequency the paper's duration cannot resolve."""
    paper, side = paper_duration(), study.first_unresolved_side
    fundamental = lattice_fundamental(float(side), dt=study.dt, c=study.c)
    return (
        f"In the paper's T dt = {paper:g}, frequency bins are {1 / paper:g} wide. The fundamental frequency of squares "
        f"of side {side} (f = {fundamental:.4f}) and more is lower: less than one period is recorded."
    )


def write_area_csv(study: AreaStudy, path: str | Path) -> None:
    """Write a row for every square, duration and estimation method; an unknown value is an empty cell."""
    exact = ("area_true", "fundamental_continuous", "fundamental_lattice", "periods")
    with atomic_replace(Path(path)) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, [*AreaEstimate._fields, *exact])
        writer.writeheader()
        for each in study.estimates:
            lattice = lattice_fundamental(float(each.side), dt=study.dt, c=study.c)
            row = each._asdict() | {
                "area_true": each.side**2,
                "fundamental_continuous": continuous_fundamental(float(each.side), c=study.c),
                "fundamental_lattice": lattice,
                "periods": lattice * each.duration,
            }
            writer.writerow({name: value if _is_known(value) else "" for name, value in row.items()})


def _is_known(value: float | str) -> bool:
    return isinstance(value, str) or math.isfinite(value)


def _headings(study: AreaStudy) -> list[str]:
    areas = [f"area in\n{duration:.4g}" for duration in study.shown_durations]
    return ["L", "L^2", "f =\nc/(L√2)", "f on\nlattice", "peak\nf", *areas, f"periods\nin {paper_duration():g}"]


def _body(study: AreaStudy) -> list[list[str]]:
    *shorter, longest = study.shown_durations
    rows = []
    for each in study.select(duration=longest, estimation=WITH_INTERPOLATION):
        side = float(each.side)
        lattice = lattice_fundamental(side, dt=study.dt, c=study.c)
        from_shorter = [
            study.select(side=each.side, duration=duration, estimation=WITH_INTERPOLATION)[0] for duration in shorter
        ]
        rows.append(
            [
                f"{each.side}",
                f"{each.side**2}",
                f"{continuous_fundamental(side, c=study.c):.4g}",
                f"{lattice:.4g}",
                f"{each.fundamental:.4g}" if each.heard else DASH,
                *map(_format_area, from_shorter),
                f"{each.area:.2f}" if each.heard else DASH,
                f"{paper_duration() * lattice:.2f}",
            ]
        )
    return rows


def _format_area(estimate: AreaEstimate) -> str:
    """Return the median, with the percentiles if their first two digits differ."""
    if not estimate.heard:
        return DASH
    low, high = two_digits(estimate.area_low), two_digits(estimate.area_high)
    return f"{estimate.area:.3g}" + (f" ({low}-{high})" if low != high else "")
