"""The command line of the benchmarks: parse arguments, then print the machine and the tables."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

import tyro
from rich.console import Console

from drumhead.cli import INTERRUPTED, USAGE_ERROR
from drumhead.report.tables.text_table import TerminalTable, TextTable, to_markdown
from machine import describe_machine

WIDTH = 120
"""Width of the tables, in characters, when the output is not a terminal."""


def run_benchmark(benchmark: Callable[..., None]) -> None:
    """Call a benchmark's main function with the arguments of the command line."""
    try:
        tyro.cli(benchmark)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)


def usage_error(message: str) -> NoReturn:
    """Print an error about the arguments and exit."""
    print(message, file=sys.stderr)
    sys.exit(USAGE_ERROR)


def progress_console() -> Console:
    """Return the console for progress messages, which shows nothing unless standard error is a terminal."""
    return Console(stderr=True)


def print_tables(tables: Sequence[TextTable], *, markdown: bool) -> None:
    """Print a line that describes the machine, then the tables."""
    if markdown:
        print("\n".join([describe_machine() + "\n", *map(to_markdown, tables)]), end="")
        return
    console = Console(width=None if sys.stdout.isatty() else WIDTH, highlight=False, markup=False)
    console.print(describe_machine())
    for table in tables:
        console.print(TerminalTable(table))


def format_ratios(ratios: Sequence[float]) -> str:
    """Format the median of some ratios, and their range.

    >>> format_ratios([4.0, 4.5, 6.0])
    '4.5 (4.0-6.0)'
    """
    return f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})"


def format_seconds(value: float) -> str:
    """Format a time with at least three significant digits, but not below a tenth of a millisecond.

    >>> [format_seconds(value) for value in (123.45, 12.345, 1.2345, 0.12345, 0.012345)]
    ['123', '12.3', '1.23', '0.123', '0.0123']
    """
    digits = next((digits for digits, least in enumerate((100, 10, 1, 0.1)) if value >= least), 4)
    return f"{value:.{digits}f}"
