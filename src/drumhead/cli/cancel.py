"""``drumhead cancel``: stop runs on this machine or on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import FAILED, OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.sweeps import cancel


def main(args: list[str]) -> int:
    """Run ``drumhead cancel``."""
    code: int = parse(cancel_runs, args, prog="drumhead cancel")
    return code


def cancel_runs(
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[FOLDER|RUN ...]")] = (
        Path("runs"),
    ),
) -> int:
    """Stop runs that are training on this machine, or that are running or queued on Slurm. They can be resumed.

    Args:
        paths: Folders of runs, whose sweeps are stopped, or single runs, whose sweeps continue without them.
    """
    console = Console()
    all_stopped, any_found = True, False
    for path in paths:
        for result in cancel(path):
            console.print(f"{result.folder}: {result.message}", soft_wrap=True)
            all_stopped, any_found = all_stopped and result.stopped, True
    if not any_found:
        console.print(f"Nothing is running or queued in {', '.join(map(str, paths))}.", soft_wrap=True)
    return OK if all_stopped else FAILED
