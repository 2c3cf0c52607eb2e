"""Progress on the terminal: a bar for work of known length, and the live display of a training run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from drumhead.cli.console import Console, bold_title
from drumhead.runs import Run
from drumhead.terminal_text import escape_controls
from drumhead.training import EpochReport, Observer, StepReport


@contextmanager
def progress_bar(console: Console, title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; the block receives a function that updates it, to be called with (done, total).

    The bar appears at the first call. A new total starts a new stage of the work, with its own timing.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=console)
    task = progress.add_task(escape_controls(title), total=None)

    def update(done: int, total: int) -> None:
        if total != progress.tasks[0].total:
            progress.reset(task, total=total)
        progress.start()  # only now, because a bar that is stopped without a call would leave an empty line
        progress.update(task, completed=done)

    try:
        yield update
    finally:
        if progress.live.is_started:
            progress.stop()


class TrainingProgress(Observer):
    """Show the progress of a training run: a bar with the loss and the time left, and one line per epoch.

    Args:
        console: the console to print on.
        title: the name of the run.
    """

    def __init__(self, console: Console, title: str) -> None:
        self.console = console
        self.title = title
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TextColumn("{task.fields[status]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )

    def started(self, run: Run, epochs_done: int) -> None:
        self.epochs = run.config.experiment.recipe.epochs
        resumed = f", resumed after epoch {epochs_done}" if epochs_done else ""
        self.console.print(bold_title(self.title, f" in {run.folder}{resumed}"))
        self.task = self.bar.add_task(escape_controls(self.title), total=1.0, status="")
        self.bar.start()

    def stepped(self, report: StepReport) -> None:
        status = f"epoch {report.epoch}  loss {report.loss:.3f}"
        self.bar.update(self.task, completed=report.progress, status=status)

    def batch_scored(self, done: int, total: int) -> None:
        self.bar.update(self.task, status=f"scoring {done}/{total}")

    def epoch_ended(self, report: EpochReport) -> None:
        self.console.print(str(report))  # as text, because the console formats a tuple in its own way

    def ended(self) -> None:
        self.bar.stop()


def format_score(value: float | None) -> str:
    """Return a score with three digits, or a dash for None."""
    return "-" if value is None else f"{value:.3f}"
