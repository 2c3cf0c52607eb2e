"""Tests of two independent groups of runs: their scores, and how often they collapse.

Every test gives a one-sided p-value against each direction. The two-sided p-value is twice the smaller one, at most 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import NamedTuple

import numpy as np


class OneSided(NamedTuple):
    """The p-values of one comparison."""

    above: float
    """The p-value for "the first group is above the second"; small if it is."""
    below: float
    """The p-value for "the first group is below the second"; small if it is."""

    @property
    def two_sided(self) -> float:
        """The p-value for "the groups differ"."""
        return min(1.0, 2 * min(self))


def welch_test(first: Sequence[float], second: Sequence[float]) -> OneSided | None:
    """Compare the means of two groups by Welch's t-test, which takes the scores of a group as normally distributed.

    The groups may have different standard deviations. Returns None if a group has fewer than two scores, or if the
    scores of both groups have no spread, so that the test is undefined.

    >>> print(f"{welch_test([0.9, 0.8, 1.0], [0.5, 0.4, 0.6]).two_sided:.4f}")
    0.0080
    """
    from scipy.stats import ttest_ind_from_stats

    if min(len(first), len(second)) < 2 or (len(set(first)) == 1 and len(set(second)) == 1):
        return None
    moments = [moment for group in (first, second) for moment in (fmean(group), stdev(group), len(group))]
    above, below = (
        float(ttest_ind_from_stats(*moments, equal_var=False, alternative=alternative).pvalue)
        for alternative in ("greater", "less")
    )
    return OneSided(above, below)


def mann_whitney_test(first: Sequence[float], second: Sequence[float]) -> OneSided:
    """Compare two groups by Mann and Whitney's rank test, which needs no assumption on how scores are distributed.

    The p-values are exact, also if scores are equal: the shares of all ways to choose the first group among the scores
    whose sum of ranks is at least, or at most, the observed one. (SciPy's exact test does not allow equal scores.)

    >>> print(f"{mann_whitney_test([0.9, 0.8, 1.0], [0.5, 0.4, 0.6]).two_sided:.4f}")
    0.1000
    """
    from scipy.stats import rankdata

    ranks = np.rint(2 * rankdata([*first, *second])).astype(int)  # doubled, because equal scores share a mean rank
    ways = np.zeros((len(first) + 1, ranks.sum() + 1))  # to choose k of the scores so far, by the sum of ranks
    ways[0, 0] = 1
    for rank in ranks:
        ways[1:, rank:] += ways[:-1, :-rank].copy()
    distribution = ways[-1] / ways[-1].sum()
    observed = ranks[: len(first)].sum()
    at_least, at_most = distribution[observed:].sum(), distribution[: observed + 1].sum()
    return OneSided(min(1.0, float(at_least)), min(1.0, float(at_most)))


def probability_above(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the probability that a score of the first group is above one of the second; equal ones count as half.

    It is the effect size of :func:`mann_whitney_test`: its statistic, divided by the number of pairs.

    >>> probability_above([0.9, 0.5], [0.5, 0.1])
    0.875
    """
    differences = np.subtract.outer(np.asarray(first, float), np.asarray(second, float))
    return float((differences > 0).mean() + (differences == 0).mean() / 2)


class Counts(NamedTuple):
    """How many runs of two groups collapsed."""

    first: int
    first_runs: int
    second: int
    second_runs: int


def collapse_test(strata: Sequence[Counts]) -> OneSided:
    """Compare how often two groups collapse by the exact conditional test, stratified by dataset.

    Given the number of collapsed runs on each dataset, and no difference between the groups, the number in the first
    group has a hypergeometric distribution on each dataset; the test is on their sum. With one dataset it is Fisher's
    exact test; with several it is the exact form of Cochran, Mantel and Haenszel's.

    >>> print(f"{collapse_test([Counts(0, 10, 3, 10)]).below:.4f}")  # 120 of 1140 ways to choose three runs
    0.1053
    """
    from scipy.stats import hypergeom

    distribution = np.ones(1)
    for stratum in strata:
        runs, collapsed = stratum.first_runs + stratum.second_runs, stratum.first + stratum.second
        counts = np.arange(stratum.first_runs + 1)
        distribution = np.convolve(distribution, hypergeom.pmf(counts, runs, collapsed, stratum.first_runs))
    observed = sum(stratum.first for stratum in strata)
    at_least, at_most = distribution[observed:].sum(), distribution[: observed + 1].sum()
    return OneSided(min(1.0, float(at_least)), min(1.0, float(at_most)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return p-values adjusted for their number by Holm's method: the smallest times n, the next times n - 1, ...

    A p-value is never smaller than one that was smaller before.

    >>> holm([0.01, 0.5, 0.02])
    [0.03, 0.5, 0.04]
    """
    adjusted = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = largest
    return adjusted
