"""The paper's tables: means and medians for each dataset, with the published numbers next to ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES
from drumhead.published.scores import PublishedScore, published_scores
from drumhead.report.tables.score_tables import DASH, METRIC_HEADINGS, empty_images_notes, format_score
from drumhead.report.tables.text_table import TextTable
from drumhead.results.labels import model_label, split_experiment_name, table_sort_key
from drumhead.results.paired_tests import PairedComparison
from drumhead.results.result_sets import ModelResults, ResultSet
from drumhead.results.summary import Summary

BACKGROUND = "background everywhere"
MEANS, MEDIANS = "mean ± standard deviation", "median (min, max)"
SOURCE_NOTE = (
    "Published: Jacobs et al. 2025, arXiv 2502.06034; two digits where the paper gives two. "
    "The published loss fg is a mean over batches, ours is a mean over images."
)
FOREGROUND_NOTE = "fg: on foreground pixels."
SPREAD_NOTE = "Standard deviations have n - 1 in the denominator."
DIFFERENCE_NOTE = "difference: our mean minus the published mean, in published standard deviations."
COLLAPSED_NOTE = "collapsed: the number of runs that predict background everywhere; they are included in the means."

PUBLISHED_HEADINGS = {metric: heading for metric, heading in METRIC_HEADINGS.items() if metric != "mean_iou"}
"""The headings of the published metrics; the paper does not report the mean IoU over classes."""


def mean_and_median_tables(result_set: ResultSet) -> list[TextTable]:
    """Return the table of means of a result set, and the table of medians if a model has two runs or more."""
    has_several = any(len(results.trained) > 1 for results in result_set.models)
    return [mean_table(result_set), *([median_table(result_set)] if has_several else [])]


def mean_table(result_set: ResultSet) -> TextTable:
    """Return mean ± standard deviation over runs, each followed by the published row and the difference."""
    body = [score_cells(BACKGROUND, [DASH, DASH], result_set.background, format_score)]
    notes = [FOREGROUND_NOTE, SPREAD_NOTE, COLLAPSED_NOTE]
    for results in result_set.models:
        counts = [str(len(results.trained)), str(len(results.in_state("collapsed")))]
        summaries = {metric: results.summary(metric) for metric in METRIC_HEADINGS}
        body.append(score_cells(results.label, counts, summaries, format_mean))
        if published := result_set.published(results):
            body.append(score_cells("  published", [published_runs(published), DASH], published, format_mean))
            differences = {
                metric: standardised_difference(summaries[metric], score) for metric, score in published.items()
            }
            body.append(score_cells("  difference", ["", ""], differences, format_signed))
    if any(cells[0] == "  difference" for cells in body):
        notes += [SOURCE_NOTE, DIFFERENCE_NOTE]
    notes += [seeds_note(result_set), *result_set_notes(result_set)]
    head = ["", "runs", "collapsed", *METRIC_HEADINGS.values()]
    return TextTable(head, body, notes, table_title(result_set, MEANS))


def median_table(result_set: ResultSet) -> TextTable:
    """Return median (min, max) over runs, each followed by the published row."""
    body = [score_cells(BACKGROUND, [], result_set.background, format_score)]
    notes = [FOREGROUND_NOTE]
    for results in result_set.models:
        summaries = {metric: results.summary(metric) for metric in METRIC_HEADINGS}
        body.append(score_cells(results.label, [], summaries, format_median))
        if published := result_set.published(results):
            body.append(score_cells("  published", [], with_median(published), format_median))
    if any(cells[0] == "  published" for cells in body):
        notes.append(SOURCE_NOTE)
    notes += result_set_notes(result_set)
    return TextTable(["", *METRIC_HEADINGS.values()], body, notes, table_title(result_set, MEDIANS))


def published_tables() -> list[TextTable]:
    """Return the published tables alone: for each dataset the means, and the medians where the paper has them."""
    tables = []
    for dataset in PUBLISHED_BACKGROUND_SCORES:
        experiments = published_experiments(dataset)
        tables.append(published_mean_table(dataset, experiments))
        if any(map(with_median, experiments.values())):
            tables.append(published_median_table(dataset, experiments))
    return tables


def published_mean_table(dataset: str, experiments: Mapping[str, Mapping[str, PublishedScore]]) -> TextTable:
    """Return the published mean ± standard deviation on a dataset."""
    body = [score_cells(BACKGROUND, [DASH], published_background(dataset), format_score, PUBLISHED_HEADINGS)]
    for name, scores in experiments.items():
        body.append(score_cells(name, [published_runs(scores)], scores, format_mean, PUBLISHED_HEADINGS))
    head = ["", "runs", *PUBLISHED_HEADINGS.values()]
    return TextTable(head, body, [FOREGROUND_NOTE, SPREAD_NOTE, SOURCE_NOTE], f"{dataset}, published: {MEANS}")


def published_median_table(dataset: str, experiments: Mapping[str, Mapping[str, PublishedScore]]) -> TextTable:
    """Return the published median (min, max) on a dataset."""
    body = [score_cells(BACKGROUND, [], published_background(dataset), format_score, PUBLISHED_HEADINGS)]
    for name, scores in experiments.items():
        body.append(score_cells(name, [], with_median(scores), format_median, PUBLISHED_HEADINGS))
    head = ["", *PUBLISHED_HEADINGS.values()]
    return TextTable(head, body, [FOREGROUND_NOTE, SOURCE_NOTE], f"{dataset}, published: {MEDIANS}")


def comparison_table(result_set: ResultSet, comparison: PairedComparison) -> TextTable:
    """Return the paired comparison of two models, one row per score."""
    first, second = comparison.first.label, comparison.second.label
    body = [
        [
            METRIC_HEADINGS[metric].replace("\n", " "),
            format_score(score.first),
            format_score(score.second),
            format_mean(score.difference),
            format_score(score.p) if score.p >= 0.001 else f"{score.p:.1e}",
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


def format_mean(summary: Summary | PublishedScore) -> str:
    """Return mean ± standard deviation; the mean alone for a single run.

    >>> format_mean(Summary(mean=0.5, std=0.25, median=0.5, min=0.25, max=0.75, runs=2))
    '0.500 ± 0.250'
    """
    if isinstance(summary, PublishedScore):
        return str(summary)
    mean = format_score(summary.mean)
    return mean if summary.std is None else f"{mean} ± {format_score(summary.std)}"


def format_median(summary: Summary | PublishedScore) -> str:
    """Return median (min, max).

    >>> format_median(Summary(mean=0.5, std=0.25, median=0.5, min=0.25, max=0.75, runs=2))
    '0.500 (0.250, 0.750)'
    """
    digits = 2 if isinstance(summary, PublishedScore) else 3  # the paper gives two digits
    return f"{summary.median:.{digits}f} ({summary.min:.{digits}f}, {summary.max:.{digits}f})"


def published_experiments(dataset: str) -> dict[str, dict[str, PublishedScore]]:
    """Return the published scores on a dataset, by model label (in the order of tables) and metric."""
    scores = published_scores()
    parts = {name: split_experiment_name(name) for name in scores}
    names = [name for name in scores if parts[name][0] == dataset]
    names.sort(key=lambda name: table_sort_key(*parts[name][1:]))
    return {model_label(*parts[name][1:]): dict(scores[name].items()) for name in names}


def published_background(dataset: str) -> dict[str, float]:
    """Return the published scores of predicting background everywhere, with 0 for the foreground scores."""
    return {**PUBLISHED_BACKGROUND_SCORES[dataset]._asdict(), "acc_foreground": 0.0, "iou_foreground": 0.0}


def published_runs(published: Mapping[str, PublishedScore]) -> str:
    """Return the number of runs that published scores are averaged over."""
    return str(max(score.runs for score in published.values()))


def with_median(published: Mapping[str, PublishedScore]) -> dict[str, PublishedScore]:
    """Return the published scores that have a median."""
    return {metric: score for metric, score in published.items() if score.median is not None}


def standardised_difference(ours: Summary | None, published: PublishedScore) -> float | None:
    """Return our mean minus the published mean, in published standard deviations; None if those are 0."""
    return None if ours is None or published.std == 0 else (ours.mean - published.mean) / published.std
