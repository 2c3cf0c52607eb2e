"""Tables rendered in the format of a file, and written to files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from drumhead.files import atomic_replace
from drumhead.report.tables.long_csv import result_sets_csv
from drumhead.report.tables.paper_tables import mean_and_median_tables
from drumhead.report.tables.text_table import TextTable, to_latex, to_markdown
from drumhead.results.result_sets import ResultSet

TextFormat = Literal["markdown", "csv", "latex"]
SUFFIXES: dict[TextFormat, str] = {"markdown": ".md", "csv": ".csv", "latex": ".tex"}


def render_tables(tables: Sequence[TextTable], csv: Callable[[], str], format: TextFormat) -> str:
    """Return tables as text in a format.

    Args:
        tables: the tables.
        csv: returns the same content as CSV; called only for that format.
        format: the format.
    """
    if format == "csv":
        return csv()
    return "\n".join(map(to_latex if format == "latex" else to_markdown, tables))


def write_tables(result_sets: Sequence[ResultSet], folder: str | Path, name: str) -> list[Path]:
    """Write the tables of result sets in every format, each file atomically; return the paths."""
    tables = [table for result_set in result_sets for table in mean_and_median_tables(result_set)]
    paths = []
    for format, suffix in SUFFIXES.items():
        path = Path(folder) / f"{name}{suffix}"
        with atomic_replace(path) as temporary:
            temporary.write_bytes(render_tables(tables, lambda: result_sets_csv(result_sets), format).encode())
        paths.append(path)
    return paths
