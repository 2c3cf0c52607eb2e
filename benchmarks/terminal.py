"""How every benchmark is called and prints: the machine, then its tables, for the terminal or as Markdown."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

import tyro
from rich.console import Console

from drumhead.cli import INTERRUPTED, USAGE_ERROR
from drumhead.report.tables.text_table import TerminalTable, TextTable
from drumhead.report.tables.text_table import to_markdown as as_markdown
from machine import description

WIDTH = 120
"""Of tables that are printed into a file or a pipe."""


def call(benchmark: Callable[..., None]) -> None:
    """Call a benchmark with what the command line says."""
    try:
        tyro.cli(benchmark)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


def refuse(message: str) -> NoReturn:
    """End with an error about the words of the command line."""
    print(message, file=sys.stderr)
    sys.exit(USAGE_ERROR)


def progress() -> Console:
    """Where a benchmark tells what it is at; silent where nobody looks on."""
    return Console(stderr=True)


def show(grids: Sequence[TextTable], *, markdown: bool) -> None:
    """Print the machine and the tables."""
    if markdown:
        print("\n".join([description() + "\n", *map(as_markdown, grids)]), end="")
        return
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, markup=False)
    console.print(description())
    for grid in grids:
        console.print(TerminalTable(grid))


def spread(ratios: Sequence[float]) -> str:
    """Median and range.

    >>> spread([4.0, 4.5, 6.0])
    '4.5 (4.0-6.0)'
    """
    return f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})"


def seconds(value: float) -> str:
    """With three digits or more, and to a tenth of a millisecond.

    >>> seconds(123.45), seconds(12.345), seconds(1.2345), seconds(0.12345), seconds(0.012345)
    ('123', '12.3', '1.23', '0.123', '0.0123')
    """
    digits = next((digits for digits, least in enumerate((100, 10, 1, 0.1)) if value >= least), 4)
    return f"{value:.{digits}f}"
