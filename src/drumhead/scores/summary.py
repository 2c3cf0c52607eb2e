"""Summary statistics of one score over seeds."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Summary statistics of some numbers."""

    mean: float
    std: float | None
    """The standard deviation with n - 1 in the denominator, as in the paper; None for a single number."""
    median: float
    min: float
    max: float
    runs: int
    """The number of numbers."""

    def __str__(self) -> str:
        """Return mean ± standard deviation with three digits; the mean alone for a single number."""
        return f"{self.mean:.3f}" if self.std is None else f"{self.mean:.3f} ± {self.std:.3f}"


def summarise(values: Sequence[float]) -> Summary:
    """Return the summary of one or more numbers.

    >>> summarise([1.0, 2.0, 6.0])
    Summary(mean=3.0, std=2.6457513110645907, median=2.0, min=1.0, max=6.0, runs=3)
    >>> print(summarise([0.25, 0.75]))
    0.500 ± 0.354
    """
    return Summary(
        mean=statistics.fmean(values),
        std=statistics.stdev(values) if len(values) > 1 else None,
        median=statistics.median(values),
        min=min(values),
        max=max(values),
        runs=len(values),
    )
