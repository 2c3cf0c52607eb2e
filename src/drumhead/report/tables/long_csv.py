"""Results as CSV in long format: one row per model and score, with all digits."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO

from drumhead.published.scores import PUBLISHED_METRICS
from drumhead.report.tables.paper_tables import mann_whitney_p, standardised_difference, welch_p
from drumhead.results.metric_names import METRICS
from drumhead.results.paired_tests import PairedComparison
from drumhead.results.published_results import published_result_sets, published_results
from drumhead.results.result_sets import ModelResults, ResultSet
from drumhead.scores.summary import Summary

KEY_COLUMNS = ["dataset", "split", "recipe", "data", "trained_on"]
STATISTICS = ["mean", "std", "median", "min", "max", "runs"]
STATES = ["collapsed", "diverged", "unfinished"]
P_VALUES = ["p_welch", "p_mann_whitney"]
COLUMNS = [*KEY_COLUMNS, "source", "model", "variant", "metric", *STATISTICS, *STATES, "difference", *P_VALUES]
"""``source`` is ours or published. ``difference`` is our mean minus the published mean in published standard
deviations, and the p-values are two-sided, of our runs against the published ones. The model ``background`` predicts
background everywhere."""

PAIR_COLUMNS = [
    *KEY_COLUMNS,
    "first",
    "second",
    "metric",
    "first_mean",
    "second_mean",
    "difference",
    "std",
    "pairs",
    "p",
    "test",
]

CsvRow = Mapping[str, object]


def result_sets_csv(result_sets: Iterable[ResultSet]) -> str:
    """Return the summaries of all result sets, and the published summaries of the same models."""
    return to_csv(COLUMNS, (row for result_set in result_sets for row in result_set_csv_rows(result_set)))


def published_csv() -> str:
    """Return the published summaries."""
    return to_csv(COLUMNS, published_csv_rows())


def comparisons_csv(comparisons: Iterable[tuple[ResultSet, PairedComparison]]) -> str:
    """Return paired comparisons."""
    return to_csv(PAIR_COLUMNS, (row for pair in comparisons for row in comparison_csv_rows(*pair)))


def result_set_csv_rows(result_set: ResultSet) -> Iterator[CsvRow]:
    """Yield the rows of background everywhere, then our row and any published row of each model and score."""
    key = {**result_set.key._asdict(), "source": "ours"}
    for metric, value in result_set.background.items():
        yield {**key, "model": "background", "metric": metric, "mean": value}
    for results in result_set.models:
        name = {"model": results.model, "variant": results.variant}
        published = published_results(result_set, results)
        for metric in METRICS:
            ours, theirs = results.summary(metric), published.summary(metric) if published else None
            row = {**key, **name, "metric": metric, **statistics(ours), **states(results)}
            if published is None or theirs is None:
                yield row
                continue
            row["difference"] = standardised_difference(ours, theirs)
            row["p_welch"] = welch_p(results, published, metric)
            row["p_mann_whitney"] = mann_whitney_p(results, published, metric)
            yield row
            yield {**key, "source": "published", **name, "metric": metric, **statistics(theirs), **states(published)}


def published_csv_rows() -> Iterator[CsvRow]:
    """Yield a row for each published score."""
    for result_set in published_result_sets():
        key = {**result_set.key._asdict(), "source": "published"}
        for metric in PUBLISHED_METRICS:
            if (value := result_set.background.get(metric)) is not None:
                yield {**key, "model": "background", "metric": metric, "mean": value}
        for results in result_set.models:
            name = {"model": results.model, "variant": results.variant}
            for metric in PUBLISHED_METRICS:
                yield {**key, **name, "metric": metric, **statistics(results.summary(metric)), **states(results)}


def comparison_csv_rows(result_set: ResultSet, comparison: PairedComparison) -> Iterator[CsvRow]:
    """Yield a row for each score of two models."""
    for metric, score in comparison.scores.items():
        yield {
            **result_set.key._asdict(),
            "first": comparison.first.label,
            "second": comparison.second.label,
            "metric": metric,
            "first_mean": score.first,
            "second_mean": score.second,
            "difference": score.difference.mean,
            "std": score.difference.std,
            "pairs": score.difference.runs,
            "p": score.p,
            "test": comparison.test,
        }


def states(results: ModelResults) -> dict[str, object]:
    """Return the columns that count runs by state."""
    return {state: len(results.in_state(state)) for state in STATES}


def statistics(summary: Summary | None) -> dict[str, object]:
    """Return the columns of a summary; without a summary, a number of runs of 0."""
    return {"runs": 0} if summary is None else {name: getattr(summary, name) for name in STATISTICS}


def to_csv(columns: list[str], rows: Iterable[CsvRow]) -> str:
    """Return rows as CSV with a header; missing values and None are empty cells."""
    file = StringIO()
    writer = csv.DictWriter(file, fieldnames=columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()
