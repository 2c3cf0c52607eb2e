"""``drumhead table``: scores averaged over seeds, beside the published scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.files import atomic_replace, check_writable
from drumhead.report.tables.claims_table import claims_csv, claims_table
from drumhead.report.tables.long_csv import comparisons_csv, published_csv, result_sets_csv
from drumhead.report.tables.paper_tables import comparison_table, mean_and_median_tables, published_tables
from drumhead.report.tables.table_files import TextFormat, render_tables
from drumhead.report.tables.text_table import TerminalTable, TextTable
from drumhead.results.claims import claim_groups, decide_claims
from drumhead.results.labels import labels_match
from drumhead.results.paired_tests import PairedComparison, compare_models
from drumhead.results.published_results import published_result_sets
from drumhead.results.result_sets import ModelResults, ResultSet, result_sets
from drumhead.results.results_file import collect_rows
from drumhead.terminal_text import escape_controls

Format = Literal["terminal"] | TextFormat
FILE_WIDTH = 160
"""Characters per line of a terminal table that is written to a file."""


def main(args: list[str]) -> int:
    """Run ``drumhead table``."""
    parse(table, args, prog="drumhead table", config=(tyro.conf.FlagCreatePairsOff,))
    return OK


def table(
    paths: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[PATH ...]")] = (Path("runs"),),
    *,
    published: bool = False,
    pair: Annotated[tuple[str, str] | None, tyro.conf.arg(metavar="MODEL MODEL")] = None,
    claims: bool = False,
    format: Format = "terminal",
    out: Path | None = None,
) -> None:
    """Show scores averaged over seeds, in the form of the paper's tables, beside the published scores.

    There are two tables, of means and of medians, for each dataset, split and recipe. Only runs that differ in nothing
    but the seed are averaged. Runs that diverged or are unfinished are listed below the table, and excluded. Runs that
    collapsed to background are included, and their number is shown. Our means are compared with the published ones by
    Welch's test, and the scores behind our medians by Mann and Whitney's.

    Args:
        paths: Run folders, folders of runs, or files written by `drumhead evaluate --out`.
        published: Show only the published tables.
        pair: Compare two models seed by seed, by their names in the table: --pair "NWM linear" "CNN 8".
        claims: Decide the paper's claims one by one from these runs, or with --published from the published runs.
        format: Output format. csv has one line per model and score, with all digits.
        out: The output file. By default the terminal.
    """
    if out is not None:
        check_writable(out)
    if pair is not None and (published or claims):
        raise ValueError("--pair compares runs seed by seed, without --published or --claims; drop one of them")
    if published:
        write_published_tables(claims, format, out)
        return
    all_sets = result_sets(collect_rows(paths))
    if not all_sets:
        listed = ", ".join(map(str, paths))
        Console(stderr=True).print(f"There is no run in {listed}, so the table is empty.", highlight=False)
    if claims and all_sets:
        write_claims(all_sets, "ours", format, out)
    elif pair is None:
        tables = [text_table for result_set in all_sets for text_table in mean_and_median_tables(result_set)]
        write_tables(tables, lambda: result_sets_csv(all_sets), format, out)
    elif all_sets:
        comparisons = compare_by_name(all_sets, *pair)
        tables = [comparison_table(*each) for each in comparisons]
        write_tables(tables, lambda: comparisons_csv(comparisons), format, out)


def write_published_tables(claims: bool, format: Format, out: Path | None) -> None:
    """Write the published scores, or the claims that they decide."""
    if claims:
        write_claims(published_result_sets(), "published", format, out)
    else:
        write_tables(published_tables(), published_csv, format, out)


def write_claims(
    all_sets: Sequence[ResultSet], source: Literal["ours", "published"], format: Format, out: Path | None
) -> None:
    """Write the verdicts on the paper's claims, in one table for each recipe."""
    claims = {recipe: decide_claims(sets) for recipe, sets in claim_groups(all_sets).items()}
    titles = {recipe: "published runs" if source == "published" else f"our runs, recipe {recipe}" for recipe in claims}
    tables = [claims_table(decided, runs=titles[recipe]) for recipe, decided in claims.items()]
    write_tables(tables, lambda: claims_csv(claims, source=source), format, out)


def compare_by_name(all_sets: Sequence[ResultSet], first: str, second: str) -> list[tuple[ResultSet, PairedComparison]]:
    """Compare two models in every set of comparable results that contains both.

    Raises:
        ValueError: if no set contains both, or the models share no seed in one of the sets.
    """
    names = sorted({model.label for result_set in all_sets for model in result_set.models})
    for name in (first, second):
        if not any(labels_match(name, known) for known in names):
            raise ValueError(f"--pair: no model is called {name!r}; there are: {'; '.join(names)}")
    candidates = [
        (result_set, find_model(result_set, first), find_model(result_set, second)) for result_set in all_sets
    ]
    both = [
        (result_set, left, right) for result_set, left, right in candidates if left is not None and right is not None
    ]
    if not both:
        raise ValueError(f"--pair: {first} and {second} share no table: they differ in dataset, split or recipe")
    return [(result_set, compare_models(left, right)) for result_set, left, right in both]


def find_model(result_set: ResultSet, name: str) -> ModelResults | None:
    """Return the model with a name, or None."""
    return next((model for model in result_set.models if labels_match(name, model.label)), None)


def write_tables(tables: Sequence[TextTable], csv: Callable[[], str], format: Format, out: Path | None) -> None:
    """Print tables, or write them to a file atomically."""
    if out is None:
        console = Console()
        if format == "terminal":
            print_tables(tables, console)
        else:
            print(escape_controls(render_tables(tables, csv, format)), end="")
        return
    with atomic_replace(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        if format == "terminal":
            print_tables(tables, Console(file=file, width=FILE_WIDTH))
        else:
            file.write(render_tables(tables, csv, format))
    Console(stderr=True).print(f"The tables are in {out}", highlight=False)


def print_tables(tables: Sequence[TextTable], console: Console) -> None:
    """Print tables on a console, with an empty line between them."""
    for number, text_table in enumerate(tables):
        if number:
            console.print()
        console.print(TerminalTable(text_table))
