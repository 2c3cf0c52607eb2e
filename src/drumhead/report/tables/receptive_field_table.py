"""The table of receptive fields: how far a pixel sees after the first and the last step, and the front's speed."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from drumhead.analysis.receptive_field_study import ReceptiveFieldStudy
from drumhead.files import atomic_replace


def receptive_field_table(models: Mapping[str, ReceptiveFieldStudy], *, images: int, split: str) -> Group:
    """Return the numbers of each model, for the terminal."""
    table = Table(box=box.SIMPLE_HEAD, padding=0)
    table.add_column("model")
    for heading in ("steps", "radius 95 %\nfirst", "radius 95 %\nlast", "front\nlast", "reach\nlast"):
        table.add_column(heading, justify="right")
    table.add_column("front,\npixels/step", justify="right")
    table.add_column("group velocity,\npixels/step", justify="right")
    for title, model in models.items():
        spread = model.spread
        table.add_row(
            title,
            f"{model.field.steps[-1]}" if model.total_steps else "-",
            *(f"{each:.1f}" for each in (spread.radius_95[0], spread.radius_95[-1], spread.front[-1])),
            f"{spread.reach[-1]}",
            "-" if math.isnan(model.front_speed) else f"{model.front_speed:.3f}",
            "-" if model.group_velocity is None else f"{model.group_velocity:.3f}",
        )
    row_and_column = next(iter(models.values())).field.point
    notes = [
        f"Sensitivity of pixel {row_and_column} to the input, the mean over {images} images of {split}; distances in "
        "pixels.",
        "radius 95 %: of the disc with 95 % of the sum. front: the largest distance above 5 % of the largest value. "
        "reach: half the side of the box of all values above rounding.",
        "group velocity: the largest of small waves on a uniform field with the mean stiffness and damping.",
    ]
    return Group(table, *(Text(note, style="italic") for note in notes))


def write_receptive_field_csv(models: Mapping[str, ReceptiveFieldStudy], path: str | Path) -> None:
    """Write a row for every model and step: the radii of 50 % and 95 % of the sensitivity, the front and the reach."""
    with atomic_replace(Path(path)) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["model", "step", "radius_50", "radius_95", "front", "reach"])
        for title, model in models.items():
            for step, *numbers in zip(model.field.steps, *model.spread, strict=True):
                writer.writerow([title, step if model.total_steps else "", *numbers])
