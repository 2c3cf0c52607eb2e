"""Tests of a statistic against its values over surrogates (:mod:`drumhead.waves.surrogates`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.sites import Floats
from drumhead.waves.surrogates import SurrogateKind, surrogate_sampler

Statistic: TypeAlias = Callable[[npt.NDArray[np.float64 | np.complex128]], npt.ArrayLike]
"""A function of a movie that returns one number, or one for each frame."""

ROUNDING = 1e-12
"""Two values are equal if they differ by this share: the same sum over sites in another order, for instance."""


@short_repr
class SurrogateTest(NamedTuple):
    """A statistic, its values over surrogates, and how probable such a value is by chance."""

    observed: Floats
    """The statistic of the movie, ``()`` or ``(time,)``."""
    null: Floats
    """The statistic of each surrogate, ``(count,)`` or ``(count, time)``."""
    p: Floats
    """``(1 + number of surrogates whose value is at least the observed one) / (1 + count)``, of the shape of
    ``observed``: above 0, at most 1, and NaN where the observed value is. Each frame is a test of its own."""
    p_max: Floats
    """The same, compared with the largest value that each surrogate has in any frame. Under the null hypothesis, the
    probability that any frame of a movie has ``p_max <= a`` is at most ``a``."""


def surrogate_test(
    x: npt.ArrayLike,
    statistic: Statistic,
    *,
    kind: SurrogateKind,
    generator: np.random.Generator,
    count: int = 199,
    valid: npt.ArrayLike | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SurrogateTest:
    """Compare a statistic of a movie with its values over surrogates.

    Large values of the statistic are evidence; for one whose small values are, return its negative. The smallest
    possible p is ``1 / (1 + count)``.

    Args:
        x: ``(time, y, x)`` or ``(time, site)``, real or complex. If the statistic takes phases, pass the analytic
            signal rather than the real movie: it is computed once instead of for each surrogate.
        statistic: a function of a movie.
        kind: what surrogates keep, so what the null hypothesis is; see :mod:`drumhead.waves.surrogates`.
        generator: the source of random numbers. Each surrogate has a generator of its own, spawned from this one.
        count: the number of surrogates.
        valid: the sites that may be used, of the shape of a frame; None: all.
        progress: called after each surrogate with the number of those done and ``count``.

    Raises:
        ValueError: as :func:`drumhead.waves.surrogates.surrogate`, for a count below 1, or for a statistic that is
            neither one number nor one for each frame.

    Two sites that share half of their variance are correlated, and phases drawn apart for each site remove that:

    >>> random = np.random.default_rng(0)
    >>> movie = random.normal(size=(200, 1)) + random.normal(size=(200, 4))
    >>> result = surrogate_test(
    ...     movie, lambda x: np.corrcoef(x.T)[0, 1], kind="phase", generator=random, count=99
    ... )
    >>> float(result.p)
    0.01
    """
    if count < 1:
        raise ValueError(f"count, the number of surrogates, must be at least 1, got {count}")
    draw = surrogate_sampler(x, kind=kind, valid=valid)
    observed = np.asarray(statistic(np.asarray(x)), np.float64)
    if observed.ndim > 1:
        raise ValueError(f"the statistic must be one number, or one for each frame; got shape {observed.shape}")
    null = np.empty((count, *observed.shape))
    for index, own_generator in enumerate(generator.spawn(count)):
        null[index] = statistic(draw(own_generator))
        if progress is not None:
            progress(index + 1, count)
    return compare(observed, null)


def compare(observed: npt.ArrayLike, null: npt.ArrayLike) -> SurrogateTest:
    """Return how probable a statistic is, given its values over surrogates.

    Args:
        observed: the statistic, ``()`` or ``(time,)``.
        null: its values over surrogates, ``(count,)`` or ``(count, time)``. A value that is NaN counts as at least the
            observed one.

    >>> compare([0.2, 0.9], [[0.1, 0.2], [0.3, 0.1], [0.1, 0.4]]).p.tolist()
    [0.5, 0.25]
    """
    values, chance = np.asarray(observed, np.float64), np.asarray(null, np.float64)
    if chance.shape[1:] != values.shape or not len(chance):
        raise ValueError(
            f"null must be (count, ...) with the shape of observed, {values.shape}, at its end; got {chance.shape}"
        )
    largest = np.where(np.isnan(chance), -np.inf, chance).reshape(len(chance), -1).max(axis=1)
    p_max = _share_at_least(values, largest.reshape(-1, *[1] * values.ndim))
    return SurrogateTest(values, chance, _share_at_least(values, chance), p_max)


def _share_at_least(observed: Floats, null: Floats) -> Floats:
    """Return ``(1 + number of null values that are at least the observed one) / (1 + count)``."""
    below = null < observed - ROUNDING * np.abs(observed)
    share: Floats = np.where(np.isnan(observed), np.nan, (1 + (~below).sum(axis=0)) / (1 + len(null)))
    return share
