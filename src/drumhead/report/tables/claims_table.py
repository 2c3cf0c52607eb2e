"""The verdicts on the paper's claims, as a table and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from drumhead.report.tables.long_csv import CsvRow, to_csv
from drumhead.report.tables.paper_tables import format_p
from drumhead.report.tables.score_tables import DASH, format_score
from drumhead.report.tables.text_table import TextTable
from drumhead.results.claims import LEVEL, RANK_SEEDS, Comparison, DecidedClaim

HEAD = ["", "runs", "mean", "other\nmean", "effect", "above", "test", "p", "adjusted\np", "verdict"]
TEST_NAMES = {"Mann-Whitney": "rank", "Welch": "Welch", "exact": "exact"}
NOTES = [
    "runs, mean: of the network that the claim is about, then of the other. Means are of the foreground IoU, or shares "
    "of runs that collapsed or diverged. effect: the difference of the means. above: the probability that a run of the "
    "first scores above one of the other.",
    f"test: rank, Mann and Whitney's, from {RANK_SEEDS} seeds each; Welch's t-test with fewer; exact: Fisher's, over "
    "several datasets Cochran, Mantel and Haenszel's. p: two-sided. A claim needs all its comparisons; those with too "
    "few runs are left out.",
    f"adjusted p: by Holm's method, for the number of claims. Below {LEVEL}, a claim is supported, or not supported if "
    "the opposite is significant. Otherwise it is undecided with this number of seeds.",
]
COLUMNS = [
    "recipe",
    "source",
    "claim",
    "comparison",
    "first_runs",
    "second_runs",
    "first_mean",
    "second_mean",
    "difference",
    "probability_above",
    "test",
    "p",
    "adjusted_p",
    "verdict",
]
"""The columns of the CSV. A claim's own row, which has the verdict, has no comparison."""


def claims_table(claims: Iterable[DecidedClaim], *, runs: str) -> TextTable:
    """Return a table with a row for each claim, each followed by its comparisons.

    Args:
        claims: the claims with their verdicts.
        runs: which runs decided them, for the title.
    """
    body = []
    for claim in claims:
        p = DASH if claim.p is None else format_p(claim.p)
        body.append([claim.text, *[""] * 6, p, format_p(claim.adjusted_p), claim.verdict])
        body += map(comparison_cells, claim.comparisons)
    return TextTable(HEAD, body, NOTES, f"The paper's claims, {runs}")


def comparison_cells(comparison: Comparison) -> list[str]:
    """Return the cells of a comparison."""
    return [
        f"  {comparison.title}",
        "{}/{}".format(*comparison.runs),
        *map(format_score, comparison.means),
        f"{comparison.difference:+.3f}",
        DASH if comparison.probability is None else f"{comparison.probability:.2f}",
        TEST_NAMES[comparison.test] if comparison.test else DASH,
        DASH if comparison.p is None else format_p(comparison.p.two_sided),
        "",
        "",
    ]


def claims_csv(claims_by_recipe: Mapping[str, Sequence[DecidedClaim]], *, source: str) -> str:
    """Return claims and their comparisons as CSV, with all digits.

    Args:
        claims_by_recipe: the claims, by the recipe of the runs that decided them.
        source: ours or published.
    """
    return to_csv(
        COLUMNS,
        (
            {"recipe": recipe, "source": source, "claim": claim.text, **row}
            for recipe, claims in claims_by_recipe.items()
            for claim in claims
            for row in claim_csv_rows(claim)
        ),
    )


def claim_csv_rows(claim: DecidedClaim) -> Iterator[CsvRow]:
    """Yield the row of a claim, then those of its comparisons."""
    yield {"p": claim.p, "adjusted_p": claim.adjusted_p, "verdict": claim.verdict}
    for comparison in claim.comparisons:
        yield {
            "comparison": comparison.title,
            "first_runs": comparison.runs[0],
            "second_runs": comparison.runs[1],
            "first_mean": comparison.means[0],
            "second_mean": comparison.means[1],
            "difference": comparison.difference,
            "probability_above": comparison.probability,
            "test": comparison.test,
            "p": None if comparison.p is None else comparison.p.two_sided,
        }
