"""Results as an ``xarray.Dataset``, for those who average and select with xarray or pandas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from drumhead.results.metric_names import METRICS
from drumhead.results.rows import ResultRow

LABELS = ("run", "experiment", "dataset", "split", "model", "variant", "recipe", "state", "data", "trained_on")
"""The fields that are text; they and the seed are coordinates."""
NUMBERS = (*METRICS, "images", "images_without_foreground", "parameters", "epochs", "seconds")
"""The fields that are variables, as float64; NaN where a row has none."""


def scores_to_xarray(rows: Iterable[ResultRow]) -> Any:
    """Return rows of results as an ``xarray.Dataset`` with the dimension ``row``; ``to_dataframe()`` makes a table.

    Args:
        rows: the rows, such as :func:`drumhead.results.results_file.read_rows` reads from a file that ``drumhead
            evaluate --out`` wrote, or :func:`drumhead.results.published_results.published_rows` of an experiment.

    Raises:
        ModuleNotFoundError: if xarray is not installed.

    >>> from drumhead.results.published_results import published_rows
    >>> scores = scores_to_xarray(published_rows("tetrominoes-nwm-linear"))
    >>> scores.sizes["row"], round(float(scores.iou_foreground.mean()), 3)
    (10, 0.977)
    """
    import xarray

    listed = list(rows)
    coordinates: dict[str, Any] = {
        name: ("row", np.array([getattr(row, name) for row in listed], dtype=object).astype(str)) for name in LABELS
    }
    coordinates["seed"] = ("row", np.array([row.seed for row in listed], dtype=np.int64))
    variables = {
        name: ("row", np.array([getattr(row, name) for row in listed], dtype=np.float64), _attributes(name))
        for name in NUMBERS
    }
    return xarray.Dataset(variables, coordinates)


def _attributes(name: str) -> dict[str, str]:
    """Return the unit of a variable, where it has one."""
    if name.startswith("loss"):
        return {"units": "nats per pixel"}
    return {"units": "s"} if name == "seconds" else {}
