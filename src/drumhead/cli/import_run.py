"""``drumhead import``: a published checkpoint becomes a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from drumhead.cli import OK
from drumhead.data import open_dataset
from drumhead.published import import_run


def main(words: list[str]) -> int:
    """Run ``drumhead import``."""
    tyro.cli(import_folder, args=words, prog="drumhead import")
    return OK


def import_folder(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")],
    *,
    out: Path,
    data: Path | None = None,
) -> None:
    """Make a run of a checkpoint that was published with the paper, for evaluate, predict and movie.

    The folder holds cp.pt and .hydra/config.yaml, as the authors' code wrote them; nothing in them is run as code.
    Every tensor is accounted for by name, shape and type; those that make no difference are dropped, and named.

    Args:
        folder: A run folder of the authors' code; it is not changed.
        out: The run's folder, new or empty.
        data: The data it was trained on, if that is not the published set where Drumhead would make it.
    """
    run, dropped = import_run(folder, out, dataset=None if data is None else open_dataset(data))
    experiment, record = run.config.experiment, run.config.data
    console = Console(highlight=False)
    console.print(f"[bold]{experiment.name}[/], seed {experiment.seed}, is in {run.folder}")
    console.print(f"  {run.new_model().parameter_count:,} parameters")
    for name, numbers in dropped.items():
        console.print(f"  dropped {name}: {numbers:,} numbers that no forward pass uses")
    console.print(f"  trained on {record.name}; drumhead evaluate {run.folder} looks for it in {record.folder}")
