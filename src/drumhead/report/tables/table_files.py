"""Tables as text in the formats of files, and as files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from drumhead.files import atomic_replace
from drumhead.report.tables.long_csv import sections_csv
from drumhead.report.tables.paper_tables import section_grids
from drumhead.report.tables.text_table import Grid, latex, markdown
from drumhead.results.summary import Section

TextFormat = Literal["markdown", "csv", "latex"]
ENDINGS: dict[TextFormat, str] = {"markdown": ".md", "csv": ".csv", "latex": ".tex"}


def text_of(grids: Sequence[Grid], csv: Callable[[], str], format: TextFormat) -> str:
    """Tables as text of some format."""
    if format == "csv":
        return csv()
    return "\n".join(map(latex if format == "latex" else markdown, grids))


def write_tables(sections: Sequence[Section], folder: Path, name: str) -> list[Path]:
    """Write the tables of sections in every format, each file whole or not at all; returns the paths."""
    grids = [grid for section in sections for grid in section_grids(section)]
    paths = []
    for format, ending in ENDINGS.items():
        with atomic_replace(folder / f"{name}{ending}") as temporary:
            temporary.write_bytes(text_of(grids, lambda: sections_csv(sections), format).encode())
        paths.append(folder / f"{name}{ending}")
    return paths
