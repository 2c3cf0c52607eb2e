"""Tests of summary statistics over seeds."""

from __future__ import annotations

import math

import pytest

from drumhead.scores.summary import summarise


def test_summary_by_hand() -> None:
    summary = summarise([0.2, 0.8, 0.3, 0.7])
    assert summary.mean == pytest.approx(0.5)
    assert summary.std == pytest.approx(math.sqrt((0.09 + 0.09 + 0.04 + 0.04) / 3))
    assert summary.median == pytest.approx(0.5)
    assert (summary.min, summary.max, summary.runs) == (0.2, 0.8, 4)


def test_summary_of_one_run_has_no_standard_deviation() -> None:
    summary = summarise([0.3])
    assert (summary.mean, summary.std, summary.median, summary.runs) == (0.3, None, 0.3, 1)


def test_a_summary_is_printed_with_three_digits() -> None:
    assert str(summarise([0.25, 0.75])) == "0.500 ± 0.354"
    assert str(summarise([0.25])) == "0.250"
