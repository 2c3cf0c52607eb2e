"""A table of text, and the three ways to show it: terminal, Markdown, LaTeX."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

LONGEST_WORD = 10  # characters a heading keeps together in a narrow terminal
NAME = 12  # and a name
UNLIMITED = 10_000  # columns no table needs

LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
}
"""How LaTeX writes what it would take for something else."""


@dataclass(frozen=True)
class Grid:
    """A table of text: the first column is names, the others are numbers.

    A name that begins with spaces belongs to the line above it. A heading may have several lines.
    """

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
    """For the terminal: each cell on one line where that fits, else all fold between words; no word is ever cut."""

    grid: Grid

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        table = _table(self.grid, folded=False)
        if Measurement.get(console, options.update(max_width=UNLIMITED), table).maximum > options.max_width:
            table = _table(self.grid, folded=True)
        if self.grid.title is not None:
            yield Text(self.grid.title, style="bold")
        yield table
        for note in self.grid.notes:  # they may be wider than the table
            yield Text(note, style="italic")


def markdown(grid: Grid) -> str:
    """As Markdown."""
    rule = ["---", *["---:"] * (len(grid.head) - 1)]
    lines = [grid.head, rule, *grid.body]
    escaped = [[cell.strip().replace("|", r"\|").replace("\n", " ") for cell in line] for line in lines]
    table = "\n".join(f"| {' | '.join(line)} |" for line in escaped)
    title = [] if grid.title is None else [f"**{grid.title}**"]
    return "\n\n".join([*title, table, *grid.notes]) + "\n"


def latex(grid: Grid) -> str:
    r"""As a LaTeX table, for a document that has ``\usepackage{booktabs}``; the notes stand in its caption.

    >>> print(latex(Grid(["", "acc"], [["S_1", "0.9 ± 0.1"]], title="90 %")))
    \begin{table}
      \centering
      \footnotesize
      \setlength{\tabcolsep}{3pt}
      \caption{90 \%.}
      \begin{tabular}{@{}lr@{}}
        \toprule
         & acc \\
        \midrule
        S\_1 & 0.9 $\pm$ 0.1 \\
        \bottomrule
      \end{tabular}
    \end{table}
    <BLANKLINE>
    """
    lines = [" & ".join(map(_latex_cell, cells)) + r" \\" for cells in [grid.head, *grid.body]]
    caption = " ".join(escape(sentence if sentence.endswith(".") else f"{sentence}.") for sentence in _sentences(grid))
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            r"  \footnotesize",
            r"  \setlength{\tabcolsep}{3pt}",
            f"  \\caption{{{caption}}}",
            f"  \\begin{{tabular}}{{@{{}}l{'r' * (len(grid.head) - 1)}@{{}}}}",
            r"    \toprule",
            f"    {lines[0]}",
            r"    \midrule",
            *(f"    {line}" for line in lines[1:]),
            r"    \bottomrule",
            r"  \end{tabular}",
            r"\end{table}",
            "",
        ]
    )


def escape(text: str) -> str:
    r"""Text as LaTeX takes it.

    >>> escape("S/Z & 5% of pixel_widths")
    'S/Z \\& 5\\% of pixel\\_widths'
    """
    return "".join(LATEX.get(character, character) for character in text)


def _latex_cell(cell: str) -> str:
    indent = r"\quad " if cell.startswith("  ") else ""
    return indent + escape(cell.strip().replace("\n", " "))


def _sentences(grid: Grid) -> list[str]:
    return [*([] if grid.title is None else [grid.title]), *grid.notes]


def _table(grid: Grid, *, folded: bool) -> Table:
    """The grid as a table of rich's, whose columns of numbers have one word a line if folded."""
    # Names are plain text: brackets in them are not markup.
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    body = [[cells[0], *(_numbers(cell, folded=folded) for cell in cells[1:])] for cells in grid.body]
    for column, head in enumerate(grid.head):
        if column == 0:
            table.add_column(
                Text(head), overflow="fold", min_width=min(_longest_line(cells[0] for cells in body), NAME)
            )
            continue
        words = max((len(word) for word in head.split()), default=0)
        width = max(_longest_line(cells[column] for cells in body), min(words, LONGEST_WORD))
        table.add_column(Text(head), justify="right", overflow="fold", min_width=width)
    for cells in body:
        table.add_row(*map(Text, cells))
    return table


def _numbers(cell: str, *, folded: bool) -> str:
    """Numbers, with none apart from the ± before it."""
    tight = cell.replace(" ± ", " ±")
    return tight.replace(" ", "\n") if folded else tight


def _longest_line(texts: Iterable[str]) -> int:
    return max((len(line) for text in texts for line in text.split("\n")), default=0)
