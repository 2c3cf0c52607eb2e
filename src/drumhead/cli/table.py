"""``drumhead table``: runs averaged over seeds, with the published numbers beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.files import atomic_replace
from drumhead.report.tables.long_csv import comparisons_csv, published_csv, result_sets_csv
from drumhead.report.tables.paper_tables import comparison_table, mean_and_median_tables, published_tables
from drumhead.report.tables.table_files import TextFormat, render_tables
from drumhead.report.tables.text_table import TerminalTable, TextTable
from drumhead.results.labels import labels_match
from drumhead.results.paired_tests import PairedComparison, compare_models
from drumhead.results.result_sets import ModelResults, ResultSet, result_sets
from drumhead.results.results_file import collect_rows
from drumhead.terminal_text import escape_controls

Format = Literal["terminal"] | TextFormat
FILE_WIDTH = 160  # characters of a line where tables for the terminal go to a file


def main(args: list[str]) -> int:
    """Run ``drumhead table``."""
    tyro.cli(table, args=args, prog="drumhead table", config=(tyro.conf.FlagCreatePairsOff,))
    return OK


def table(
    places: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[PLACE ...]")] = (Path("runs"),),
    *,
    published: bool = False,
    pair: Annotated[tuple[str, str] | None, tyro.conf.arg(metavar="MODEL MODEL")] = None,
    format: Format = "terminal",
    out: Path | None = None,
) -> None:
    """Show scores as the paper does, averaged over seeds, with the published numbers beside ours.

    There are two tables, of means and of medians, for each dataset, split and recipe: what differs in one of these is
    never averaged together, nor are models that differ in any field. Runs that diverged or are unfinished are named
    below the table and are in no mean; runs that collapsed to background are in the means, and counted.

    Args:
        places: Run folders, folders of runs, or files that `drumhead evaluate --out` wrote.
        published: Show the published tables alone.
        pair: Compare two models seed by seed instead, by their names in the table: --pair "NWM linear" "CNN 8".
        format: How to show them. csv has every number in full, one line for each model and score.
        out: A file to write to.
    """
    if published and pair is not None:
        raise ValueError("--published shows summaries, which cannot be paired: drop --published or --pair")
    if published:
        write(published_tables(), published_csv, format, out)
        return
    sections = result_sets(collect_rows(places))
    if not sections:
        listed = ", ".join(map(str, places))
        Console(stderr=True).print(f"There is no run in {listed}, so the table is empty.", highlight=False)
    if pair is None:
        grids = [grid for section in sections for grid in mean_and_median_tables(section)]
        write(grids, lambda: result_sets_csv(sections), format, out)
    elif sections:
        comparisons = compare_by_name(sections, *pair)
        write([comparison_table(*each) for each in comparisons], lambda: comparisons_csv(comparisons), format, out)


def compare_by_name(sections: Sequence[ResultSet], first: str, second: str) -> list[tuple[ResultSet, PairedComparison]]:
    """Two models compared in every section that has both.

    Raises:
        ValueError: if no section has both, or one has no seeds that they share.
    """
    names = sorted({group.label for section in sections for group in section.models})
    for name in (first, second):
        if not any(labels_match(name, known) for known in names):
            raise ValueError(f"--pair: no model is called {name!r}; there are: {'; '.join(names)}")
    found = [(section, find_group(section, first), find_group(section, second)) for section in sections]
    both = [(section, left, right) for section, left, right in found if left is not None and right is not None]
    if not both:
        raise ValueError(f"--pair: {first} and {second} share no table: they differ in dataset, split or recipe")
    return [(section, compare_models(left, right)) for section, left, right in both]


def find_group(section: ResultSet, name: str) -> ModelResults | None:
    """The group of that name, if there is one."""
    return next((group for group in section.models if labels_match(name, group.label)), None)


def write(grids: Sequence[TextTable], csv: Callable[[], str], format: Format, out: Path | None) -> None:
    """Print tables, or write them to a file, whole or not at all."""
    if out is None:
        console = Console()
        if format == "terminal":
            show(grids, console)
        else:
            print(escape_controls(render_tables(grids, csv, format)), end="")
        return
    with atomic_replace(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        if format == "terminal":
            show(grids, Console(file=file, width=FILE_WIDTH))
        else:
            file.write(render_tables(grids, csv, format))
    Console(stderr=True).print(f"The tables are in {out}", highlight=False)


def show(grids: Sequence[TextTable], console: Console) -> None:
    """Tables on a console, a line between them."""
    for number, grid in enumerate(grids):
        if number:
            console.print()
        console.print(TerminalTable(grid))
