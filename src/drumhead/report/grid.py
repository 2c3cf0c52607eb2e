"""A table of text, and the ways to show it: terminal, Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

LONGEST_WORD = 10  # characters a heading keeps together in a narrow terminal


@dataclass(frozen=True)
class Grid:
    """A table of text: the first column is names, the others are numbers. A heading may have several lines."""

    head: list[str]
    body: list[list[str]]
    notes: list[str] = field(default_factory=list)
    title: str | None = None


def transposed(grid: Grid) -> Grid:
    """The same with columns as rows."""
    names = [heading.replace("\n", " ") for heading in grid.head]
    head, *body = map(list, zip(names, *grid.body, strict=True))
    return Grid(head, body, grid.notes, grid.title)


@dataclass(frozen=True)
class Terminal:
    """For the terminal. Names fold in a narrow one; numbers never do."""

    grid: Grid

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.grid.title is not None:
            yield Text(self.grid.title, style="bold")
        yield _table(self.grid)
        for note in self.grid.notes:  # they may be wider than the table
            yield Text(note, style="italic")


def markdown(grid: Grid) -> str:
    """As Markdown.

    >>> print(markdown(Grid(["case", "seconds"], [["waves", "0.5"]], ["Median of 5."], title="Time")), end="")
    **Time**
    <BLANKLINE>
    | case | seconds |
    | --- | ---: |
    | waves | 0.5 |
    <BLANKLINE>
    Median of 5.
    """
    rule = ["---", *["---:"] * (len(grid.head) - 1)]
    lines = [grid.head, rule, *grid.body]
    escaped = [[cell.replace("|", r"\|").replace("\n", " ") for cell in line] for line in lines]
    table = "\n".join(f"| {' | '.join(line)} |" for line in escaped)
    title = [] if grid.title is None else [f"**{grid.title}**"]
    return "\n\n".join([*title, table, *grid.notes]) + "\n"


def _table(grid: Grid) -> Table:
    # Names are plain text: brackets in them are not markup.
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
    return table
