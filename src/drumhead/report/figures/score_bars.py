"""The bars of the score figure: runs of one experiment that differ only in their seed share a bar."""

from __future__ import annotations

from collections.abc import Sequence

from drumhead.experiments import experiment_specs
from drumhead.published.scores import PUBLISHED_METRICS, PublishedRun, published_runs
from drumhead.report.figures.score_figure import PUBLISHED, BarStatistics, ScoreBar
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
"""The name of each score in a figure."""


def run_bars(runs: Sequence[Run], metric: MetricName) -> list[ScoreBar]:
    """Return the bars of finished runs.

    Args:
        runs: the runs; their models, recipes and data may differ.
        metric: the score.

    Raises:
        ValueError: if a run does not have the score, or if two runs have the same experiment and the same seed.
    """
    runs_by_key: dict[tuple[str, str, str], dict[int, Run]] = {}
    for run, panel in zip(runs, data_titles(runs), strict=True):
        experiment = run.config.experiment
        by_seed = runs_by_key.setdefault((panel, experiment_label(experiment), recipe_label(experiment)), {})
        if experiment.seed in by_seed:
            raise ValueError(
                f"{by_seed[experiment.seed].folder} and {run.folder} are the same experiment with the same seed "
                f"{experiment.seed}, which would count it twice; leave one out"
            )
        by_seed[experiment.seed] = run
    return [
        ScoreBar(*key, BarStatistics.of([_score(run, metric) for _, run in sorted(by_seed.items())]))
        for key, by_seed in runs_by_key.items()
    ]


def scored_runs(runs: Sequence[Run], metric: MetricName) -> tuple[list[Run], list[str]]:
    """Return the runs that have a score, and the reason for each of the others."""
    reasons = {run.folder: _missing_score(run, metric) for run in runs}
    return [run for run in runs if reasons[run.folder] is None], [reason for reason in reasons.values() if reason]


def published_bars(metric: MetricName) -> list[ScoreBar]:
    """Return the bars of all published experiments, in the order of the list of experiments.

    Raises:
        ValueError: if the metric was not published.
    """
    if metric not in PUBLISHED_METRICS:
        raise ValueError(f"{metric} was not published; published metrics are {', '.join(PUBLISHED_METRICS)}")
    runs_by_experiment: dict[str, list[PublishedRun]] = {}
    for run in published_runs():
        runs_by_experiment.setdefault(run.experiment, []).append(run)
    specs, bars = experiment_specs(), []
    for name, runs in runs_by_experiment.items():
        experiment = specs[name].experiment
        assert experiment.dataset is not None
        key = dataset_title(experiment.dataset.name), experiment_label(experiment), PUBLISHED
        bars.append(ScoreBar(*key, BarStatistics.of([getattr(run, metric) for run in runs])))
    return bars


def with_published_bars(bars: Sequence[ScoreBar], published: Sequence[ScoreBar]) -> list[ScoreBar]:
    """Return the bars of runs together with the published bars of the same models on the same datasets.

    Raises:
        ValueError: if there are no such published bars.
    """
    models = {(bar.dataset, bar.model) for bar in bars}
    matching = [bar for bar in published if (bar.dataset, bar.model) in models]
    if not matching:
        raise ValueError("none of these runs is of a published model on the published data; leave out --published")
    return [*matching, *bars]


def _score(run: Run, metric: MetricName) -> float:
    if reason := _missing_score(run, metric):
        raise ValueError(reason)
    value: float = getattr(run.scores(), metric)
    return value


def _missing_score(run: Run, metric: MetricName) -> str | None:
    """Return the reason why a run does not have a score; None if it does."""
    scores = run.scores()
    if scores is None and run.state == "diverged":
        return f"{run.folder} diverged: {run.divergence()}"
    if scores is None:
        return f"{run.folder} has no scores yet: it is {run.state}"
    if getattr(scores, metric) is None:
        return f"{run.folder} has no {metric}: no image of its test set has foreground"
    return None
