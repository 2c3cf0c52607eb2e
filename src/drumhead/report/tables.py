"""Tables of scores, for the terminal and as Markdown: columns are described once and rendered twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from drumhead.scores import Scores

DASH = "-"
SIDE_BY_SIDE = 4
LONGEST_WORD = 10  # characters a heading keeps together in a narrow terminal


@dataclass(frozen=True, kw_only=True)
class ScoreRow:
    """One line of a table of scores; None is shown as a dash."""

    name: str
    scores: Scores
    parameters: int | None = None
    """Trainable numbers of the model."""
    seconds: float | None = None
    """Wall time of its training."""


@dataclass(frozen=True)
class _Grid:
    """A table of text: the first column is names, the others are numbers."""

    head: list[str]
    body: list[list[str]]
    notes: list[str]


def scores_table(rows: Sequence[ScoreRow]) -> Group:
    """The six published scores, mean IoU, parameters and seconds of each row, for the terminal.

    A few rows stand side by side, one column each, which is easier to read in a narrow terminal.
    """
    grid = _scores(rows)
    return _rich(_transposed(grid) if len(rows) <= SIDE_BY_SIDE else grid)


def scores_markdown(rows: Sequence[ScoreRow]) -> str:
    """The same as :func:`scores_table`, as Markdown."""
    return _markdown(_scores(rows))


def classes_table(rows: Sequence[ScoreRow]) -> Group:
    """Intersection over union of each class, a column per row of scores, for the terminal.

    Raises:
        ValueError: rows whose classes differ, or no rows.
    """
    return _rich(_classes(rows))


def classes_markdown(rows: Sequence[ScoreRow]) -> str:
    """The same as :func:`classes_table`, as Markdown."""
    return _markdown(_classes(rows))


# Heading and text of each column.
_COLUMNS: list[tuple[str, Callable[[ScoreRow], str]]] = [
    ("", lambda row: row.name),
    ("acc", lambda row: _share(row.scores.acc)),
    ("acc\nfg", lambda row: _share(row.scores.acc_foreground)),
    ("IoU", lambda row: _share(row.scores.iou)),
    ("IoU\nfg", lambda row: _share(row.scores.iou_foreground)),
    ("loss", lambda row: _share(row.scores.loss)),
    ("loss\nfg", lambda row: _share(row.scores.loss_foreground)),
    ("mean\nIoU", lambda row: _share(row.scores.mean_iou)),
    ("parameters", lambda row: DASH if row.parameters is None else f"{row.parameters:,}"),
    ("seconds", lambda row: DASH if row.seconds is None else f"{row.seconds:,.0f}"),
]


def _scores(rows: Sequence[ScoreRow]) -> _Grid:
    notes = ["fg: on foreground pixels. Means over images, but mean IoU is over classes, all images together."]
    for images, empty in sorted({(row.scores.images, row.scores.images_without_foreground) for row in rows}):
        if empty:
            notes.append(f"{empty:,} of {images:,} images have no foreground and count for no fg score.")
    return _Grid([head for head, _ in _COLUMNS], [[text(row) for _, text in _COLUMNS] for row in rows], notes)


def _classes(rows: Sequence[ScoreRow]) -> _Grid:
    names = {tuple(entry.name for entry in row.scores.classes) for row in rows}
    if len(names) != 1:
        raise ValueError(f"rows of one table must share their classes; got {sorted(names)}")
    body = [[name, *(_share(row.scores.classes[label].iou) for row in rows)] for label, name in enumerate(names.pop())]
    body.append(["mean", *(_share(row.scores.mean_iou) for row in rows)])
    return _Grid(["IoU", *(row.name for row in rows)], body, [])


def _transposed(grid: _Grid) -> _Grid:
    names = [heading.replace("\n", " ") for heading in grid.head]
    head, *body = map(list, zip(names, *grid.body, strict=True))
    return _Grid(head, body, grid.notes)


def _rich(grid: _Grid) -> Group:
    # Names are plain text: brackets in them are not markup. They fold in a narrow terminal; numbers never do.
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for column, head in enumerate(grid.head):
        if column == 0:
            table.add_column(Text(head), overflow="fold")
            continue
        numbers = max((len(cells[column]) for cells in grid.body), default=0)
        words = max((len(word) for word in head.split()), default=0)
        width = max(numbers, min(words, LONGEST_WORD))
        table.add_column(Text(head), justify="right", overflow="fold", min_width=width)
    for cells in grid.body:
        table.add_row(*map(Text, cells))
    return Group(table, *(Text(note, style="italic") for note in grid.notes))  # notes may be wider than the table


def _markdown(grid: _Grid) -> str:
    rule = ["---", *["---:"] * (len(grid.head) - 1)]
    lines = [grid.head, rule, *grid.body]
    escaped = [[cell.replace("|", r"\|").replace("\n", " ") for cell in line] for line in lines]
    table = "\n".join(f"| {' | '.join(line)} |" for line in escaped)
    return "\n\n".join([table, *grid.notes]) + "\n"


def _share(value: float | None) -> str:
    return DASH if value is None else f"{value:.3f}"
