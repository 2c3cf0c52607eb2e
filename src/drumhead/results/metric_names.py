"""The names of the scores that tables, figures and comparisons show: fields of :class:`drumhead.scores.Scores`."""

from __future__ import annotations

from typing import Literal, get_args

MetricName = Literal["acc", "acc_foreground", "iou", "iou_foreground", "loss", "loss_foreground", "mean_iou"]
METRICS: tuple[MetricName, ...] = get_args(MetricName)
"""All metrics in the order of tables: the six published ones, then the usual mean IoU."""
FRACTIONS: tuple[MetricName, ...] = tuple(name for name in METRICS if not name.startswith("loss"))
"""The metrics that lie between 0 and 1."""
