"""The study of hearing a square's area in numbers: a table for the terminal, and a CSV of all of it."""

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
from drumhead.report.style import short
from drumhead.report.tables.score_tables import DASH


def area_table(study: AreaStudy) -> Group:
    """The fundamental and the area of every square as they were heard, for the terminal: 77 columns wide."""
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    for heading in _headings(study):
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for cells in _cells(study):
        table.add_row(*map(Text, cells))
    return Group(table, *(Text(note, style="italic") for note in area_notes(study)))


def area_notes(study: AreaStudy) -> list[str]:
    """What the table's columns are, and what the paper's duration can and cannot hear."""
    dt, c, paper = study.dt, study.c, paper_duration()
    points = max(each.points for each in study.estimates)
    excess = np.pi**2 * (1 - 2 * (c * dt) ** 2) / 12
    return [
        f"dt = {dt:g}, c = {c:g}. f is heard in T dt = {study.durations[-1]:g}, areas in less too, by {points} points "
        "or fewer: medians, and 10th to 90th percentile where they differ. Hann window, padded and interpolated. "
        f"Areas by the lattice's form; by the continuum's, c^2 / (2 f^2), they are larger by about {excess:.2f} each.",
        largest_note(study),
        f"periods: how many of the fundamental pass in T dt = {paper:g}.",
    ]


def largest_note(study: AreaStudy) -> str:
    """Which squares ring too slowly for the paper's duration, in a sentence."""
    paper, side = paper_duration(), study.first_unresolved_side
    fundamental = lattice_fundamental(float(side), dt=study.dt, c=study.c)
    return (
        f"In the paper's T dt = {paper:g} a bin is {1 / paper:g} wide: wider than the fundamental of every square of "
        f"side {side} (f = {fundamental:.4f}) and more, of which less than one period is heard."
    )


def write_area_csv(study: AreaStudy, path: Path) -> None:
    """Write a row for every square, duration and estimation; an unknown area is an empty cell."""
    exact = ("area_true", "fundamental_continuous", "fundamental_lattice", "periods")
    with atomic_replace(path) as temporary, temporary.open("w", newline="") as file:
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
    return ["L", "L^2", "f =\nc/(L√2)", "f on\nlattice", "f\nheard", *areas, f"periods\nin {paper_duration():g}"]


def _cells(study: AreaStudy) -> list[list[str]]:
    *shorter, longest = study.shown_durations
    rows = []
    for each in study.select(duration=longest, estimation=WITH_INTERPOLATION):
        side = float(each.side)
        lattice = lattice_fundamental(side, dt=study.dt, c=study.c)
        before = [
            study.select(side=each.side, duration=duration, estimation=WITH_INTERPOLATION)[0] for duration in shorter
        ]
        rows.append(
            [
                f"{each.side}",
                f"{each.side**2}",
                f"{continuous_fundamental(side, c=study.c):.4g}",
                f"{lattice:.4g}",
                f"{each.fundamental:.4g}" if each.heard else DASH,
                *map(_area, before),
                f"{each.area:.2f}" if each.heard else DASH,
                f"{paper_duration() * lattice:.2f}",
            ]
        )
    return rows


def _area(heard: AreaEstimate) -> str:
    """Median, and the percentiles where they differ in two digits."""
    if not heard.heard:
        return DASH
    low, high = short(heard.area_low), short(heard.area_high)
    return f"{heard.area:.3g}" + (f" ({low}-{high})" if low != high else "")
