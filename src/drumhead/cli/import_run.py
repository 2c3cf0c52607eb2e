"""``drumhead import``: a published checkpoint becomes a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import OK
from drumhead.data import open_dataset
from drumhead.published import import_run


def main(args: list[str]) -> int:
    """Run ``drumhead import``."""
    tyro.cli(import_folder, args=args, prog="drumhead import")
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
    print(f"{experiment.name}, seed {experiment.seed}, is in {run.folder}")
    print(f"  {run.new_model().parameter_count:,} parameters")
    if dropped:
        print(f"  {sum(dropped.values()):,} numbers dropped, which no forward pass uses: {', '.join(dropped)}")
    print(f"  trained on {record.name}, to be found in {record.folder}")
    if not Path(record.folder).exists():
        print(f"  which is not there yet; make it with: drumhead data {record.name} --out {record.folder}")
    print(f"Score it with: drumhead evaluate {run.folder}")
