"""An independent random stream for each split of a dataset."""

from __future__ import annotations

import numpy as np

from drumhead.data.split import SPLIT_NAMES


def split_generators(seed: int) -> dict[str, np.random.Generator]:
    """Return an independent generator for each split, so that the size of one split does not affect another."""
    seeds = np.random.SeedSequence(seed).spawn(len(SPLIT_NAMES))
    return {name: np.random.default_rng(split_seed) for name, split_seed in zip(SPLIT_NAMES, seeds, strict=True)}
