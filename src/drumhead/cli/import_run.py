"""``drumhead import``: convert a published checkpoint to a run."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import OK
from drumhead.cli.parsing import parse
from drumhead.data import open_dataset
from drumhead.published import import_run


def main(args: list[str]) -> int:
    """Run ``drumhead import``."""
    parse(import_checkpoint, args, prog="drumhead import")
    return OK


def import_checkpoint(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")],
    *,
    out: Path,
    data: Path | None = None,
) -> None:
    """Convert a checkpoint that was published with the paper to a run, for evaluate, predict and movie.

    The folder contains cp.pt and .hydra/config.yaml as the authors' code wrote them; no code in them is executed. The
    name, shape and type of every tensor are checked. Tensors that have no effect on the output are dropped and listed.

    Args:
        folder: A run folder of the authors' code, which is not changed.
        out: The new run folder, missing or empty.
        data: The dataset folder it was trained on. By default the published dataset, under data/.
    """
    run, dropped = import_run(folder, out, dataset=None if data is None else open_dataset(data))
    experiment, record = run.config.experiment, run.config.data
    print(f"{experiment.name}, seed {experiment.seed}, is in {run.folder}")
    print(f"  {run.new_model().parameter_count:,} parameters")
    if dropped:
        print(f"  {sum(dropped.values()):,} numbers that no forward pass uses are dropped: {', '.join(dropped)}")
    print(f"  trained on the dataset {record.name} in {record.folder}")
    if not Path(record.folder).exists():
        command = f"drumhead data {record.name} --out {shlex.quote(record.folder)}"
        print(f"  this folder does not exist yet; make it with: {command}")
    print(f"Score it with: drumhead evaluate {shlex.quote(str(run.folder))}")
