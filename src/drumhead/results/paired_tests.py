"""Paired comparison of two models over the seeds that they share, with a significance test."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drumhead.results.metric_names import METRICS
from drumhead.results.result_sets import ModelResults
from drumhead.scores.summary import Summary, summarise

EXACT_PAIRS = 12
"""The largest number of pairs for which all 2^n sign flips are evaluated."""


@dataclass(frozen=True)
class PairedScore:
    """One score of two models, over the seeds that they share."""

    first: float
    """The mean of the first model."""
    second: float
    """The mean of the second model."""
    difference: Summary
    """The differences, first minus second, seed by seed."""
    p: float
    """The two-sided p-value of the null hypothesis of no difference."""


@dataclass(frozen=True)
class PairedComparison:
    """Two models on one dataset with one recipe."""

    first: ModelResults
    second: ModelResults
    seeds: list[int]
    """The seeds with which the training of both models completed."""
    scores: dict[str, PairedScore]
    """The paired scores by metric."""

    @property
    def test(self) -> str:
        """The test that gives the p-values, in words."""
        pairs = len(self.seeds)
        if pairs <= EXACT_PAIRS:
            return f"exact sign-flip test; the smallest p that {pairs} pairs can give is {self.smallest_p:.2g}"
        return "Wilcoxon signed-rank test"

    @property
    def smallest_p(self) -> float:
        """The p-value if all differences have the same sign."""
        return 2.0 ** (1 - len(self.seeds))


def compare_models(first: ModelResults, second: ModelResults) -> PairedComparison:
    """Compare two models on the seeds that they share.

    Raises:
        ValueError: if they share fewer than two seeds.
    """
    seeds = sorted({row.seed for row in first.trained} & {row.seed for row in second.trained})
    if len(seeds) < 2:
        raise ValueError(
            f"a paired comparison needs at least two seeds that both models were trained to the end with; "
            f"{first.label} has {trained_seeds(first)} and {second.label} {trained_seeds(second)}. Their runs are not "
            "paired: compare the spread of the two rows of the table instead, or train both with the same seeds"
        )
    scores: dict[str, PairedScore] = {
        metric: score for metric in METRICS if (score := paired_score(first, second, metric, seeds))
    }
    return PairedComparison(first, second, seeds, scores)


def paired_score(first: ModelResults, second: ModelResults, metric: str, seeds: list[int]) -> PairedScore | None:
    """Return one score of two models over these seeds; None if a run does not have it."""
    left, right = first.values(metric), second.values(metric)
    if not all(seed in left and seed in right for seed in seeds):
        return None
    differences = np.array([left[seed] - right[seed] for seed in seeds])
    return PairedScore(
        first=statistics.fmean(left[seed] for seed in seeds),
        second=statistics.fmean(right[seed] for seed in seeds),
        difference=summarise(differences.tolist()),
        p=p_value(differences),
    )


def p_value(differences: npt.NDArray[np.float64]) -> float:
    """Return the two-sided p-value of paired differences.

    The null hypothesis is that differences are symmetric about 0. Up to ``EXACT_PAIRS`` pairs, the test evaluates all
    sign flips, which is valid for any distribution and with ties. Above that it is Wilcoxon's signed-rank test.

    >>> p_value(np.array([0.1, 0.2, 0.3]))
    0.25
    """
    from scipy.stats import permutation_test, wilcoxon

    if not differences.any():
        return 1.0
    if len(differences) > EXACT_PAIRS:
        return float(wilcoxon(differences).pvalue)
    result = permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=2**EXACT_PAIRS)
    return float(result.pvalue)


def trained_seeds(results: ModelResults) -> str:
    """Return the seeds with which training completed, as text."""
    return ", ".join(str(row.seed) for row in results.trained) or "none"
