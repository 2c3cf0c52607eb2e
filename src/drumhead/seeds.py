"""Independent streams of random numbers derived from one seed, one for each purpose; none of them is global.

Each stream is a pure function of the seed, the purpose and a number (such as the epoch), so a run can resume without
any saved random state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import torch

Purpose = Literal["initialisation", "shuffling", "pixels", "augmentation"]

STREAMS: dict[Purpose, int] = {"initialisation": 0, "shuffling": 1, "pixels": 2, "augmentation": 3}


def derive_seed(seed: int, purpose: Purpose, number: int = 0) -> int:
    """Return a 63-bit seed for one purpose of a run. Streams differ for all seeds and numbers below 2**32.

    >>> derive_seed(7, "shuffling", 1) == derive_seed(7, "shuffling", 1) != derive_seed(7, "shuffling", 2)
    True
    """
    entropy = np.random.SeedSequence([seed, STREAMS[purpose], number])
    return int(entropy.generate_state(1, np.uint64)[0] >> np.uint64(1))


def generator(seed: int, purpose: Purpose, number: int = 0) -> torch.Generator:
    """Return a torch generator on the CPU, seeded by :func:`derive_seed`."""
    import torch  # only here, because the import takes seconds

    return torch.Generator().manual_seed(derive_seed(seed, purpose, number))
