"""The paper's tables: means and medians for each dataset, with the published numbers next to ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES
from drumhead.report.tables.score_tables import DASH, METRIC_HEADINGS, empty_images_notes, format_score
from drumhead.report.tables.text_table import TextTable
from drumhead.results.paired_tests import PairedComparison
from drumhead.results.published_results import published_result_sets, published_results
from drumhead.results.result_sets import ModelResults, ResultSet
from drumhead.results.two_sample_tests import OneSided, mann_whitney_test, welch_test
from drumhead.scores.summary import Summary

BACKGROUND = "background everywhere"
MEANS, MEDIANS = "mean ± standard deviation", "median (min, max)"
SOURCE_NOTE = (
    "Published: Jacobs et al. 2025, arXiv 2502.06034. "
    "The published loss fg is a mean over batches, ours is a mean over images."
)
FOREGROUND_NOTE = "fg: on foreground pixels."
SPREAD_NOTE = "Standard deviations have n - 1 in the denominator."
DIFFERENCE_NOTE = "difference: our mean minus the published mean, in published standard deviations."
WELCH_NOTE = "p: two-sided, of equal means of our runs and the published ones, by Welch's t-test."
MANN_WHITNEY_NOTE = (
    "p: two-sided, of no difference between our runs and the published ones, by Mann and Whitney's test."
)
UNCORRECTED_NOTE = "The p-values are not corrected for their number."
COLLAPSED_NOTE = "collapsed: the number of runs that predict background everywhere; they are included in the means."

PUBLISHED_HEADINGS = {metric: heading for metric, heading in METRIC_HEADINGS.items() if metric != "mean_iou"}
"""The headings of the published metrics; the paper does not report the mean IoU over classes."""


def mean_and_median_tables(result_set: ResultSet) -> list[TextTable]:
    """Return the table of means of a result set, and the table of medians if a model has two runs or more."""
    has_several = any(len(results.trained) > 1 for results in result_set.models)
    return [mean_table(result_set), *([median_table(result_set)] if has_several else [])]


def mean_table(result_set: ResultSet) -> TextTable:
    """Return mean ± standard deviation over runs, then the published row, the difference and its p-value."""
    body = [score_cells(BACKGROUND, [DASH, DASH], result_set.background, format_score)]
    notes = [FOREGROUND_NOTE, SPREAD_NOTE, COLLAPSED_NOTE]
    for results in result_set.models:
        summaries = all_summaries(results)
        body.append(score_cells(results.label, run_counts(results), summaries, str))
        if published := published_results(result_set, results):
            theirs = all_summaries(published)
            differences = {metric: standardised_difference(summaries[metric], theirs[metric]) for metric in theirs}
            p_values = {metric: welch_p(results, published, metric) for metric in theirs}
            body.append(score_cells("  published", run_counts(published), theirs, str))
            body.append(score_cells("  difference", ["", ""], differences, format_signed))
            body.append(score_cells("  p", ["", ""], p_values, format_p))
    if any(cells[0] == "  difference" for cells in body):
        notes += [SOURCE_NOTE, DIFFERENCE_NOTE, f"{WELCH_NOTE} {UNCORRECTED_NOTE}"]
    notes += [seeds_note(result_set), *result_set_notes(result_set)]
    head = ["", "runs", "collapsed", *METRIC_HEADINGS.values()]
    return TextTable(head, body, notes, table_title(result_set, MEANS))


def median_table(result_set: ResultSet) -> TextTable:
    """Return median (min, max) over runs, each followed by the published row and the p-value of the difference."""
    body = [score_cells(BACKGROUND, [], result_set.background, format_score)]
    notes = [FOREGROUND_NOTE]
    for results in result_set.models:
        body.append(score_cells(results.label, [], all_summaries(results), format_median))
        if published := published_results(result_set, results):
            p_values = {metric: mann_whitney_p(results, published, metric) for metric in METRIC_HEADINGS}
            body.append(score_cells("  published", [], all_summaries(published), format_median))
            body.append(score_cells("  p", [], p_values, format_p))
    if any(cells[0] == "  published" for cells in body):
        notes += [SOURCE_NOTE, f"{MANN_WHITNEY_NOTE} {UNCORRECTED_NOTE}"]
    notes += result_set_notes(result_set)
    return TextTable(["", *METRIC_HEADINGS.values()], body, notes, table_title(result_set, MEDIANS))


def published_tables() -> list[TextTable]:
    """Return the published tables alone: for each dataset the means and the medians."""
    return [
        table
        for result_set in published_result_sets()
        for table in (published_mean_table(result_set), published_median_table(result_set))
    ]


def published_mean_table(result_set: ResultSet) -> TextTable:
    """Return the published mean ± standard deviation on a dataset."""
    body = [score_cells(BACKGROUND, [DASH, DASH], result_set.background, format_score, PUBLISHED_HEADINGS)]
    for results in result_set.models:
        body.append(score_cells(results.label, run_counts(results), all_summaries(results), str, PUBLISHED_HEADINGS))
    head = ["", "runs", "collapsed", *PUBLISHED_HEADINGS.values()]
    notes = [FOREGROUND_NOTE, SPREAD_NOTE, COLLAPSED_NOTE, SOURCE_NOTE]
    return TextTable(head, body, notes, f"{result_set.key.dataset}, published: {MEANS}")


def published_median_table(result_set: ResultSet) -> TextTable:
    """Return the published median (min, max) on a dataset."""
    body = [score_cells(BACKGROUND, [], result_set.background, format_score, PUBLISHED_HEADINGS)]
    for results in result_set.models:
        body.append(score_cells(results.label, [], all_summaries(results), format_median, PUBLISHED_HEADINGS))
    head = ["", *PUBLISHED_HEADINGS.values()]
    return TextTable(head, body, [FOREGROUND_NOTE, SOURCE_NOTE], f"{result_set.key.dataset}, published: {MEDIANS}")


def comparison_table(result_set: ResultSet, comparison: PairedComparison) -> TextTable:
    """Return the paired comparison of two models, one row per score."""
    first, second = comparison.first.label, comparison.second.label
    body = [
        [
            METRIC_HEADINGS[metric].replace("\n", " "),
            format_score(score.first),
            format_score(score.second),
            str(score.difference),
            format_p(score.p),
        ]
        for metric, score in comparison.scores.items()
    ]
    notes = [
        f"n = {len(comparison.seeds)} pairs, with seeds {', '.join(map(str, comparison.seeds))}. "
        f"difference: {first} minus {second}, mean ± standard deviation over seeds.",
        f"p: two-sided, of no difference, by the {comparison.test}. Not corrected for the number of scores.",
    ]
    title = table_title(result_set, f"{first} and {second}, seed by seed")
    return TextTable(["", first, second, "difference", "p"], body, notes, title)


def table_title(result_set: ResultSet, statistic: str) -> str:
    """Return the title of a table: data, split, recipe and statistic."""
    key = result_set.key
    trained_on = "" if key.trained_on == key.data else f", trained on other data ({key.trained_on[:8]})"
    data = key.dataset if result_set.is_published else f"{key.dataset} ({key.data[:8]})"
    return f"{data}, {key.split} split, recipe {key.recipe}{trained_on}: {statistic}"


def result_set_notes(result_set: ResultSet) -> list[str]:
    """Return notes on runs excluded from the means, on images without foreground, and on unavailable data."""
    notes = []
    for state in ("diverged", "unfinished"):
        excluded = [
            f"{results.label} {seeds_text(results, state)}" for results in result_set.models if results.in_state(state)
        ]
        if excluded:
            notes.append(f"{state}, and excluded from the means: {'; '.join(excluded)}.")
    notes += empty_images_notes({(row.images, row.images_without_foreground) for row in result_set.rows})
    if not result_set.background:
        notes.append(
            "The dataset is not available, so there are no scores of background everywhere and no published numbers."
        )
    elif not result_set.is_published and result_set.key.dataset in PUBLISHED_BACKGROUND_SCORES:
        notes.append(
            f"These images are not the paper's test set of {result_set.key.dataset}, so the published numbers are "
            "not shown."
        )
    return notes


def seeds_note(result_set: ResultSet) -> str:
    """Return a note with the seeds of each model and the range of its training times."""
    parts = []
    for results in result_set.models:
        seeds = ", ".join(str(row.seed) for row in results.rows)
        minutes = sorted(row.seconds / 60 for row in results.rows if row.seconds is not None)
        shortest, longest = (f"{minutes[end]:.1f}" if minutes else DASH for end in (0, -1))
        parts.append(f"{results.label}: {seeds} ({shortest if shortest == longest else f'{shortest} to {longest}'})")
    return f"Seeds (and minutes of training steps): {'; '.join(parts)}."


def seeds_text(results: ModelResults, state: str) -> str:
    """Return the seeds of a model's runs in a state, as text."""
    return f"(seed {', '.join(str(row.seed) for row in results.in_state(state))})"


def score_cells(
    name: str,
    counts: list[str],
    values: Mapping[str, object],
    format_cell: Callable[..., str],
    headings: Mapping[str, str] = METRIC_HEADINGS,
) -> list[str]:
    """Return the cells of a row: the name, the counts, and each score as text or a dash."""
    cells = [values.get(metric) for metric in headings]
    return [name, *counts, *(DASH if value is None else format_cell(value) for value in cells)]


def format_signed(value: float) -> str:
    """Return a difference with its sign and one digit.

    >>> format_signed(0.25), format_signed(-0.01)
    ('+0.2', '+0.0')
    """
    return f"{round(value, 1) + 0.0:+.1f}"  # adding 0.0 turns -0.0 into 0.0


def format_median(summary: Summary) -> str:
    """Return median (min, max).

    >>> format_median(Summary(mean=0.5, std=0.25, median=0.5, min=0.25, max=0.75, runs=2))
    '0.500 (0.250, 0.750)'
    """
    return f"{summary.median:.3f} ({summary.min:.3f}, {summary.max:.3f})"


def format_p(p: float) -> str:
    """Return a p-value with three digits, or with two significant ones if it is small.

    >>> format_p(0.25), format_p(0.000182)
    ('0.250', '1.8e-04')
    """
    return format_score(p) if p >= 0.001 else f"{p:.1e}"


def all_summaries(results: ModelResults) -> dict[str, Summary | None]:
    """Return the summary of every metric over the runs of a model; None for a metric that they do not have."""
    return {metric: results.summary(metric) for metric in METRIC_HEADINGS}


def run_counts(results: ModelResults) -> list[str]:
    """Return the number of trained runs and how many of them collapsed, as text."""
    return [str(len(results.trained)), str(len(results.in_state("collapsed")))]


def standardised_difference(ours: Summary | None, published: Summary | None) -> float | None:
    """Return our mean minus the published mean, in published standard deviations; None if those are 0."""
    return (
        None if ours is None or published is None or not published.std else (ours.mean - published.mean) / published.std
    )


def welch_p(ours: ModelResults, published: ModelResults, metric: str) -> float | None:
    """Return the two-sided p-value of Welch's test; None if it cannot be computed, as for a single run."""
    return _two_sided(ours, published, metric, welch_test)


def mann_whitney_p(ours: ModelResults, published: ModelResults, metric: str) -> float | None:
    """Return the two-sided p-value of Mann and Whitney's test; None without scores."""
    return _two_sided(ours, published, metric, mann_whitney_test)


def _two_sided(
    ours: ModelResults,
    published: ModelResults,
    metric: str,
    test: Callable[[Sequence[float], Sequence[float]], OneSided | None],
) -> float | None:
    first, second = (list(results.values(metric).values()) for results in (ours, published))
    result = test(first, second) if first and second else None
    return None if result is None else result.two_sided
