"""Tests of two groups, against all permutations, other formulas and cases by hand."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import fisher_exact, mannwhitneyu, ttest_ind

from drumhead.results.two_sample_tests import (
    Counts,
    OneSided,
    collapse_test,
    holm,
    mann_whitney_test,
    probability_above,
    welch_test,
)


def exact_rank_test(first: list[float], second: list[float]) -> OneSided:
    """Return the p-values over all ways to choose the first group: the shares with at least, at most, its wins."""
    both = first + second

    def wins(chosen: tuple[int, ...]) -> float:
        ours = [both[i] for i in chosen]
        theirs = [both[i] for i in range(len(both)) if i not in chosen]
        return sum((a > b) + (a == b) / 2 for a in ours for b in theirs)

    observed = wins(tuple(range(len(first))))
    everything = np.array([wins(chosen) for chosen in combinations(range(len(both)), len(first))])
    return OneSided(float((everything >= observed).mean()), float((everything <= observed).mean()))


@pytest.mark.parametrize("tied", [False, True])
def test_rank_test_is_exact_for_few_runs(tied: bool) -> None:
    draw = np.random.default_rng(0)
    first, second = draw.normal(0.5, 1, 4).round(0 if tied else 9), draw.normal(0, 1, 5).round(0 if tied else 9)
    expected = exact_rank_test(first.tolist(), second.tolist())
    assert mann_whitney_test(first.tolist(), second.tolist()) == pytest.approx(expected)


def test_rank_test_of_many_runs_is_scipys() -> None:
    draw = np.random.default_rng(1)
    first, second = draw.normal(0.5, 1, 12), draw.normal(0, 1, 30)
    for side, p in zip(("greater", "less"), mann_whitney_test(first.tolist(), second.tolist()), strict=True):
        assert p == pytest.approx(float(mannwhitneyu(first, second, method="exact", alternative=side).pvalue))


def test_rank_test_of_many_equal_scores_is_near_the_normal_approximation() -> None:
    first, second = [0.0] * 6 + [0.9, 0.91, 0.92, 0.93], [0.5 + seed / 100 for seed in range(10)]
    approximation = mannwhitneyu(first, second, method="asymptotic")
    assert mann_whitney_test(first, second).two_sided == pytest.approx(float(approximation.pvalue), rel=0.1)


def test_groups_without_any_difference() -> None:
    assert mann_whitney_test([0.0, 0.0], [0.0] * 10).two_sided == 1
    assert welch_test([0.0, 0.0], [0.0] * 10) is None
    assert welch_test([0.5], [0.1, 0.2]) is None


def test_welch_is_scipys_and_both_sides_add_up() -> None:
    first, second = [0.97, 0.98, 0.975], [0.7, 0.0, 0.72, 0.71]
    result = welch_test(first, second)
    assert result is not None
    assert result.two_sided == pytest.approx(float(ttest_ind(first, second, equal_var=False).pvalue))
    assert sum(result) == pytest.approx(1)
    assert result.above < result.below
    same = welch_test([0.7, 0.7, 0.7], second)  # a group without spread
    assert same is not None
    assert 0 < same.two_sided < 1


def test_probability_above_counts_equal_scores_as_half() -> None:
    assert probability_above([1.0, 0.5], [0.5, 0.0, 0.0]) == pytest.approx(5.5 / 6)


def test_collapses_on_one_dataset_are_fishers_test() -> None:
    result = collapse_test([Counts(0, 50, 16, 50)])
    table = [[0, 50], [16, 34]]
    assert result.below == pytest.approx(float(fisher_exact(table, alternative="less").pvalue))
    assert result.above == pytest.approx(1)


def test_collapses_are_compared_within_datasets() -> None:
    """One model was run mostly where no model collapses: pooled, it seems better; within each dataset it is not."""
    strata = [Counts(0, 40, 0, 4), Counts(2, 4, 20, 40)]
    assert fisher_exact([[2, 42], [20, 24]], alternative="less").pvalue < 0.001
    assert collapse_test(strata).below > 0.5
    one, other = Counts(0, 3, 1, 3), Counts(0, 2, 2, 4)
    by_hand = (3 / 6) * (6 / 15)  # the collapsed run is in the second group; both collapsed runs are
    assert collapse_test([one, other]).below == pytest.approx(by_hand)
    assert collapse_test([Counts(0, 3, 0, 5)]) == pytest.approx((1, 1))


def test_holm_by_hand() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([0.6, 0.7]) == [1, 1]
    assert holm([]) == []
