"""The paper's tables: one of means and one of medians for each dataset, ours with the published numbers beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES
from drumhead.published.scores import PublishedScore, published_scores
from drumhead.report.tables.score_tables import DASH, HEADINGS
from drumhead.report.tables.text_table import Grid
from drumhead.results.model_names import label, parts_of_name, table_order
from drumhead.results.paired_tests import Comparison
from drumhead.results.summary import Group, Section, Summary

BACKGROUND = "background everywhere"
MEANS, MEDIANS = "mean ± standard deviation", "median (min, max)"
SOURCE = (
    "Published: Jacobs et al. 2025, arXiv 2502.06034; two digits where the paper gives two. "
    "Its loss fg is a mean over batches, ours over images."
)
FOREGROUND = "fg: on foreground pixels."
SPREAD = "Standard deviations have n - 1 in their denominator."
DIFFERENCE = "difference: our mean minus the published one, in published standard deviations."
COLLAPSED = "collapsed: runs in the means that predict background everywhere."

PUBLISHED_HEADINGS = {name: heading for name, heading in HEADINGS.items() if name != "mean_iou"}
"""The paper has no mean IoU in the usual sense."""


def section_grids(section: Section) -> list[Grid]:
    """The tables of a section's means and medians."""
    return [mean_grid(section), median_grid(section)]


def mean_grid(section: Section) -> Grid:
    """Mean ± standard deviation over runs; under a row what the paper has, and how far ours is from it."""
    body = [line(BACKGROUND, [DASH, DASH], section.background, share)]
    notes = [FOREGROUND, SPREAD, COLLAPSED]
    for group in section.groups:
        counts = [str(len(group.trained)), str(len(group.in_state("collapsed")))]
        ours = {metric: group.summary(metric) for metric in HEADINGS}
        body.append(line(group.label, counts, ours, mean_text))
        if published := section.published(group):
            body.append(line("  published", [runs_of(published), DASH], published, mean_text))
            distances = {metric: distance(ours[metric], score) for metric, score in published.items()}
            body.append(line("  difference", ["", ""], distances, signed))
    if any(cells[0] == "  difference" for cells in body):
        notes += [SOURCE, DIFFERENCE]
    notes += [trainings(section), *remarks(section)]
    return Grid(["", "runs", "collapsed", *HEADINGS.values()], body, notes, title(section, MEANS))


def median_grid(section: Section) -> Grid:
    """Median and extremes over runs; under a row what the paper has."""
    body = [line(BACKGROUND, [], section.background, share)]
    notes = [FOREGROUND]
    for group in section.groups:
        body.append(line(group.label, [], {metric: group.summary(metric) for metric in HEADINGS}, median_text))
        if published := section.published(group):
            body.append(line("  published", [], with_median(published), median_text))
    if any(cells[0] == "  published" for cells in body):
        notes.append(SOURCE)
    return Grid(["", *HEADINGS.values()], body, [*notes, *remarks(section)], title(section, MEDIANS))


def published_grids() -> list[Grid]:
    """The paper's tables alone: of means and, where it has them, of medians for each dataset."""
    grids = []
    for dataset in PUBLISHED_BACKGROUND_SCORES:
        experiments = published_experiments(dataset)
        grids.append(published_means(dataset, experiments))
        if any(map(with_median, experiments.values())):
            grids.append(published_medians(dataset, experiments))
    return grids


def published_means(dataset: str, experiments: Mapping[str, Mapping[str, PublishedScore]]) -> Grid:
    """The paper's mean ± standard deviation on a dataset."""
    body = [line(BACKGROUND, [DASH], published_background(dataset), share, PUBLISHED_HEADINGS)]
    for name, scores in experiments.items():
        body.append(line(name, [runs_of(scores)], scores, mean_text, PUBLISHED_HEADINGS))
    head = ["", "runs", *PUBLISHED_HEADINGS.values()]
    return Grid(head, body, [FOREGROUND, SPREAD, SOURCE], f"{dataset}, published: {MEANS}")


def published_medians(dataset: str, experiments: Mapping[str, Mapping[str, PublishedScore]]) -> Grid:
    """The paper's median (min, max) on a dataset."""
    body = [line(BACKGROUND, [], published_background(dataset), share, PUBLISHED_HEADINGS)]
    for name, scores in experiments.items():
        body.append(line(name, [], with_median(scores), median_text, PUBLISHED_HEADINGS))
    return Grid(["", *PUBLISHED_HEADINGS.values()], body, [FOREGROUND, SOURCE], f"{dataset}, published: {MEDIANS}")


def pair_grid(section: Section, comparison: Comparison) -> Grid:
    """Two models, score by score, over the seeds they share."""
    names = [comparison.first.label, comparison.second.label]
    body = [
        [
            HEADINGS[metric].replace("\n", " "),
            share(score.first),
            share(score.second),
            mean_text(score.difference),
            share(score.p) if score.p >= 0.001 else f"{score.p:.1e}",
        ]
        for metric, score in comparison.scores.items()
    ]
    notes = [
        f"n = {len(comparison.seeds)} pairs, of seeds {', '.join(map(str, comparison.seeds))}. "
        f"difference: {names[0]} minus {names[1]}, mean ± standard deviation over seeds.",
        f"p: two-sided, of no difference, by the {comparison.test}. Not corrected for the number of scores.",
    ]
    return Grid(
        ["", *names, "difference", "p"], body, notes, title(section, f"{names[0]} and {names[1]}, seed by seed")
    )


def title(section: Section, what: str) -> str:
    """What a table is of: data, split, recipe and statistic."""
    kind = section.kind
    trained = "" if kind.trained_on == kind.data else f", trained on other data ({kind.trained_on[:8]})"
    data = kind.dataset if section.is_published else f"{kind.dataset} ({kind.data[:8]})"
    return f"{data}, {kind.split} split, recipe {kind.recipe}{trained}: {what}"


def remarks(section: Section) -> list[str]:
    """What a reader must know of a section's rows: those left out of means, images without foreground, unknown data."""
    notes = []
    for state in ("diverged", "unfinished"):
        left = [f"{group.label} {seeds(group, state)}" for group in section.groups if group.in_state(state)]
        if left:
            notes.append(f"{state}, and so in no mean: {'; '.join(left)}.")
    for images, empty in sorted({(row.images, row.images_without_foreground) for row in section.rows if row.images}):
        if empty:
            notes.append(f"{empty:,} of {images:,} images have no foreground and count for no fg score.")
    if not section.background:
        notes.append("The data is not at hand: background everywhere and published numbers need it.")
    elif not section.is_published and section.kind.dataset in PUBLISHED_BACKGROUND_SCORES:
        notes.append(
            f"These images are not the paper's test set of {section.kind.dataset}, so its numbers are not shown."
        )
    return notes


def trainings(section: Section) -> str:
    """The seeds of each row, and how long its trainings took."""
    rows = []
    for group in section.groups:
        known = ", ".join(str(row.seed) for row in group.rows)
        minutes = sorted(row.seconds / 60 for row in group.rows if row.seconds is not None)
        fewest, most = (f"{minutes[end]:.1f}" if minutes else DASH for end in (0, -1))
        rows.append(f"{group.label}: {known} ({fewest if fewest == most else f'{fewest} to {most}'})")
    return f"Seeds, and minutes of training steps: {'; '.join(rows)}."


def seeds(group: Group, state: str) -> str:
    """The seeds of a group's runs in a state, in words."""
    return f"(seed {', '.join(str(row.seed) for row in group.in_state(state))})"


def line(
    name: str,
    counts: list[str],
    values: Mapping[str, object],
    text: Callable[..., str],
    headings: Mapping[str, str] = HEADINGS,
) -> list[str]:
    """A row: name, counts, and the text of each score there is."""
    cells = [values.get(metric) for metric in headings]
    return [name, *counts, *(DASH if value is None else text(value) for value in cells)]


def share(value: float) -> str:
    """A score with three digits."""
    return f"{value:.3f}"


def signed(value: float) -> str:
    """A difference with one digit and its sign.

    >>> signed(0.25), signed(-0.01)
    ('+0.2', '+0.0')
    """
    return f"{round(value, 1) + 0.0:+.1f}"  # the sum turns -0.0 into 0.0


def mean_text(summary: Summary | PublishedScore) -> str:
    """Mean ± standard deviation; the mean alone, of one run.

    >>> mean_text(Summary(mean=0.5, std=0.25, median=0.5, min=0.25, max=0.75, runs=2))
    '0.500 ± 0.250'
    """
    if isinstance(summary, PublishedScore):
        return str(summary)
    return share(summary.mean) if summary.std is None else f"{share(summary.mean)} ± {share(summary.std)}"


def median_text(summary: Summary | PublishedScore) -> str:
    """Median (min, max).

    >>> median_text(Summary(mean=0.5, std=0.25, median=0.5, min=0.25, max=0.75, runs=2))
    '0.500 (0.250, 0.750)'
    """
    digits = 2 if isinstance(summary, PublishedScore) else 3  # as the paper has them
    return f"{summary.median:.{digits}f} ({summary.min:.{digits}f}, {summary.max:.{digits}f})"


def published_experiments(dataset: str) -> dict[str, dict[str, PublishedScore]]:
    """What the paper reports on a dataset: by model, in the order of tables, and score."""
    scores = published_scores()
    parts = {name: parts_of_name(name) for name in scores}
    names = sorted(
        (name for name in scores if parts[name][0] == dataset), key=lambda name: table_order(*parts[name][1:])
    )
    return {label(*parts[name][1:]): dict(scores[name].items()) for name in names}


def published_background(dataset: str) -> dict[str, float]:
    """What the paper reports of predicting background everywhere; on foreground that scores 0."""
    return {**PUBLISHED_BACKGROUND_SCORES[dataset]._asdict(), "acc_foreground": 0.0, "iou_foreground": 0.0}


def runs_of(published: Mapping[str, PublishedScore]) -> str:
    """How many runs published scores are of."""
    return str(max(score.runs for score in published.values()))


def with_median(published: Mapping[str, PublishedScore]) -> dict[str, PublishedScore]:
    """The published scores that have a median."""
    return {metric: score for metric, score in published.items() if score.median is not None}


def distance(ours: Summary | None, published: PublishedScore) -> float | None:
    """Our mean minus the published one, in published standard deviations; None if that is 0."""
    return None if ours is None or published.std == 0 else (ours.mean - published.mean) / published.std
