"""``drumhead runs``: what is there, its state and its scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.table import Table

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.progress import dash
from drumhead.runs import Run, RunError, run_folders


def main(words: list[str]) -> int:
    """Run ``drumhead runs``."""
    tyro.cli(show, args=words, prog="drumhead runs")
    return OK


def show(folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")] = Path("runs")) -> None:
    """List the runs in a folder, their state and their scores.

    Args:
        folder: Where to look, folders below it included.
    """
    folders = run_folders(folder)
    console = Console()
    if not folders:
        console.print(f"There is no run in {folder}; begin one with `drumhead train`.")
        return
    table = Table(title=f"Runs in {folder}", caption="IoU fg and mean IoU are of the test set, once a run is done")
    for heading in ("run", "experiment", "seed", "state", "epochs", "val loss", "IoU fg", "mean IoU"):
        table.add_column(heading, overflow="fold")
    for path in folders:
        name = path.relative_to(folder).as_posix() if path != folder else path.name
        try:
            table.add_row(name, *describe(Run.open(path)))
        except RunError:
            table.add_row(name, "-", "-", "unreadable")
    console.print(table)


def describe(run: Run) -> list[str]:
    """A run's cells after its name."""
    experiment = run.config.experiment
    metrics = run.metrics()
    best = min((row["val_loss"] for row in metrics if "val_loss" in row), default=None)
    scores = run.scores()
    return [
        experiment.name,
        str(experiment.seed),
        run.state,
        "-" if run.config.imported_from is not None else f"{len(metrics)}/{experiment.recipe.epochs}",
        dash(best),
        dash(scores.iou_foreground if scores else None),
        dash(scores.mean_iou if scores else None),
    ]
