"""The runs that a figure compares, each with a title."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.results.run_titles import run_titles
from drumhead.runs import Run
from drumhead.zoo import find_run

Runs = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")]


def open_runs(folders: Sequence[Path], titles: Sequence[str]) -> dict[str, Run]:
    """Return the runs by title."""
    if not folders:
        raise ValueError("name at least one run folder; `drumhead runs` lists them")
    runs = [Run.open(find_run(folder)) for folder in folders]
    names = list(titles) or run_titles(runs)
    if len(names) != len(runs) or len(set(names)) < len(names):
        raise ValueError(f"--titles must be a different one for each of the {len(runs)} runs; got {', '.join(names)}")
    return dict(zip(names, runs, strict=True))
