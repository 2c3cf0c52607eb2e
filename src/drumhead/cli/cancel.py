"""``drumhead cancel``: stop runs, wherever they run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import FAILED, OK
from drumhead.cli.console import Console
from drumhead.sweeps import cancel


def main(args: list[str]) -> int:
    """Run ``drumhead cancel``."""
    return tyro.cli(stop, args=args, prog="drumhead cancel")


def stop(
    places: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[FOLDER|RUN ...]")] = (
        Path("runs"),
    ),
) -> int:
    """Stop runs that are being trained on this machine, or that run or wait on Slurm. All can go on later.

    Args:
        places: Folders of runs, with the sweeps that make them, or single runs, whose sweeps go on without them.
    """
    console = Console()
    all_stopped, nothing = True, True
    for place in places:
        for done in cancel(place):
            console.print(f"{done.folder}: {done.message}", soft_wrap=True)
            all_stopped, nothing = all_stopped and done.stopped, False
    if nothing:
        console.print(f"Nothing runs or waits in {', '.join(map(str, places))}.", soft_wrap=True)
    return OK if all_stopped else FAILED
