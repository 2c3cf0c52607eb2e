"""The paper's scores, read from ``scores.csv``: a summary over runs for each experiment and metric.

Source: Jacobs, Budzinski, Muller, Ba, Keller 2025, arXiv 2502.06034. Each metric is the field of
:class:`drumhead.scores.Scores` of the same name, but ``loss_foreground`` was averaged per batch, not per image.
Numbers that the paper gives with two digits have two digits in the file.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Literal, NamedTuple, cast

PublishedMetric = Literal["acc", "acc_foreground", "iou", "iou_foreground", "loss", "loss_foreground"]


class PublishedScore(NamedTuple):
    """A summary of one metric over the runs of one experiment."""

    mean: float
    std: float
    """Standard deviation over runs."""
    median: float | None
    """The median; None if it was not published."""
    min: float | None
    """The minimum; None if it was not published."""
    max: float | None
    """The maximum; None if it was not published."""
    runs: int
    """Number of runs."""

    def __str__(self) -> str:
        """Return the mean and standard deviation with three digits, or two if only two were published."""
        digits = 2 if all(round(value, 2) == value for value in (self.mean, self.std)) else 3
        return f"{self.mean:.{digits}f} ± {self.std:.{digits}f}"


def published_scores() -> dict[str, dict[PublishedMetric, PublishedScore]]:
    """Return the scores of every published experiment, by its name and the metric.

    >>> print(published_scores()["tetrominoes-nwm-linear"]["iou_foreground"])
    0.977 ± 0.007
    """
    lines = files("drumhead.published").joinpath("scores.csv").read_text(encoding="utf-8").splitlines()
    scores: dict[str, dict[PublishedMetric, PublishedScore]] = {}
    for row in csv.DictReader(lines):
        scores.setdefault(row["experiment"], {})[cast(PublishedMetric, row["metric"])] = read_row(row)
    return scores


def read_row(row: dict[str, str]) -> PublishedScore:
    """Parse a row of the file."""
    median, lowest, highest = (float(row[name]) if row[name] else None for name in ("median", "min", "max"))
    return PublishedScore(float(row["mean"]), float(row["std"]), median, lowest, highest, int(row["runs"]))
