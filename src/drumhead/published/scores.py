"""The paper's scores, read from ``runs.csv``: one row for each of the 360 published runs.

Source: Jacobs, Budzinski, Muller, Ba, Keller 2025, arXiv 2502.06034. Each metric is the field of
:class:`drumhead.scores.Scores` of the same name, but ``loss_foreground`` was averaged per batch, not per image. The
numbers have six digits after the point.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, get_args

from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES
from drumhead.scores.summary import Summary, summarise

PublishedMetric = Literal["acc", "acc_foreground", "iou", "iou_foreground", "loss", "loss_foreground"]
PUBLISHED_METRICS: tuple[PublishedMetric, ...] = get_args(PublishedMetric)


class PublishedRun(NamedTuple):
    """The test scores of one published run."""

    experiment: str
    """The name of the experiment in ``drumhead.experiments``."""
    seed: int
    acc: float
    acc_foreground: float
    iou: float
    iou_foreground: float
    loss: float
    loss_foreground: float

    @property
    def dataset(self) -> str:
        """The name of the dataset."""
        return self.experiment.rsplit("-", 2)[0].replace("-", "_")

    @property
    def collapsed(self) -> bool:
        """Whether the run predicts background everywhere.

        Its predictions are not known, but its scores are: no foreground pixel is right, and the accuracy is that of
        background everywhere, to the digits of the file.
        """
        background = PUBLISHED_BACKGROUND_SCORES[self.dataset]
        return self.acc_foreground == 0 and abs(self.acc - background.acc) < 1e-6


@cache
def published_runs() -> tuple[PublishedRun, ...]:
    """Return all published runs, in the order of the list of experiments.

    >>> runs = published_runs()
    >>> len(runs), sum(run.collapsed for run in runs)
    (360, 40)
    """
    lines = files("drumhead.published").joinpath("runs.csv").read_text(encoding="utf-8").splitlines()
    return tuple(
        PublishedRun(row["experiment"], int(row["seed"]), *(float(row[metric]) for metric in PUBLISHED_METRICS))
        for row in csv.DictReader(lines)
    )


def published_scores() -> dict[str, dict[PublishedMetric, Summary]]:
    """Return the summary over runs of every published experiment, by its name and the metric.

    >>> print(published_scores()["tetrominoes-nwm-linear"]["iou_foreground"])
    0.977 ± 0.007
    """
    runs_by_experiment: dict[str, list[PublishedRun]] = {}
    for run in published_runs():
        runs_by_experiment.setdefault(run.experiment, []).append(run)
    return {
        name: {metric: summarise([getattr(run, metric) for run in runs]) for metric in PUBLISHED_METRICS}
        for name, runs in runs_by_experiment.items()
    }
