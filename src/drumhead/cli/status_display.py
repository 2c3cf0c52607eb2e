"""What can be seen of runs, on the terminal: a table, why some do not go on, and lines for what changes."""

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
"""States, those that most want to be seen first."""
COLOURS: dict[ObservedState, str] = {
    "running": "cyan",
    "queued": "blue",
    "done": "green",
    **dict.fromkeys(PROBLEM_STATES, "red"),
}
REASONS = 5
"""How many runs are explained, at most."""
NARROW = 100
"""Columns of a terminal below which a table leaves out what a folder's name tells."""


def runs_table(seen: Sequence[RunStatus], folder: Path, console: Console, *, rows: int | None = None) -> Table:
    """A line for each run.

    Args:
        seen: the runs.
        folder: what their names are relative to.
        console: where the table goes: a narrow one has fewer columns.
        rows: how many lines at most; then those first that most want to be seen.
    """
    wide = console.width >= NARROW
    live = any(each.where for each in seen)
    placed = live and wide
    headings = ["run", *(["experiment", "seed"] if wide else []), "state", "epochs", "val loss", "IoU fg", "mean IoU"]
    shown = list(seen) if rows is None else sorted(seen, key=lambda each: ORDER.index(each.state))[: max(rows, 1)]
    table = Table(caption="IoU fg and mean IoU are of the test set, once a run is done", caption_justify="left")
    for heading in [*headings, *(["left"] if live else []), *(["where"] if placed else [])]:
        table.add_column(heading, overflow="fold")
    for each in shown:
        name = name_of(each, folder)
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
        where = [each.where] if placed else []
        table.add_row(name, *(own if wide else []), state, *numbers, *left, *where)
    if len(shown) < len(seen):
        table.caption = f"and {len(seen) - len(shown)} more: {counts(seen)}"
    return table


def reasons(seen: Sequence[RunStatus], folder: Path, *, most: int = REASONS) -> list[Text]:
    """Why runs do not go on: what went wrong, and the last lines of the log."""
    wrong = [each for each in seen if each.state in PROBLEM_STATES]
    texts = []
    for each in wrong[:most]:
        text = Text(escape_controls(f"{name_of(each, folder)} {each.state}: {each.reason}"), style="red")
        for line in each.log_lines:
            text.append(escape_controls(f"\n    {line}"), style="default dim")
        texts.append(text)
    if len(wrong) > most:
        texts.append(Text(f"and {len(wrong) - most} more; `drumhead runs RUN` shows one"))
    return texts


class SweepDisplay:
    """A sweep as it goes: a live table of what runs, if there is a terminal, and a line for each change.

    Args:
        console: where it is shown.
        folder: what names of runs are relative to.
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
        """Show how things are now."""
        for line in changes(seen, self.before, self.folder):
            self.console.print(line, soft_wrap=True)
        self.before = {each.folder: each for each in seen}
        if self.live.is_started:
            self.live.update(self.picture(seen), refresh=True)

    def picture(self, seen: Sequence[RunStatus]) -> RenderableType:
        """The live part: what runs, and how much of it all is done."""
        running = [each for each in seen if each.state in ("running", "queued")]
        table = runs_table(running, self.folder, self.console, rows=max(3, self.console.height - 8))
        share = sum(each.share for each in seen) / max(1, len(seen))
        return Group(table, ProgressBar(total=1.0, completed=share, width=60), Text(counts(seen)))


def changes(seen: Sequence[RunStatus], before: dict[Path, RunStatus], folder: Path) -> list[Text]:
    """A line for each run whose state or number of epochs has changed."""
    lines = []
    for each in seen:
        was = before.get(each.folder)
        if was is not None and (was.state, was.epoch) == (each.state, each.epoch):
            continue
        if was is None and each.state in ("missing", "unfinished"):
            continue
        parts = [f"{each.state:10}", name_of(each, folder), f"epoch {epochs_text(each)}"]
        if each.val_loss is not None:
            parts.append(f"val loss {each.val_loss:.3f}  IoU fg {format_score(each.iou_foreground)}")
        parts += [part for part in (each.where, each.reason) if part]
        lines.append(Text(escape_controls("  ".join(parts)), style=COLOURS.get(each.state, "")))
    return lines


def name_of(status: RunStatus, folder: Path) -> str:
    """A run's folder, relative to where it is looked for."""
    if status.folder != folder and status.folder.is_relative_to(folder):
        return status.folder.relative_to(folder).as_posix()
    return status.folder.name


def epochs_text(status: RunStatus) -> str:
    """Epochs that are done, of how many."""
    if status.experiment is None or status.state == "imported":
        return "-"
    return f"{status.epoch}/{status.experiment.recipe.epochs}"


def counts(seen: Sequence[RunStatus]) -> str:
    """How many runs there are of each state."""
    numbers = Counter(each.state for each in seen)
    listed = ", ".join(f"{numbers[state]} {state}" for state in ORDER if numbers[state])
    return f"{len(seen)} runs: {listed}" if seen else "no runs"


def duration(seconds: float | None) -> str:
    """A time in words.

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
