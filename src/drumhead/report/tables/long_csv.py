"""Tables for other programs: CSV with one line for each model and score, and numbers in full."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO

from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES
from drumhead.published.scores import PublishedScore, published_scores
from drumhead.report.tables.paper_tables import distance, published_background
from drumhead.report.tables.score_tables import HEADINGS
from drumhead.results.model_names import parts_of_name
from drumhead.results.paired_tests import Comparison
from drumhead.results.summary import Section, Summary

KIND = ["dataset", "split", "recipe", "data", "trained_on"]
STATISTICS = ["mean", "std", "median", "min", "max", "runs"]
STATES = ["collapsed", "diverged", "unfinished"]
COLUMNS = [*KIND, "source", "model", "variant", "metric", *STATISTICS, *STATES, "difference"]
"""``source`` is ours or published. ``difference``: see :mod:`drumhead.report.tables.paper_tables`. The model of
predicting background everywhere is called ``background``."""

PAIR_COLUMNS = [
    *KIND,
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

Line = Mapping[str, object]


def sections_csv(sections: Iterable[Section]) -> str:
    """Every section's summaries, and the published ones of the same models."""
    return to_csv(COLUMNS, (line for section in sections for line in section_lines(section)))


def published_csv() -> str:
    """The published summaries alone."""
    return to_csv(COLUMNS, published_lines())


def pairs_csv(comparisons: Iterable[tuple[Section, Comparison]]) -> str:
    """Paired comparisons."""
    return to_csv(PAIR_COLUMNS, (line for pair in comparisons for line in pair_lines(*pair)))


def section_lines(section: Section) -> Iterator[Line]:
    """Background everywhere, then each model and score: ours, then the published one if there is."""
    kind = section.kind._asdict()
    for metric, value in section.background.items():
        yield {**kind, "source": "ours", "model": "background", "metric": metric, "mean": value}
    for group in section.groups:
        name = {"model": group.model, "variant": group.variant}
        states = {state: len(group.in_state(state)) for state in STATES}
        published = section.published(group)
        for metric in HEADINGS:
            ours, theirs = group.summary(metric), published.get(metric)
            difference = {} if theirs is None else {"difference": distance(ours, theirs)}
            yield {**kind, "source": "ours", **name, "metric": metric, **statistics(ours), **states, **difference}
            if theirs is not None:
                yield {**kind, "source": "published", **name, "metric": metric, **statistics(theirs)}


def published_lines() -> Iterator[Line]:
    """Each score the paper reports."""
    kind = {"split": "test", "recipe": "paper", "source": "published"}
    for dataset in PUBLISHED_BACKGROUND_SCORES:
        for metric, value in published_background(dataset).items():
            yield {**kind, "dataset": dataset, "model": "background", "metric": metric, "mean": value}
    for experiment, scores in published_scores().items():
        dataset, model, variant = parts_of_name(experiment)
        for metric, score in scores.items():
            yield {
                **kind,
                "dataset": dataset,
                "model": model,
                "variant": variant,
                "metric": metric,
                **statistics(score),
            }


def pair_lines(section: Section, comparison: Comparison) -> Iterator[Line]:
    """Each score of two models."""
    for metric, score in comparison.scores.items():
        yield {
            **section.kind._asdict(),
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


def statistics(summary: Summary | PublishedScore | None) -> dict[str, object]:
    """The columns of a summary; of none, that it is of no run."""
    return {"runs": 0} if summary is None else {name: getattr(summary, name) for name in STATISTICS}


def to_csv(columns: list[str], lines: Iterable[Line]) -> str:
    """Lines under a heading; what is missing or None is empty."""
    file = StringIO()
    writer = csv.DictWriter(file, fieldnames=columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return file.getvalue()
