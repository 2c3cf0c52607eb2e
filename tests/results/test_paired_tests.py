"""Paired comparisons by hand, against all sign flips, and where there is nothing to pair."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import wilcoxon
from tests.results.rows import row

from drumhead.results.paired_tests import EXACT_PAIRS, compare, p_value
from drumhead.results.results_file import ResultRow
from drumhead.results.summary import Group, sections_of


def groups(rows: list[ResultRow]) -> list[Group]:
    (section,) = sections_of(rows)
    return section.groups


def slow_p(differences: list[float]) -> float:
    """The share of sign flips whose mean is at least as extreme, counted on both sides."""
    flips = np.array(list(product([1, -1], repeat=len(differences))))
    means = (flips * differences).mean(axis=1)
    observed = abs(float(np.mean(differences)))
    return float((np.abs(means) >= observed - 1e-12).mean())


@pytest.mark.parametrize("pairs", [2, 3, 5, 8])
def test_few_pairs_by_all_sign_flips(pairs: int) -> None:
    differences = np.random.default_rng(pairs).normal(0.5, 1.0, pairs)
    assert p_value(differences) == pytest.approx(slow_p(differences.tolist()))


def test_ties_and_no_difference() -> None:
    assert p_value(np.zeros(4)) == 1
    assert p_value(np.array([0.1, 0.1, 0.0])) == pytest.approx(slow_p([0.1, 0.1, 0.0])) == 0.5


def test_many_pairs_by_wilcoxon() -> None:
    differences = np.random.default_rng(0).normal(0.3, 1.0, EXACT_PAIRS + 8)
    assert p_value(differences) == wilcoxon(differences).pvalue


def test_only_shared_seeds_are_compared() -> None:
    nwm, cnn = groups(
        [
            *(row(seed=seed, score=score) for seed, score in [(1, 0.9), (2, 0.8), (3, 0.7), (9, 0.0)]),
            *(row("cnn", "8", seed=seed, score=score) for seed, score in [(1, 0.5), (2, 0.6), (3, 0.7), (7, 1.0)]),
        ]
    )
    comparison = compare(nwm, cnn)
    assert comparison.seeds == [1, 2, 3]
    score = comparison.scores["mean_iou"]
    assert score.first == pytest.approx(0.8)
    assert score.second == pytest.approx(0.6)
    assert score.difference.mean == pytest.approx(0.2)
    assert score.difference.std == pytest.approx(0.2)
    assert score.p == 0.5  # 4 of the 8 ways to flip 0.4, 0.2 and 0
    assert comparison.least_p == 0.25
    assert "sign-flip" in comparison.test
    assert compare(cnn, nwm).scores["mean_iou"].difference.mean == pytest.approx(-0.2)


def test_runs_that_were_not_trained_to_the_end_are_no_pairs() -> None:
    nwm, cnn = groups(
        [
            *(row(seed=seed) for seed in (1, 2, 3)),
            *(row("cnn", "8", seed=seed) for seed in (1, 2)),
            row("cnn", "8", seed=3, state="unfinished"),
        ]
    )
    assert compare(nwm, cnn).seeds == [1, 2]


def test_a_score_that_a_run_lacks_is_left_out() -> None:
    nwm, cnn = groups([row(seed=1), row(seed=2, loss=None), row("cnn", "8", seed=1), row("cnn", "8", seed=2)])
    scores = compare(nwm, cnn).scores
    assert "acc" in scores
    assert "loss" not in scores


def test_no_shared_seeds_is_refused_with_the_reason() -> None:
    nwm, cnn = groups([row(seed=2200), row(seed=2201), row("cnn", "8", seed=7600), row("cnn", "8", seed=2201)])
    with pytest.raises(
        ValueError,
        match=r"at least two seeds .*NWM linear has 2200, 2201 and CNN 8 2201, 7600\. Their runs are not paired",
    ):
        compare(nwm, cnn)
