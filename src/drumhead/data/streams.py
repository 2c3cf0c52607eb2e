"""What every dataset drawn here shares: a random stream for each split, and counting what is done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drumhead.data.split import SPLIT_NAMES


def split_generators(seed: int) -> dict[str, np.random.Generator]:
    """A random stream for each split, so that the size of one changes nothing in another."""
    seeds = np.random.SeedSequence(seed).spawn(len(SPLIT_NAMES))
    return {name: np.random.default_rng(own) for name, own in zip(SPLIT_NAMES, seeds, strict=True)}


def progress_counter(progress: Callable[[int, int], None] | None, *, total: int) -> Callable[[int], None]:
    """A function to call with how many more samples are done; it tells ``progress`` how many of the total are.

    Example:
        >>> count = progress_counter(lambda done, total: print(f"{done}/{total}"), total=3)
        >>> count(2)
        2/3
        >>> count(1)
        3/3
    """
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress is not None:
            progress(done, total)

    return count
