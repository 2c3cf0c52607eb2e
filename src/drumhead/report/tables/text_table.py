"""A table of text, and three ways to render it: terminal, Markdown, LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Literal

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from drumhead.terminal_text import escape_controls

LONGEST_UNBROKEN_WORD = 10  # characters of a heading's word that are kept together in a narrow terminal
MIN_NAME_WIDTH = 12  # characters of the first column
LATEX_LINE_WIDTH = 84  # characters per line of a LaTeX article, in the font size of tables

LATEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "±": r"$\pm$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{character: f"{{{character}}}" for character in "[*"},  # they have a meaning after the end of a row
}
"""LaTeX code for characters that have a special meaning in LaTeX."""


@dataclass(frozen=True)
class TextTable:
    """A table of text: the first column contains names, the others contain numbers.

    A name that begins with spaces belongs to the line above it. A heading may have several lines. If the table is too
    wide, the numbers within a cell are placed below each other.
    """

    head: list[str]
    body: list[list[str]]
    notes: list[str] = field(default_factory=list)
    title: str | None = None

    @property
    def width(self) -> int:
        """The number of characters in a line, with two between columns."""
        return sum(2 + longest_line(column) for column in zip(self.head, *self.body, strict=True))


def transposed(table: TextTable) -> TextTable:
    """Return the table with rows and columns swapped."""
    names = [heading.replace("\n", " ") for heading in table.head]
    head, *body = map(list, zip(names, *table.body, strict=True))
    return TextTable(head, body, table.notes, table.title)


def cell_lines(cell: str) -> list[str]:
    """Return the numbers in a cell, one per line; a ± stays with the number after it.

    >>> cell_lines("0.5 ± 0.1"), cell_lines("0.9 (0.8, 1.0)"), cell_lines("")
    (['0.5', '±0.1'], ['0.9', '(0.8,', '1.0)'], [''])
    """
    return cell.replace("± ", "±").split() or [""]


def longest_line(texts: Iterable[str]) -> int:
    """Return the number of characters in the longest line of all texts."""
    return max((len(line) for text in texts for line in text.split("\n")), default=0)


def min_width(head: str, cells: Sequence[str], *, is_name: bool) -> int:
    """Return the least width of a column: that of its numbers and of short words of its heading; names may wrap."""
    width = longest_line(cells)
    if is_name:
        return min(width, MIN_NAME_WIDTH)
    return max(width, min(max(map(len, head.split()), default=0), LONGEST_UNBROKEN_WORD))


@dataclass(frozen=True)
class TerminalTable:
    """A table for the terminal. In a narrow terminal, headings and names wrap so that no number is cut, and columns
    that do not fit follow in a second table."""

    table: TextTable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.table.title is not None:
            yield Text(escape_controls(self.table.title), style="bold")
        narrow = self.table.width + 2 > options.max_width
        for part in self.parts(options.max_width) if narrow else [self.table]:
            yield TerminalTable(part).rich_table(narrow=narrow)
        for note in self.table.notes:  # outside the table, because notes may be wider
            yield Text(escape_controls(note), style="italic")

    def parts(self, max_width: int) -> list[TextTable]:
        """Return the table in parts that fit the width, each with the column of names; if possible, in one part."""
        columns = list(zip(self.table.head, *self.table.body, strict=True))
        name_width, *widths = (
            min_width(head, ["\n".join(cell_lines(cell)) for cell in cells], is_name=number == 0)
            for number, (head, *cells) in enumerate(columns)
        )
        groups: list[list[int]] = [[]]
        used = name_width + 2
        for number, width in enumerate(widths, start=1):
            if groups[-1] and used + width + 1 > max_width:
                groups.append([])
                used = name_width + 2
            groups[-1].append(number)
            used += width + 1
        return [
            TextTable(
                [self.table.head[number] for number in (0, *group)],
                [[cells[number] for number in (0, *group)] for cells in self.table.body],
            )
            for group in groups
        ]

    def rich_table(self, *, narrow: bool) -> Table:
        """Return the table as a rich table; a narrow one has less space between columns."""
        # Text objects, because rich would read brackets in a string as markup.
        result = Table(box=box.SIMPLE_HEAD, padding=(0, 0 if narrow else 1, 0, 0))
        body = [
            [name, *("\n".join(cell_lines(cell)) if narrow else cell for cell in cells)]
            for name, *cells in self.table.body
        ]
        for column, head in enumerate(self.table.head):
            width = min_width(head, [cells[column] for cells in body], is_name=column == 0)
            justify: Literal["left", "right"] = "left" if column == 0 else "right"
            result.add_column(Text(escape_controls(head)), justify=justify, overflow="fold", min_width=width)
        for cells in body:
            result.add_row(*(Text(escape_controls(cell).replace("± ", "±")) for cell in cells))
        return result


def to_markdown(table: TextTable) -> str:
    """Return the table as Markdown."""
    rule = ["---", *["---:"] * (len(table.head) - 1)]
    rows = [table.head, rule, *table.body]
    text = "\n".join(f"| {' | '.join(map(_markdown_text, row))} |" for row in rows)
    title = [] if table.title is None else [f"**{_markdown_text(table.title)}**"]
    return "\n\n".join([*title, text, *map(_markdown_text, table.notes)]) + "\n"


def _markdown_text(text: str) -> str:
    r"""Return text in one line, escaped so that it contains no Markdown cells, HTML or links.

    >>> _markdown_text("a|b <script> [x](y)")
    'a\\|b \\<script> [x]\\(y)'
    """
    return re.sub(r"[\\|<]|(?<=\])\(", r"\\\g<0>", " ".join(text.split()))


def to_latex(table: TextTable) -> str:
    r"""Return the table as LaTeX; it breaks across pages and needs booktabs and longtable. The notes follow it.

    >>> print(to_latex(TextTable(["", "acc"], [["S_1", "-0.9 ± 0.1"]], ["fg: foreground."], "90 %")))
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
    narrow = table.width > LATEX_LINE_WIDTH
    head = [r"  \toprule", *_latex_rows([cell.split("\n") for cell in table.head]), r"  \midrule"]
    body = [[[name], *(cell_lines(cell) if narrow else [cell] for cell in cells)] for name, *cells in table.body]
    caption = (
        [] if table.title is None else [f"  \\caption{{{escape_latex(table.title)}}} \\\\", *head, r"  \endfirsthead"]
    )
    return "\n".join(
        [
            r"% \usepackage{booktabs,longtable}",
            r"\begingroup",
            r"\scriptsize\setlength{\tabcolsep}{2pt}" if narrow else r"\footnotesize\setlength{\tabcolsep}{3pt}",
            f"\\begin{{longtable}}{{@{{}}l{'r' * (len(table.head) - 1)}@{{}}}}",
            *caption,
            *head,
            r"  \endhead",
            r"  \bottomrule",
            r"  \endfoot",
            *(row for cells in body for row in _latex_rows(cells)),
            r"\end{longtable}",
            *([f"\\noindent {escape_latex(' '.join(table.notes))}\\par"] if table.notes else []),
            r"\endgroup",
            "",
        ]
    )


def escape_latex(text: str) -> str:
    r"""Return text with LaTeX's special characters escaped and minus signs in math mode.

    >>> escape_latex("S/Z & 5% of pixel_widths, -1")
    'S/Z \\& 5\\% of pixel\\_widths, $-$1'
    """
    escaped = "".join(LATEX_ESCAPES.get(character, character) for character in text)
    return re.sub(r"(?<!\S)-(?=\d)", "$-$", escaped)


def _latex_rows(cells: list[list[str]]) -> list[str]:
    """Return a row whose cells have several lines as LaTeX rows without page breaks between them."""
    rows = [f"  {' & '.join(map(_latex_cell, row))} \\\\" for row in zip_longest(*cells, fillvalue="")]
    return [*(f"{row}*" for row in rows[:-1]), rows[-1]]


def _latex_cell(text: str) -> str:
    indent = r"\quad " if text.startswith("  ") else ""
    return indent + ("--" if text == "-" else escape_latex(text.strip()))
