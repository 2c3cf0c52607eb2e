"""The bars of runs: runs of one experiment that differ in their seed alone are one bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast, get_args

from drumhead.experiments import experiment_specs
from drumhead.published import PublishedMetric, published_scores
from drumhead.report.figures.score_figure import PUBLISHED, ScoreBar, Summary
from drumhead.results.labels import experiment_label, recipe_label
from drumhead.results.metric_names import MetricName
from drumhead.results.run_titles import data_titles, dataset_title
from drumhead.runs import Run

METRIC_TITLES: dict[MetricName, str] = {
    "acc": "accuracy",
    "acc_foreground": "accuracy, foreground",
    "iou": "IoU",
    "iou_foreground": "IoU, foreground",
    "loss": "loss (nats)",
    "loss_foreground": "loss, foreground (nats)",
    "mean_iou": "mean IoU over classes",
}
"""What each score of :class:`drumhead.scores.Scores` is called in a figure."""


def run_bars(runs: Sequence[Run], metric: MetricName) -> list[ScoreBar]:
    """The bars of finished runs.

    Args:
        runs: their models, recipes and data may differ.
        metric: which score.

    Raises:
        ValueError: if a run has no such score, or two runs are of one seed and differ in nothing else.
    """
    seeds: dict[tuple[str, str, str], dict[int, Run]] = {}
    for run, panel in zip(runs, data_titles(runs), strict=True):
        experiment = run.config.experiment
        same = seeds.setdefault((panel, experiment_label(experiment), recipe_label(experiment)), {})
        if experiment.seed in same:
            raise ValueError(
                f"{same[experiment.seed].folder} and {run.folder} are the same experiment with the same seed "
                f"{experiment.seed}, which must not count twice; leave one out"
            )
        same[experiment.seed] = run
    return [
        ScoreBar(*place, Summary.of([_score(run, metric) for _, run in sorted(same.items())]))
        for place, same in seeds.items()
    ]


def published_bars(metric: MetricName) -> list[ScoreBar]:
    """The bars of all published experiments, in the order of their list.

    Raises:
        ValueError: for a metric that was not published.
    """
    if metric not in get_args(PublishedMetric):
        raise ValueError(f"{metric} was not published; published metrics are {', '.join(get_args(PublishedMetric))}")
    scores, bars = published_scores(), []
    for name, spec in experiment_specs().items():
        if name in scores:
            assert spec.experiment.dataset is not None
            score = scores[name][cast(PublishedMetric, metric)]
            place = dataset_title(spec.experiment.dataset.name), experiment_label(spec.experiment), PUBLISHED
            bars.append(ScoreBar(*place, Summary(score.mean, score.std, score.min, score.max)))
    return bars


def beside(bars: Sequence[ScoreBar], published: Sequence[ScoreBar]) -> list[ScoreBar]:
    """Bars of runs, and before each the published bar of the same model on the same dataset, where there is one.

    Raises:
        ValueError: if there is none at all.
    """
    places = {(bar.dataset, bar.model) for bar in bars}
    found = [bar for bar in published if (bar.dataset, bar.model) in places]
    if not found:
        raise ValueError("none of these runs is of a published model on the published data; leave out --published")
    return [*found, *bars]


def _score(run: Run, metric: MetricName) -> float:
    scores = run.scores()
    if scores is None:
        raise ValueError(f"{run.folder} has no scores yet: it is {run.state}")
    value: float | None = getattr(scores, metric)
    if value is None:
        raise ValueError(f"{run.folder} has no {metric}: no image of its test set has foreground")
    return value
