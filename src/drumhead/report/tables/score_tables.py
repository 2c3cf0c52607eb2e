"""Tables of scores and of intersection over union by class, for the terminal and as Markdown."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from drumhead.report.tables.text_table import TerminalTable, TextTable, to_markdown, transposed
from drumhead.runs import Run
from drumhead.scores import Scores

DASH = "-"
MAX_COLUMNS = 4
"""Up to this many rows of scores are shown as columns, side by side."""

METRIC_HEADINGS = {
    "acc": "acc",
    "acc_foreground": "acc\nfg",
    "iou": "IoU",
    "iou_foreground": "IoU\nfg",
    "loss": "loss",
    "loss_foreground": "loss\nfg",
    "mean_iou": "mean\nIoU",
}
"""The heading of each metric, in the order of columns."""

RUN_HEADINGS = {**METRIC_HEADINGS, "mean_dice": "mean\nDice"}
"""The heading of each score of single runs, in the order of columns."""


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One row of a table of scores; None is shown as a dash."""

    name: str
    scores: Scores
    parameters: int | None = None
    """The number of trainable parameters of the model."""
    seconds: float | None = None
    """The wall time of its training."""
    steps: int | None = None
    """The number of its training steps."""


def score_row(run: Run, scores: Scores | None = None, *, name: str | None = None) -> ScoreRow:
    """Return the row of a run.

    Args:
        run: a run with at least one finished epoch.
        scores: the scores to show; by default those in its ``scores.json``.
        name: the name of the row; by default the name of the run folder.

    Raises:
        ValueError: if there are no scores to show.
    """
    scores = scores or run.scores()
    if scores is None:
        command = "evaluate" if run.state == "imported" else "train"
        raise ValueError(
            f"{run.folder} has no scores yet: it is {run.state}. "
            f"Continue with: drumhead {command} {shlex.quote(str(run.folder))}"
        )
    metrics = run.metrics()
    return ScoreRow(
        name=name or run.name,
        scores=scores,
        parameters=run.new_model().parameter_count,
        seconds=metrics[-1].get("seconds") if metrics else None,
        steps=int(metrics[-1]["step"]) if metrics and "step" in metrics[-1] else None,
    )


def scores_table(rows: Sequence[ScoreRow]) -> TerminalTable:
    """Return the scores, parameters and seconds of each row, for the terminal.

    A few rows become columns side by side, which is easier to read in a narrow terminal.
    """
    table = _scores(rows)
    return TerminalTable(transposed(table) if len(rows) <= MAX_COLUMNS else table)


def scores_markdown(rows: Sequence[ScoreRow]) -> str:
    """Return the table of :func:`scores_table` as Markdown."""
    return to_markdown(_scores(rows))


def classes_table(rows: Sequence[ScoreRow]) -> TerminalTable:
    """Return the intersection over union of each class, for the terminal.

    A few rows of scores become columns side by side; more become rows.

    Raises:
        ValueError: if the classes of the rows differ, or if there are no rows.
    """
    table = _classes(rows)
    return TerminalTable(table if len(rows) <= MAX_COLUMNS else transposed(table))


def classes_markdown(rows: Sequence[ScoreRow]) -> str:
    """Return the table of :func:`classes_table` as Markdown."""
    return to_markdown(_classes(rows))


def format_score(value: float | None) -> str:
    """Return a score with three digits; a dash for None."""
    return DASH if value is None else f"{value:.3f}"


def empty_images_notes(counts: set[tuple[int | None, int | None]]) -> list[str]:
    """Return a note for each pair of a number of images and how many of them have no foreground, if any do."""
    known = sorted((images, empty) for images, empty in counts if images and empty)
    return [
        f"{empty:,} of {images:,} images have no foreground and are excluded from the fg scores."
        for images, empty in known
    ]


def ignored_images_notes(rows: Sequence[ScoreRow]) -> list[str]:
    """Return a note on images whose pixels are all ignored, for each number of them."""
    counts = {(row.scores.images + row.scores.ignored_images, row.scores.ignored_images) for row in rows}
    return [
        f"{ignored:,} of {images:,} images have only ignored pixels and count for nothing."
        for images, ignored in sorted(counts)
        if ignored
    ]


def _scores(rows: Sequence[ScoreRow]) -> TextTable:
    notes = [
        "fg: on foreground pixels. Scores are means over images, except mean IoU and mean Dice (F1): the means over "
        "classes of the score of all images together.",
        *empty_images_notes({(row.scores.images, row.scores.images_without_foreground) for row in rows}),
        *ignored_images_notes(rows),
    ]
    body = [
        [
            row.name,
            *(format_score(getattr(row.scores, metric)) for metric in RUN_HEADINGS),
            DASH if row.parameters is None else f"{row.parameters:,}",
            DASH if row.seconds is None else f"{row.seconds:,.0f}",
            DASH if row.steps is None else f"{row.steps:,}",
        ]
        for row in rows
    ]
    return TextTable(["", *RUN_HEADINGS.values(), "parameters", "seconds", "steps"], body, notes)


def _classes(rows: Sequence[ScoreRow]) -> TextTable:
    names = {tuple(entry.name for entry in row.scores.classes) for row in rows}
    if len(names) != 1:
        raise ValueError(f"rows of one table must share their classes; got {sorted(names)}")
    body = [
        [name, *(format_score(row.scores.classes[label].iou) for row in rows)] for label, name in enumerate(names.pop())
    ]
    body.append(["mean", *(format_score(row.scores.mean_iou) for row in rows)])
    return TextTable(["IoU", *(row.name for row in rows)], body, [])
