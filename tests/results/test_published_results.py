"""Published runs as rows of results."""

from __future__ import annotations

from typing import Any

import pytest
from tests.results.rows import row

from drumhead.published import published_runs
from drumhead.results.published_results import published_result_sets, published_results, published_rows
from drumhead.results.result_sets import result_sets


def test_every_published_run_has_its_row() -> None:
    sets = published_result_sets()
    rows = {(each.experiment, each.seed): each for result_set in sets for each in result_set.rows}
    assert len(rows) == len(published_runs()) == 360
    for run in published_runs():
        each = rows[run.experiment, run.seed]
        assert (each.acc, each.loss_foreground) == (run.acc, run.loss_foreground)
        assert (each.state == "collapsed") == run.collapsed
    assert all(result_set.is_published for result_set in sets)


def test_parameters_are_those_of_the_paper() -> None:
    assert {each.parameters for each in published_rows("multi-mnist-nwm-linear")} == {54_855}
    assert {each.parameters for each in published_rows("multi-mnist-unet-4")} == {122_071}
    assert published_rows("polygons-nwm-fft") == []


def test_the_published_runs_of_a_model() -> None:
    (result_set,) = result_sets([row("cnn", "8"), row(variant="linear, steps 50")])
    changed, cnn = result_set.models
    published = published_results(result_set, cnn)
    assert published is not None
    assert [each.seed for each in published.rows] == list(range(7600, 7610))
    assert published_results(result_set, changed) is None


@pytest.mark.parametrize("other", [{"background_acc": 0.8}, {"split": "val"}, {"dataset": "mnist"}])
def test_no_published_runs_on_another_test_set(other: dict[str, Any]) -> None:
    (result_set,) = result_sets([row(**other)])
    assert published_results(result_set, result_set.models[0]) is None
