"""Two models compared seed by seed: is the difference more than the luck of a seed?"""

from __future__ import annotations

import statistics
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drumhead.results.metric_names import METRICS
from drumhead.results.summary import Group, Summary, summarise

EXACT_PAIRS = 12
"""Up to so many pairs, all 2^n ways to flip their signs are tried."""


@dataclass(frozen=True)
class PairedScore:
    """One score of two models, over the seeds they share."""

    first: float
    """Mean of the first model."""
    second: float
    """Mean of the second."""
    difference: Summary
    """First minus second, seed by seed."""
    p: float
    """Two-sided, of no difference."""


@dataclass(frozen=True)
class Comparison:
    """Two models on one dataset with one recipe."""

    first: Group
    second: Group
    seeds: list[int]
    """Those that both were trained to the end with."""
    scores: dict[str, PairedScore]
    """By score."""

    @property
    def test(self) -> str:
        """What test the p-values are of."""
        if len(self.seeds) <= EXACT_PAIRS:
            return f"exact sign-flip test; the least p that {len(self.seeds)} pairs can give is {self.least_p:.2g}"
        return "Wilcoxon signed-rank test"

    @property
    def least_p(self) -> float:
        """The p-value of differences that all have one sign."""
        return 2.0 ** (1 - len(self.seeds))


def compare(first: Group, second: Group) -> Comparison:
    """Compare two models on the seeds they share.

    Raises:
        ValueError: if they share fewer than two.
    """
    seeds = sorted({row.seed for row in first.trained} & {row.seed for row in second.trained})
    if len(seeds) < 2:
        raise ValueError(
            f"a paired comparison needs at least two seeds that both models were trained to the end with; "
            f"{first.label} has {listed(first)} and {second.label} {listed(second)}. Their runs are not paired: "
            "compare the spread of the two rows of the table instead, or train both with the same seeds"
        )
    return Comparison(
        first, second, seeds, {name: score for name in METRICS if (score := paired(first, second, name, seeds))}
    )


def paired(first: Group, second: Group, metric: str, seeds: list[int]) -> PairedScore | None:
    """One score of two groups; None if a run lacks it."""
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
    """Two-sided p-value of paired differences that are symmetric about 0 if there is no effect.

    Up to ``EXACT_PAIRS`` of them by flipping signs in every way, which holds whatever their distribution and with ties;
    more by Wilcoxon's signed-rank test.

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


def listed(group: Group) -> str:
    """The seeds a group was trained to the end with, in words."""
    return ", ".join(str(row.seed) for row in group.trained) or "none"
