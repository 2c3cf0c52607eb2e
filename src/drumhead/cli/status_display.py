"""The state of runs on the terminal: a table, the reasons of failures, and one line per change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from rich.console import Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from drumhead.cli.console import Console
from drumhead.cli.progress import format_score
from drumhead.sweeps import PROBLEM_STATES, ObservedState, RunStatus
from drumhead.terminal_text import escape_controls

ORDER: tuple[ObservedState, ...] = ("running", *PROBLEM_STATES, "queued", "unfinished", "missing", "imported", "done")
"""The states of runs, the most urgent first."""
COLOURS: dict[ObservedState, str] = {
    "running": "cyan",
    "queued": "blue",
    "done": "green",
    **dict.fromkeys(PROBLEM_STATES, "red"),
}
MIN_NAME_WIDTH = 8
"""The least width of a column of names, in characters; columns of numbers are never narrower than their numbers."""
MAX_REASONS = 5
"""The greatest number of failed runs whose reasons are listed."""
NARROW = 100
"""Width of a terminal, in characters, below which a table omits the columns that the folder name repeats."""


def runs_table(seen: Sequence[RunStatus], folder: Path, console: Console, *, rows: int | None = None) -> Table:
    """Return a table with one row per run.

    Args:
        seen: the status of each run.
        folder: the folder that the names of runs are relative to.
        console: the console of the table; a narrow console gets fewer columns.
        rows: the greatest number of rows; the runs are then sorted by urgency. None: all runs, in their order.
    """
    wide = console.width >= NARROW
    live = any(each.where for each in seen)
    show_where = live and wide
    headings = ["run", *(["experiment", "seed"] if wide else []), "state", "progress", "val loss", "IoU fg", "mean IoU"]
    shown = list(seen) if rows is None else sorted(seen, key=lambda each: ORDER.index(each.state))[: max(rows, 1)]
    table = Table(caption="IoU fg and mean IoU are of the test set, once a run is done", caption_justify="left")
    for heading in [*headings, *(["left"] if live else []), *(["where"] if show_where else [])]:
        is_name = heading in ("run", "experiment", "where")
        table.add_column(heading, overflow="fold", no_wrap=not is_name, min_width=MIN_NAME_WIDTH if is_name else None)
    for each in shown:
        name = relative_name(each, folder)
        experiment = each.experiment
        own = [experiment.name, str(experiment.seed)] if experiment else ["-", "-"]
        state = Text(each.state, style=COLOURS.get(each.state, ""))
        numbers = [
            epochs_text(each),
            format_score(each.val_loss),
            format_score(each.iou_foreground),
            format_score(each.mean_iou),
        ]
        left = [duration(each.seconds_left) if each.state == "running" else ""] if live else []
        where = [each.where] if show_where else []
        table.add_row(name, *(own if wide else []), state, *numbers, *left, *where)
    if len(shown) < len(seen):
        table.caption = f"and {len(seen) - len(shown)} more: {counts(seen)}"
    return table


def failure_reasons(seen: Sequence[RunStatus], folder: Path, *, limit: int = MAX_REASONS) -> list[Text]:
    """Return the reason of each failure, with the last lines of the run's log."""
    failed = [each for each in seen if each.state in PROBLEM_STATES]
    texts = []
    for each in failed[:limit]:
        text = Text(escape_controls(f"{relative_name(each, folder)} {each.state}: {each.reason}"), style="red")
        for line in each.log_lines:
            text.append(escape_controls(f"\n    {line}"), style="default dim")
        texts.append(text)
    if len(failed) > limit:
        texts.append(Text(f"and {len(failed) - limit} more; `drumhead runs RUN` shows one"))
    return texts


class SweepDisplay:
    """The progress of a sweep: a live table of active runs, if the console is a terminal, and one line per change.

    Args:
        console: the console to print on.
        folder: the folder that the names of runs are relative to.
    """

    def __init__(self, console: Console, folder: Path) -> None:
        self.console, self.folder = console, folder
        self.before: dict[Path, RunStatus] = {}
        self.live = Live(console=console, transient=True, auto_refresh=False)

    def __enter__(self) -> SweepDisplay:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def show(self, seen: Sequence[RunStatus]) -> None:
        """Print what changed since the last call, and update the table."""
        for line in changes(seen, self.before, self.folder):
            self.console.print(line, soft_wrap=True)
        self.before = {each.folder: each for each in seen}
        if self.live.is_started:
            self.live.update(self.live_view(seen), refresh=True)

    def live_view(self, seen: Sequence[RunStatus]) -> RenderableType:
        """Return the table of active runs, and the progress of the whole sweep."""
        active = [each for each in seen if each.state in ("running", "queued")]
        table = runs_table(active, self.folder, self.console, rows=max(3, self.console.height - 8))
        share = sum(each.share for each in seen) / max(1, len(seen))
        return Group(table, ProgressBar(total=1.0, completed=share, width=60), Text(counts(seen)))


def changes(seen: Sequence[RunStatus], before: dict[Path, RunStatus], folder: Path) -> list[Text]:
    """Return one line for each run whose state or epoch has changed."""
    lines = []
    for each in seen:
        was = before.get(each.folder)
        if was is not None and (was.state, was.epoch) == (each.state, each.epoch):
            continue
        if was is None and each.state in ("missing", "unfinished"):
            continue
        parts = [f"{each.state:10}", relative_name(each, folder), progress_text(each)]
        if each.val_loss is not None:
            parts.append(f"val loss {each.val_loss:.3f}  IoU fg {format_score(each.iou_foreground)}")
        parts += [part for part in (each.where, each.reason) if part]
        lines.append(Text(escape_controls("  ".join(parts)), style=COLOURS.get(each.state, "")))
    return lines


def relative_name(status: RunStatus, folder: Path) -> str:
    """Return a run's folder, relative to the folder that contains the runs."""
    if status.folder != folder and status.folder.is_relative_to(folder):
        return status.folder.relative_to(folder).as_posix()
    return status.folder.name


def epochs_text(status: RunStatus) -> str:
    """Return the number of finished epochs and of all epochs; of a run that is limited by time, seconds and steps.

    A run of 140 s reads ``70/140 s, 1,400 steps``, and when it is done ``140 s, 2,800 steps``. A run that was stopped
    early reads ``2/9, stopped early``.
    """
    if status.experiment is None or status.state == "imported":
        return "-"
    recipe = status.experiment.recipe
    if status.stopped_early:
        done = (
            f"{status.epoch}/{recipe.epochs}"
            if recipe.seconds is None
            else f"{status.seconds:.0f}/{recipe.seconds:g} s"
        )
        return f"{done}, stopped early"
    if recipe.seconds is None:
        return f"{status.epoch}/{recipe.epochs}"
    of_all = "" if status.state == "done" else f"/{recipe.seconds:g}"
    return f"{status.seconds:.0f}{of_all} s, {status.step:,} steps"


def progress_text(status: RunStatus) -> str:
    """Return the progress of a run in a line about it."""
    is_timed = status.experiment is not None and status.experiment.recipe.seconds is not None
    return epochs_text(status) if is_timed else f"epoch {epochs_text(status)}"


def counts(seen: Sequence[RunStatus]) -> str:
    """Return the number of runs in each state, as text."""
    numbers = Counter(each.state for each in seen)
    listed = ", ".join(f"{numbers[state]} {state}" for state in ORDER if numbers[state])
    return f"{len(seen)} runs: {listed}" if seen else "no runs"


def duration(seconds: float | None) -> str:
    """Return a time as text.

    >>> duration(42), duration(5000), duration(900000), duration(None)
    ('42 s', '1 h 23 min', '10 d 10 h', '-')
    """
    if seconds is None:
        return "-"
    whole = round(seconds)
    for (large, long), (small, short) in pairwise((("d", 86400), ("h", 3600), ("min", 60), ("s", 1))):
        if whole >= long:
            return f"{whole // long} {large} {whole % long // short} {small}"
    return f"{whole} s"
