"""``drumhead experiments``: what can be trained by name."""

from __future__ import annotations

import tyro
from rich.console import Console
from rich.table import Table

from drumhead.cli import OK
from drumhead.experiments import experiment_listings


def main(words: list[str]) -> int:
    """Run ``drumhead experiments``."""
    tyro.cli(show, args=words, prog="drumhead experiments")
    return OK


def show() -> None:
    """List what can be trained by name: the paper's experiments with the seeds of their runs, then others."""
    table = Table(title="Experiments", caption="drumhead train NAME; drumhead train NAME --help for every field")
    for heading in ("name", "model", "what sets it apart", "published seeds"):
        table.add_column(heading, no_wrap=True)
    for name, listing in experiment_listings().items():
        changes = listing.experiment.model.model_dump(exclude_defaults=True, exclude={"name"})
        table.add_row(
            name,
            listing.experiment.model.name,
            ", ".join(f"{field} {value}" for field, value in changes.items()) or "the defaults",
            f"{listing.seeds[0]} to {listing.seeds[-1]}" if listing.seeds else "-",
        )
    Console().print(table)
