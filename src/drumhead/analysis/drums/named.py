"""Drums by name, each with about the same number of nodes, and drums from files of masks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drumhead.analysis.drums.isospectral import isospectral_pair, near_miss
from drumhead.analysis.drums.modes import Rim
from drumhead.analysis.drums.shapes import Drum, disc_drum, pixel_drum, polygon_drum
from drumhead.data.pictures import read_mask_labels
from drumhead.suggestions import did_you_mean, nearest_names

SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1))
TRIANGLE = ((0, 0), (1, 0), (0.5, 3**0.5 / 2))
L_SHAPE = ((0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2))

NAMED_DRUMS: dict[str, tuple[Callable[[int, float], Drum], float]] = {
    "square": (lambda n, offset: polygon_drum(SQUARE, resolution=n, offset=offset, name="square"), 1.0),
    "disc": (lambda n, offset: disc_drum(resolution=n, offset=offset), 3.14),
    "triangle": (lambda n, offset: polygon_drum(TRIANGLE, resolution=n, offset=offset, name="triangle"), 0.43),
    "l-shape": (lambda n, offset: polygon_drum(L_SHAPE, resolution=n, offset=offset, name="l-shape"), 3.0),
    "isospectral-1": (lambda n, offset: isospectral_pair(n, offset=offset)[0], 3.5),
    "isospectral-2": (lambda n, offset: isospectral_pair(n, offset=offset)[1], 3.5),
    "near-miss": (lambda n, offset: near_miss(n, offset=offset), 3.5),
}
"""Each drum as a function of the nodes per unit of length and of their offset, and its area."""


def find_drum(name: str, *, nodes: int, rim: Rim = "fixed") -> Drum:
    """Return the drum of a name, or of a mask in a file (PNG, TIFF or ``.npy``), whose pixels are the nodes.

    Args:
        name: a name in ``NAMED_DRUMS``, or a path.
        nodes: about how many nodes a named drum has.
        rim: the rim of the modes to compute: with a fixed one nodes meet the corners of a named drum, with a free one
            they lie half a spacing beside the rim.

    Raises:
        ValueError: if there is neither such a name nor such a file, or ``nodes`` is below 16.
    """
    if nodes < 16:
        raise ValueError(f"nodes must be 16 or more, got {nodes}")
    if name in NAMED_DRUMS:
        make, area = NAMED_DRUMS[name]
        return make(max(1, round((nodes / area) ** 0.5)), 0.5 if rim == "free" else 0.0)
    path = Path(name)
    if not path.exists():
        suggestion = did_you_mean(nearest_names(name, NAMED_DRUMS))
        raise ValueError(
            f"there is neither a drum nor a file called {name!r}; {suggestion}drums are {', '.join(NAMED_DRUMS)}"
        )
    return pixel_drum(read_mask_labels(path).labels != 0, name=path.stem)
