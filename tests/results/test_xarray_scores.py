"""Scores as an xarray.Dataset: every number of the rows, NaN where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from drumhead.published import published_scores
from drumhead.results.published_results import published_rows
from drumhead.results.rows import ResultRow
from drumhead.results.xarray_scores import LABELS, NUMBERS, scores_to_xarray

pytest.importorskip("xarray")


def test_every_field_of_a_row_is_there() -> None:
    rows = [*published_rows("tetrominoes-nwm-linear"), *published_rows("multi-mnist-unet-4")]
    scores = scores_to_xarray(rows)
    named = {*LABELS, *NUMBERS, "seed"}
    assert {name for name in ResultRow.model_fields if not name.startswith("background")} == named
    for number, row in enumerate(rows):
        for name in named:
            value, expected = scores[name].values[number], getattr(row, name)
            assert np.isnan(value) if expected is None else value == expected


def test_means_over_seeds_are_the_published_ones() -> None:
    rows = [row for name in ("tetrominoes-nwm-linear", "tetrominoes-cnn-8") for row in published_rows(name)]
    means = scores_to_xarray(rows).iou_foreground.groupby("experiment").mean()
    for name in ("tetrominoes-nwm-linear", "tetrominoes-cnn-8"):
        expected = published_scores()[name]["iou_foreground"].mean
        assert float(means.sel(experiment=name)) == pytest.approx(expected, rel=1e-12)


def test_no_rows_are_an_empty_dataset() -> None:
    assert scores_to_xarray([]).sizes["row"] == 0
