"""Drums by name, each with about the same number of nodes, and drums from files of masks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drumhead.analysis.drums.isospectral import isospectral_pair, near_miss
from drumhead.analysis.drums.shapes import Drum, disc_drum, pixel_drum, polygon_drum
from drumhead.data.pictures import read_mask_labels
from drumhead.suggestions import did_you_mean, nearest_names

SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1))
TRIANGLE = ((0, 0), (1, 0), (0.5, 3**0.5 / 2))
L_SHAPE = ((0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2))

NAMED_DRUMS: dict[str, tuple[Callable[[int], Drum], float]] = {
    "square": (lambda n: polygon_drum(SQUARE, resolution=n, name="square"), 1.0),
    "disc": (lambda n: disc_drum(resolution=n), 3.14),
    "triangle": (lambda n: polygon_drum(TRIANGLE, resolution=n, name="triangle"), 0.43),
    "l-shape": (lambda n: polygon_drum(L_SHAPE, resolution=n, name="l-shape"), 3.0),
    "isospectral-1": (lambda n: isospectral_pair(n)[0], 3.5),
    "isospectral-2": (lambda n: isospectral_pair(n)[1], 3.5),
    "near-miss": (near_miss, 3.5),
}
"""Each drum as a function of the nodes per unit of length, and its area."""


def find_drum(name: str, *, nodes: int) -> Drum:
    """Return the drum of a name, or of a mask in a file (PNG, TIFF or ``.npy``), whose pixels are the nodes.

    Args:
        name: a name in ``NAMED_DRUMS``, or a path.
        nodes: about how many nodes a named drum has.

    Raises:
        ValueError: if there is neither such a name nor such a file, or ``nodes`` is below 16.
    """
    if nodes < 16:
        raise ValueError(f"nodes must be 16 or more, got {nodes}")
    if name in NAMED_DRUMS:
        make, area = NAMED_DRUMS[name]
        return make(max(1, round((nodes / area) ** 0.5)))
    path = Path(name)
    if not path.exists():
        suggestion = did_you_mean(nearest_names(name, NAMED_DRUMS))
        raise ValueError(
            f"there is neither a drum nor a file called {name!r}; {suggestion}drums are {', '.join(NAMED_DRUMS)}"
        )
    return pixel_drum(read_mask_labels(path).labels != 0, name=path.stem)
