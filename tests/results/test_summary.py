"""Tests of summary statistics over seeds."""

from __future__ import annotations

import math

import pytest

from drumhead.published.scores import published_scores
from drumhead.results.summary import summarise


def test_summary_by_hand() -> None:
    summary = summarise([0.2, 0.8, 0.3, 0.7])
    assert summary.mean == pytest.approx(0.5)
    assert summary.std == pytest.approx(math.sqrt((0.09 + 0.09 + 0.04 + 0.04) / 3))
    assert summary.median == pytest.approx(0.5)
    assert (summary.min, summary.max, summary.runs) == (0.2, 0.8, 4)


def test_summary_of_one_run_has_no_standard_deviation() -> None:
    summary = summarise([0.3])
    assert (summary.mean, summary.std, summary.median, summary.runs) == (0.3, None, 0.3, 1)


def test_published_standard_deviations_are_sample_standard_deviations() -> None:
    """The published standard deviations exceed the bound for n in the denominator, but not the bound for n - 1.

    Numbers in [0, 1] with mean m have a standard deviation of at most sqrt(m (1 - m)) with n in the denominator. With
    n - 1 it is at most sqrt(n / (n - 1)) times that.
    """
    beyond_population = 0
    for name, scores in published_scores().items():
        for metric, score in scores.items():
            if metric.startswith("loss") or score.std == round(score.std, 2):  # two digits do not suffice
                continue
            population = math.sqrt(score.mean * (1 - score.mean))
            assert score.std <= population * math.sqrt(score.runs / (score.runs - 1)), (name, metric)
            beyond_population += score.std > population
    assert beyond_population >= 2
