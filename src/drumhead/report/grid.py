"""A table of text, rendered for the terminal and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

DASH = "-"
LONGEST_WORD = 10  # characters a heading keeps together in a narrow terminal


@dataclass(frozen=True)
class Grid:
    """The first column is names, the others are numbers.

    >>> print(Grid(["case", "seconds"], [["waves", "0.5"]], ["Median of 5."]).markdown(), end="")
    | case | seconds |
    | --- | ---: |
    | waves | 0.5 |
    <BLANKLINE>
    Median of 5.
    """

    head: list[str]
    """Headings; a line break in one shows in the terminal alone."""
    body: list[list[str]]
    """Rows of as many cells."""
    notes: list[str] = field(default_factory=list)
    """What stands below, a paragraph each."""

    def transposed(self) -> Grid:
        """Rows as columns."""
        names = [heading.replace("\n", " ") for heading in self.head]
        head, *body = map(list, zip(names, *self.body, strict=True))
        return Grid(head, body, self.notes)

    def rich(self) -> Group:
        """For the terminal. Names fold in a narrow one; numbers never do."""
        # Text, not strings: brackets in a name are no markup.
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for column, head in enumerate(self.head):
            if column == 0:
                table.add_column(Text(head), overflow="fold")
                continue
            numbers = max((len(cells[column]) for cells in self.body), default=0)
            words = max((len(word) for word in head.split()), default=0)
            width = max(numbers, min(words, LONGEST_WORD))
            table.add_column(Text(head), justify="right", overflow="fold", min_width=width)
        for cells in self.body:
            table.add_row(*map(Text, cells))
        return Group(table, *(Text(note, style="italic") for note in self.notes))  # notes may be wider than the table

    def markdown(self) -> str:
        """As Markdown."""
        rule = ["---", *["---:"] * (len(self.head) - 1)]
        lines = [self.head, rule, *self.body]
        escaped = [[cell.replace("|", r"\|").replace("\n", " ") for cell in line] for line in lines]
        table = "\n".join(f"| {' | '.join(line)} |" for line in escaped)
        return "\n\n".join([table, *self.notes]) + "\n"
