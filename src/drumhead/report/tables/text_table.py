"""A table of text, and the three ways to show it: terminal, Markdown, LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import zip_longest

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from drumhead.terminal_text import escape_controls

LONGEST_WORD = 10  # characters a heading keeps together in a narrow terminal
NAME = 12  # and a name
PAGE = 84  # characters in a line of a LaTeX article, in the size that tables have

LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{character: f"{{{character}}}" for character in "[*"},  # which mean something after the end of a row
}
"""How LaTeX writes what it would take for something else."""


@dataclass(frozen=True)
class Grid:
    """A table of text: the first column is names, the others are numbers.

    A name that begins with spaces belongs to the line above it. A heading may have several lines. Where there is too
    little room, the numbers in a cell stand below each other.
    """

    head: list[str]
    body: list[list[str]]
    notes: list[str] = field(default_factory=list)
    title: str | None = None

    @property
    def width(self) -> int:
        """Characters in a line, with two between columns."""
        return sum(2 + longest_line(column) for column in zip(self.head, *self.body, strict=True))


def transposed(grid: Grid) -> Grid:
    """The same with columns as rows."""
    names = [heading.replace("\n", " ") for heading in grid.head]
    head, *body = map(list, zip(names, *grid.body, strict=True))
    return Grid(head, body, grid.notes, grid.title)


def folded(cell: str) -> list[str]:
    """The numbers in a cell, one on a line, each with the ± before it.

    >>> folded("0.5 ± 0.1"), folded("0.9 (0.8, 1.0)"), folded("")
    (['0.5', '±0.1'], ['0.9', '(0.8,', '1.0)'], [''])
    """
    return cell.replace("± ", "±").split() or [""]


def longest_line(texts: Iterable[str]) -> int:
    """Characters in the longest line of any text."""
    return max((len(line) for text in texts for line in text.split("\n")), default=0)


@dataclass(frozen=True)
class Terminal:
    """A grid for the terminal. In a narrow one headings and names fold too, so that no number need be cut."""

    grid: Grid

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.grid.title is not None:
            yield Text(escape_controls(self.grid.title), style="bold")
        yield self.table(narrow=self.grid.width + 2 > options.max_width)
        for note in self.grid.notes:  # they may be wider than the table
            yield Text(escape_controls(note), style="italic")

    def table(self, *, narrow: bool) -> Table:
        """The grid as rich has it; columns stand closer in a narrow one."""
        # Names are plain text: brackets in them are not markup.
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 0 if narrow else 1, 0, 0))
        body = [
            [name, *("\n".join(folded(cell)) if narrow else cell for cell in cells)] for name, *cells in self.grid.body
        ]
        for column, head in enumerate(self.grid.head):
            width = longest_line(cells[column] for cells in body)
            if column == 0:
                table.add_column(Text(escape_controls(head)), overflow="fold", min_width=min(width, NAME))
                continue
            word = max(map(len, head.split()), default=0)
            table.add_column(
                Text(escape_controls(head)),
                justify="right",
                overflow="fold",
                min_width=max(width, min(word, LONGEST_WORD)),
            )
        for cells in body:
            table.add_row(*(Text(escape_controls(cell).replace("± ", "±")) for cell in cells))
        return table


def markdown(grid: Grid) -> str:
    """As Markdown."""
    rule = ["---", *["---:"] * (len(grid.head) - 1)]
    lines = [grid.head, rule, *grid.body]
    table = "\n".join(f"| {' | '.join(map(_markdown_text, line))} |" for line in lines)
    title = [] if grid.title is None else [f"**{_markdown_text(grid.title)}**"]
    return "\n\n".join([*title, table, *map(_markdown_text, grid.notes)]) + "\n"


def _markdown_text(text: str) -> str:
    r"""Text as Markdown takes it, in one line, without cells, HTML or links of its own.

    >>> _markdown_text("a|b <script> [x](y)")
    'a\\|b \\<script> [x]\\(y)'
    """
    return re.sub(r"[\\|<]|(?<=\])\(", r"\\\g<0>", " ".join(text.split()))


def latex(grid: Grid) -> str:
    r"""As a LaTeX table that goes on over pages, for a document that uses booktabs and longtable; notes follow it.

    >>> print(latex(Grid(["", "acc"], [["S_1", "-0.9 ± 0.1"]], ["fg: foreground."], "90 %")))
    % \usepackage{booktabs,longtable}
    \begingroup
    \footnotesize\setlength{\tabcolsep}{3pt}
    \begin{longtable}{@{}lr@{}}
      \caption{90 \%} \\
      \toprule
       & acc \\
      \midrule
      \endfirsthead
      \toprule
       & acc \\
      \midrule
      \endhead
      \bottomrule
      \endfoot
      S\_1 & $-$0.9 $\pm$ 0.1 \\
    \end{longtable}
    \noindent fg: foreground.\par
    \endgroup
    <BLANKLINE>
    """
    narrow = grid.width > PAGE
    head = [r"  \toprule", *_latex_lines([cell.split("\n") for cell in grid.head]), r"  \midrule"]
    body = [[[name], *(folded(cell) if narrow else [cell] for cell in cells)] for name, *cells in grid.body]
    return "\n".join(
        [
            r"% \usepackage{booktabs,longtable}",
            r"\begingroup",
            r"\scriptsize\setlength{\tabcolsep}{2pt}" if narrow else r"\footnotesize\setlength{\tabcolsep}{3pt}",
            f"\\begin{{longtable}}{{@{{}}l{'r' * (len(grid.head) - 1)}@{{}}}}",
            *([] if grid.title is None else [f"  \\caption{{{escape(grid.title)}}} \\\\", *head, r"  \endfirsthead"]),
            *head,
            r"  \endhead",
            r"  \bottomrule",
            r"  \endfoot",
            *(line for cells in body for line in _latex_lines(cells)),
            r"\end{longtable}",
            *([f"\\noindent {escape(' '.join(grid.notes))}\\par"] if grid.notes else []),
            r"\endgroup",
            "",
        ]
    )


def escape(text: str) -> str:
    r"""Text as LaTeX takes it.

    >>> escape("S/Z & 5% of pixel_widths, -1")
    'S/Z \\& 5\\% of pixel\\_widths, $-$1'
    """
    escaped = "".join(LATEX.get(character, character) for character in text)
    return re.sub(r"(?<!\S)-(?=\d)", "$-$", escaped)


def _latex_lines(cells: list[list[str]]) -> list[str]:
    """A row of cells, each of several lines, as that many rows, between which no page ends."""
    rows = [f"  {' & '.join(map(_latex_cell, row))} \\\\" for row in zip_longest(*cells, fillvalue="")]
    return [*(f"{row}*" for row in rows[:-1]), rows[-1]]


def _latex_cell(text: str) -> str:
    indent = r"\quad " if text.startswith("  ") else ""
    return indent + ("--" if text == "-" else escape(text.strip()))
