"""``drumhead runs``: what is there, its state and its scores; at one time, or watched."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Group
from rich.live import Live
from rich.text import Text

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.status_display import changes, counts, reasons, runs_table
from drumhead.sweeps import RunStatus, SlurmJobs, run_statuses

POLL = 2.0
"""Seconds between two looks, at least."""
POLL_SLURM = 10.0
"""Seconds between two questions to Slurm, at least."""


def main(args: list[str]) -> int:
    """Run ``drumhead runs``."""
    tyro.cli(show, args=args, prog="drumhead runs")
    return OK


def show(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")] = Path("runs"),
    *,
    watch: bool = False,
) -> None:
    """List the runs in a folder, their state and their scores, and why some do not go on.

    Args:
        folder: Where to look, folders below it included.
        watch: Go on looking until Ctrl-C: a live table on a terminal, elsewhere a line for each change.
    """
    console = Console()
    seen = run_statuses(folder)
    if watch:
        follow(console, folder, seen)
        return
    if not seen:
        console.print(f"There is no run in {folder}; begin one with `drumhead train`.")
        return
    table = runs_table(seen, folder, console)
    table.title = f"Runs in {folder}"
    console.print(table)
    for text in reasons(seen, folder):
        console.print(text, soft_wrap=True)


def follow(console: Console, folder: Path, seen: list[RunStatus]) -> None:
    """Show how runs go until Ctrl-C."""
    before: dict[Path, RunStatus] = {}
    pause = POLL
    jobs, asked = SlurmJobs.query(folder), time.monotonic()
    try:
        with Live(console=console, auto_refresh=False, transient=False) as live:
            while True:
                if console.is_terminal:
                    live.update(picture(console, folder, seen), refresh=True)
                else:
                    for line in changes(seen, before, folder):
                        console.print(line, soft_wrap=True)
                before = {each.folder: each for each in seen}
                begun = time.monotonic()
                time.sleep(pause)
                if time.monotonic() - asked >= POLL_SLURM:
                    jobs, asked = SlurmJobs.query(folder), time.monotonic()
                seen = run_statuses(folder, jobs=jobs, previous=before)
                pause = max(POLL, time.monotonic() - begun - pause)
    except KeyboardInterrupt:
        return


def picture(console: Console, folder: Path, seen: list[RunStatus]) -> Group:
    """As much as fits on the terminal."""
    why = reasons(seen, folder, most=2)
    taken = 8 + sum(1 + text.plain.count("\n") for text in why)
    table = runs_table(seen, folder, console, rows=max(3, console.height - taken))
    return Group(table, *why, Text(f"{counts(seen)}   {time.strftime('%H:%M:%S')}   Ctrl-C ends watching"))
