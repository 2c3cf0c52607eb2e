"""Tables of scores, for the terminal and as Markdown: columns are described once and rendered twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drumhead.report.tables.text_table import Grid, Terminal, markdown, transposed
from drumhead.scores import Scores

DASH = "-"
SIDE_BY_SIDE = 4

HEADINGS = {
    "acc": "acc",
    "acc_foreground": "acc\nfg",
    "iou": "IoU",
    "iou_foreground": "IoU\nfg",
    "loss": "loss",
    "loss_foreground": "loss\nfg",
    "mean_iou": "mean\nIoU",
}
"""The scores a table shows, in order: the six published ones and the usual mean IoU; field of Scores, and heading."""


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One line of a table of scores; None is shown as a dash."""

    name: str
    scores: Scores
    parameters: int | None = None
    """Trainable numbers of the model."""
    seconds: float | None = None
    """Wall time of its training."""


def scores_table(rows: Sequence[ScoreRow]) -> Terminal:
    """The six published scores, mean IoU, parameters and seconds of each row, for the terminal.

    A few rows stand side by side, one column each, which is easier to read in a narrow terminal.
    """
    grid = _scores(rows)
    return Terminal(transposed(grid) if len(rows) <= SIDE_BY_SIDE else grid)


def scores_markdown(rows: Sequence[ScoreRow]) -> str:
    """The same as :func:`scores_table`, as Markdown."""
    return markdown(_scores(rows))


def classes_table(rows: Sequence[ScoreRow]) -> Terminal:
    """Intersection over union of each class, for the terminal: a column for each of a few rows of scores, else a line.

    Raises:
        ValueError: rows whose classes differ, or no rows.
    """
    grid = _classes(rows)
    return Terminal(grid if len(rows) <= SIDE_BY_SIDE else transposed(grid))


def classes_markdown(rows: Sequence[ScoreRow]) -> str:
    """The same as :func:`classes_table`, as Markdown."""
    return markdown(_classes(rows))


def _scores(rows: Sequence[ScoreRow]) -> Grid:
    notes = ["fg: on foreground pixels. Means over images, but mean IoU is over classes, all images together."]
    for images, empty in sorted({(row.scores.images, row.scores.images_without_foreground) for row in rows}):
        if empty:
            notes.append(f"{empty:,} of {images:,} images have no foreground and count for no fg score.")
    body = [
        [
            row.name,
            *(_share(getattr(row.scores, name)) for name in HEADINGS),
            DASH if row.parameters is None else f"{row.parameters:,}",
            DASH if row.seconds is None else f"{row.seconds:,.0f}",
        ]
        for row in rows
    ]
    return Grid(["", *HEADINGS.values(), "parameters", "seconds"], body, notes)


def _classes(rows: Sequence[ScoreRow]) -> Grid:
    names = {tuple(entry.name for entry in row.scores.classes) for row in rows}
    if len(names) != 1:
        raise ValueError(f"rows of one table must share their classes; got {sorted(names)}")
    body = [[name, *(_share(row.scores.classes[label].iou) for row in rows)] for label, name in enumerate(names.pop())]
    body.append(["mean", *(_share(row.scores.mean_iou) for row in rows)])
    return Grid(["IoU", *(row.name for row in rows)], body, [])


def _share(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"
