"""Paired comparisons by hand, against all sign flips, and where there is nothing to pair."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import wilcoxon
from tests.results.rows import row

from drumhead.results.paired_tests import EXACT_PAIRS, compare_models, p_value
from drumhead.results.result_sets import ModelResults, result_sets
from drumhead.results.rows import ResultRow


def models(rows: list[ResultRow]) -> list[ModelResults]:
    (result_set,) = result_sets(rows)
    return result_set.models


def brute_force_p(differences: list[float]) -> float:
    """Return the fraction of sign flips whose mean is at least as extreme, on both sides."""
    flips = np.array(list(product([1, -1], repeat=len(differences))))
    means = (flips * differences).mean(axis=1)
    observed = abs(float(np.mean(differences)))
    return float((np.abs(means) >= observed - 1e-12).mean())


@pytest.mark.parametrize("pairs", [2, 3, 5, 8])
def test_p_of_few_pairs_is_the_exact_sign_flip_test(pairs: int) -> None:
    differences = np.random.default_rng(pairs).normal(0.5, 1.0, pairs)
    assert p_value(differences) == pytest.approx(brute_force_p(differences.tolist()))


def test_p_with_ties_and_without_difference() -> None:
    assert p_value(np.zeros(4)) == 1
    assert p_value(np.array([0.1, 0.1, 0.0])) == pytest.approx(brute_force_p([0.1, 0.1, 0.0])) == 0.5


def test_p_of_many_pairs_is_wilcoxons() -> None:
    differences = np.random.default_rng(0).normal(0.3, 1.0, EXACT_PAIRS + 8)
    assert p_value(differences) == wilcoxon(differences).pvalue


def test_only_shared_seeds_are_compared() -> None:
    nwm, cnn = models(
        [
            *(row(seed=seed, score=score) for seed, score in [(1, 0.9), (2, 0.8), (3, 0.7), (9, 0.0)]),
            *(row("cnn", "8", seed=seed, score=score) for seed, score in [(1, 0.5), (2, 0.6), (3, 0.7), (7, 1.0)]),
        ]
    )
    comparison = compare_models(nwm, cnn)
    assert comparison.seeds == [1, 2, 3]
    score = comparison.scores["mean_iou"]
    assert score.first == pytest.approx(0.8)
    assert score.second == pytest.approx(0.6)
    assert score.difference.mean == pytest.approx(0.2)
    assert score.difference.std == pytest.approx(0.2)
    assert score.p == 0.5  # 4 of the 8 ways to flip 0.4, 0.2 and 0
    assert comparison.smallest_p == 0.25
    assert "sign-flip" in comparison.test
    assert compare_models(cnn, nwm).scores["mean_iou"].difference.mean == pytest.approx(-0.2)


def test_unfinished_runs_are_not_compared() -> None:
    nwm, cnn = models(
        [
            *(row(seed=seed) for seed in (1, 2, 3)),
            *(row("cnn", "8", seed=seed) for seed in (1, 2)),
            row("cnn", "8", seed=3, state="unfinished"),
        ]
    )
    assert compare_models(nwm, cnn).seeds == [1, 2]


def test_a_score_that_a_run_does_not_have_is_omitted() -> None:
    nwm, cnn = models([row(seed=1), row(seed=2, loss=None), row("cnn", "8", seed=1), row("cnn", "8", seed=2)])
    scores = compare_models(nwm, cnn).scores
    assert "acc" in scores
    assert "loss" not in scores


def test_models_without_shared_seeds_are_refused() -> None:
    nwm, cnn = models([row(seed=2200), row(seed=2201), row("cnn", "8", seed=7600), row("cnn", "8", seed=2201)])
    with pytest.raises(
        ValueError,
        match=r"at least two seeds .*NWM linear has 2200, 2201 and CNN 8 2201, 7600\. Their runs are not paired",
    ):
        compare_models(nwm, cnn)
