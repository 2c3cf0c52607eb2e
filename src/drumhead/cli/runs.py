"""``drumhead runs``: list the state, progress and scores of runs, once or continuously."""

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
from drumhead.cli.parsing import parse
from drumhead.cli.status_display import changes, counts, failure_reasons, runs_table
from drumhead.sweeps import RunStatus, SlurmJobs, run_statuses

POLL_SECONDS = 2.0
"""Least time between two readings of the run folders."""
SLURM_POLL_SECONDS = 10.0
"""Least time between two queries to Slurm."""


def main(args: list[str]) -> int:
    """Run ``drumhead runs``."""
    parse(show_runs, args, prog="drumhead runs")
    return OK


def show_runs(
    folder: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")] = Path("runs"),
    *,
    watch: bool = False,
) -> None:
    """List the runs in a folder with their state and scores, and say why failed runs stopped.

    Args:
        folder: The folder to search, including its subfolders.
        watch: Update until Ctrl-C: a live table on a terminal, otherwise one line per change.
    """
    console = Console()
    seen = run_statuses(folder)
    if watch:
        watch_runs(console, folder, seen)
        return
    if not seen:
        console.print(f"There is no run in {folder}; start one with `drumhead train`.")
        return
    table = runs_table(seen, folder, console)
    table.title = f"Runs in {folder}"
    console.print(table)
    for text in failure_reasons(seen, folder):
        console.print(text, soft_wrap=True)


def watch_runs(console: Console, folder: Path, seen: list[RunStatus]) -> None:
    """Show the state of runs until Ctrl-C."""
    before: dict[Path, RunStatus] = {}
    pause = POLL_SECONDS
    jobs, queried_at = SlurmJobs.query(folder), time.monotonic()
    try:
        with Live(console=console, auto_refresh=False, transient=False) as live:
            while True:
                if console.is_terminal:
                    live.update(live_view(console, folder, seen), refresh=True)
                else:
                    for line in changes(seen, before, folder):
                        console.print(line, soft_wrap=True)
                before = {each.folder: each for each in seen}
                started = time.monotonic()
                time.sleep(pause)
                if time.monotonic() - queried_at >= SLURM_POLL_SECONDS:
                    jobs, queried_at = SlurmJobs.query(folder), time.monotonic()
                seen = run_statuses(folder, jobs=jobs, previous=before)
                pause = max(POLL_SECONDS, time.monotonic() - started - pause)
    except KeyboardInterrupt:
        return


def live_view(console: Console, folder: Path, seen: list[RunStatus]) -> Group:
    """Return the table of runs and the reasons of failures, cut to the height of the terminal."""
    failures = failure_reasons(seen, folder, limit=2)
    used = 8 + sum(1 + text.plain.count("\n") for text in failures)
    table = runs_table(seen, folder, console, rows=max(3, console.height - used))
    return Group(table, *failures, Text(f"{counts(seen)}   {time.strftime('%H:%M:%S')}   Ctrl-C to stop"))
