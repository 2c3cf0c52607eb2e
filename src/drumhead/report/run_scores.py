"""The bars of runs: runs of one experiment that differ in their seed alone are one bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from drumhead.report.run_titles import dataset_title, model_title, recipe_title
from drumhead.report.score_figure import ScoreBar, Summary
from drumhead.runs import Run

MetricName = Literal["acc", "acc_foreground", "iou", "iou_foreground", "loss", "loss_foreground", "mean_iou"]
METRICS: dict[MetricName, str] = {
    "acc": "accuracy",
    "acc_foreground": "accuracy, foreground",
    "iou": "IoU",
    "iou_foreground": "IoU, foreground",
    "loss": "loss (nats)",
    "loss_foreground": "loss, foreground (nats)",
    "mean_iou": "mean IoU over classes",
}
"""What each score of :class:`drumhead.scores.Scores` is called in a figure."""
SHARES = tuple(name for name in get_args(MetricName) if not name.startswith("loss"))
"""Those between 0 and 1."""


def run_bars(runs: Sequence[Run], metric: MetricName, *, beside: Sequence[ScoreBar] = ()) -> list[ScoreBar]:
    """The bars of finished runs.

    Args:
        runs: their models, recipes and data may differ.
        metric: which score.
        beside: bars on the published datasets that will stand in the same figure.

    Raises:
        ValueError: if a run has no such score, or two runs are of one seed and differ in nothing else.
    """
    panels = _panels(runs, {bar.dataset for bar in beside})
    seeds: dict[tuple[str, str, str], dict[int, Run]] = {}
    for run, panel in zip(runs, panels, strict=True):
        experiment = run.config.experiment
        same = seeds.setdefault((panel, model_title(experiment), recipe_title(experiment)), {})
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


def _panels(runs: Sequence[Run], published: set[str]) -> list[str]:
    """For each run the name of its data, with the beginning of the fingerprint where the name alone is ambiguous."""
    marks = []
    for run in runs:
        dataset = run.config.experiment.dataset
        as_published = dataset is not None and dataset == type(dataset)()
        marks.append((dataset_title(run.config.data.name), "" if as_published else run.config.data.fingerprint[:6]))
    known = {*marks, *((name, "") for name in published)}
    return [
        f"{name}, data {mark}" if mark and len([1 for other, _ in known if other == name]) > 1 else name
        for name, mark in marks
    ]


def _score(run: Run, metric: MetricName) -> float:
    scores = run.scores()
    if scores is None:
        raise ValueError(f"{run.folder} has no scores yet: it is {run.state}")
    value: float | None = getattr(scores, metric)
    if value is None:
        raise ValueError(f"{run.folder} has no {metric}: no image of its test set has foreground")
    return value
