"""Tests of results in long format: every number has all digits."""

from __future__ import annotations

import csv
import math
from io import StringIO

import pytest
from scipy.stats import ttest_ind
from tests.results.rows import row

from drumhead.published import published_runs, published_scores
from drumhead.report.tables.long_csv import COLUMNS, PAIR_COLUMNS, comparisons_csv, published_csv, result_sets_csv
from drumhead.results.labels import join_experiment_name
from drumhead.results.paired_tests import compare_models
from drumhead.results.result_sets import result_sets

STATISTICS = ("mean", "std", "median", "min", "max", "runs")


def read_csv(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_published_csv_has_every_published_summary() -> None:
    expected = {
        (name, metric): tuple(getattr(score, statistic) for statistic in STATISTICS)
        for name, scores in published_scores().items()
        for metric, score in scores.items()
    }
    lines = [line for line in read_csv(published_csv()) if line["model"] != "background"]
    rows_read = {
        (join_experiment_name(line["dataset"], line["model"], line["variant"]), line["metric"]): tuple(
            float(line[name]) for name in STATISTICS
        )
        for line in lines
    }
    assert len(expected) == 210
    assert rows_read == expected
    assert sum(int(line["collapsed"]) for line in lines if line["metric"] == "acc") == 40


def test_published_csv_has_the_background_of_each_dataset() -> None:
    backgrounds = [line for line in read_csv(published_csv()) if line["model"] == "background"]
    assert {(line["dataset"], line["metric"]): float(line["mean"]) for line in backgrounds}[
        "tetrominoes", "iou"
    ] == 0.7537647857666016
    assert len(backgrounds) == 12


def test_result_sets_csv() -> None:
    rows = [row(seed=1, score=1 / 3), row(seed=2, score=2 / 3), row(seed=3, score=None, state="diverged")]
    rows_read = read_csv(
        result_sets_csv(result_sets([*rows, row(seed=1, score=0.0, state="collapsed", recipe="lite")]))
    )
    assert list(rows_read[0]) == COLUMNS
    (ours,) = (
        line
        for line in rows_read
        if (line["recipe"], line["source"], line["model"], line["metric"]) == ("paper", "ours", "nwm", "iou_foreground")
    )
    assert float(ours["mean"]) == 0.5
    assert float(ours["std"]) == pytest.approx(math.sqrt(2) / 6)
    assert (float(ours["min"]), float(ours["max"])) == (1 / 3, 2 / 3)
    assert (ours["runs"], ours["collapsed"], ours["diverged"], ours["unfinished"]) == ("2", "0", "1", "0")
    assert float(ours["difference"]) == pytest.approx((0.5 - 0.97675316696167) / 0.006741062780855881, rel=1e-4)
    nwm = [run.iou_foreground for run in published_runs() if run.experiment == "tetrominoes-nwm-linear"]
    assert float(ours["p_welch"]) == pytest.approx(float(ttest_ind([1 / 3, 2 / 3], nwm, equal_var=False).pvalue))
    assert float(ours["p_mann_whitney"]) == pytest.approx(2 / 66)  # the two lowest of twelve scores
    published = [line for line in rows_read if line["source"] == "published" and line["recipe"] == "paper"]
    assert len(published) == 6
    (lite,) = (
        line
        for line in rows_read
        if (line["recipe"], line["source"], line["metric"], line["model"]) == ("lite", "ours", "acc", "nwm")
    )
    assert (lite["runs"], lite["collapsed"], lite["std"], lite["p_welch"]) == ("1", "1", "", "")


def test_no_results_give_a_header_only() -> None:
    assert result_sets_csv([]) == ",".join(COLUMNS) + "\n"


def test_comparisons_csv() -> None:
    (result_set,) = result_sets(
        [
            row(model, variant, seed=seed, score=0.5 if model == "nwm" else seed / 10)
            for model, variant in (("nwm", "linear"), ("cnn", "8"))
            for seed in (1, 2)
        ]
    )
    rows_read = read_csv(comparisons_csv([(result_set, compare_models(*result_set.models))]))
    assert list(rows_read[0]) == PAIR_COLUMNS
    assert (rows_read[0]["first"], rows_read[0]["second"], rows_read[0]["metric"], rows_read[0]["pairs"]) == (
        "NWM linear",
        "CNN 8",
        "acc",
        "2",
    )
    assert float(rows_read[0]["difference"]) == pytest.approx(0.35)
    assert float(rows_read[0]["p"]) == 0.5
