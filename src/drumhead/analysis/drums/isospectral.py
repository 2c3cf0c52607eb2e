"""The pair of different drums with the same frequencies, a near miss, and a test of what a pick-up can tell.

Each of the two polygons of Gordon, Webb and Wolpert consists of seven equal triangles. A mode of one can be cut along
them and put together to a mode of the other with the same frequency. On a grid whose nodes meet the corners this holds
for the five-point Laplacian too, so that the eigenvalues of the two grids are equal up to rounding.

Source: Gordon, Webb, Wolpert 1992, Bull. Amer. Math. Soc. 27, 134; eigenvalues to 12 digits: Driscoll 1997, SIAM Review
39, 1, for shapes of twice this size, whose eigenvalues are a quarter of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.analysis.drums.modes import Modes, membrane_modes
from drumhead.analysis.drums.shapes import Drum, polygon_drum
from drumhead.analysis.probe import ProbeScores, probe_across_images
from drumhead.analysis.spectrum import Floats

PAIR_VERTICES = (
    ((0, 0), (0, 1), (2, 3), (2, 2), (3, 2), (2, 1), (1, 1), (1, 0)),
    ((1, 0), (0, 1), (0, 2), (2, 2), (2, 3), (3, 2), (2, 1), (1, 1)),
)
"""The corners ``(x, y)`` of the two polygons."""

DRISCOLL_EIGENVALUES = (2.53794399980, 3.65550971352, 5.17555935622, 6.53755744376, 7.24807786256)
"""The lowest eigenvalues of both polygons at twice the size of ``PAIR_VERTICES`` (Driscoll 1997)."""


def isospectral_pair(resolution: int, *, offset: float = 0.0) -> tuple[Drum, Drum]:
    """Return the two drums of Gordon, Webb and Wolpert; the arguments are those of :func:`polygon_drum`.

    Their eigenvalues on the grid are equal with a fixed rim and nodes that meet the corners, an ``offset`` of 0.

    >>> first, second = isospectral_pair(8)
    >>> lines = [membrane_modes(drum, 10).eigenvalues for drum in (first, second)]
    >>> bool(np.allclose(lines[0], lines[1], rtol=1e-12, atol=0))
    True
    """
    first, second = PAIR_VERTICES
    return (
        polygon_drum(first, resolution=resolution, offset=offset, name="isospectral-1"),
        polygon_drum(second, resolution=resolution, offset=offset, name="isospectral-2"),
    )


def near_miss(resolution: int, *, offset: float = 0.0) -> Drum:
    """Return the second drum of the pair with one corner moved by one node: its frequencies are others."""
    corners = np.array(PAIR_VERTICES[1], np.float64)
    corners[0, 0] += 1 / resolution
    return polygon_drum(corners, resolution=resolution, offset=offset, name="near-miss")


def extrapolate_eigenvalues(count: int, *, resolutions: Sequence[int] = (16, 24, 32, 48, 64)) -> Floats:
    """Return the lowest eigenvalues of the pair in the continuum, extrapolated from several grids.

    Near an inner corner of ``3 pi / 2`` a mode goes as the power 2/3 of the distance, which makes an error of the order
    ``h^(4/3)`` in the spacing ``h``, beside the ``h^2`` of the five-point Laplacian. The eigenvalues are fitted by
    ``lambda + a h^(4/3) + b h^2 + c h^(8/3)``.

    Args:
        count: the number of eigenvalues.
        resolutions: nodes per unit of length of each grid; four grids or more.
    """
    spacings = 1 / np.asarray(resolutions, np.float64)
    powers = spacings[:, None] ** np.array([0, 4 / 3, 2, 8 / 3])
    values = np.stack([membrane_modes(isospectral_pair(n)[0], count).eigenvalues for n in resolutions])
    limits: Floats = np.linalg.lstsq(powers, values, rcond=None)[0][0]
    return limits


class PairProbe(NamedTuple):
    """How well a linear probe tells two drums apart by the amplitudes at a pick-up."""

    accuracy: Floats
    """``(split,)``: the share of strikes whose drum it names correctly, for random halves of the strikes."""
    modes: int
    """The number of amplitudes it gets for each strike."""


def probe_pair(
    drums: tuple[Drum, Drum], *, generator: np.random.Generator, modes: int = 20, strikes: int = 2000, splits: int = 5
) -> PairProbe:
    """Train a linear probe to tell two drums apart by the amplitudes of their lines, and score it on other strikes.

    Each sample is one strike of one drum at a random node, recorded at another random node. The features are the
    logarithms of the amplitudes' magnitudes, divided by that of their mean, so that neither frequencies nor loudness
    tell the drums apart. Chance is 0.5.

    Args:
        drums: two drums of one spacing.
        generator: draws nodes and halves.
        modes: the number of the lowest modes whose amplitudes are known.
        strikes: the number of samples of each drum.
        splits: the number of random halves.
    """
    features = np.concatenate([_features(membrane_modes(drum, modes), drum, strikes, generator) for drum in drums])
    labels = np.repeat([0, 1], strikes)
    scores: list[ProbeScores] = [
        probe_across_images(features, labels, np.arange(2 * strikes), classes=2, generator=generator)
        for _ in range(splits)
    ]
    return PairProbe(np.array([score.accuracy for score in scores]), modes)


def _features(modes: Modes, drum: Drum, strikes: int, generator: np.random.Generator) -> Floats:
    """Return ``(strike, mode)``: the log amplitudes of random strikes and pick-ups, relative to their mean."""
    values = modes.shapes[:, drum.inside]  # (mode, node)
    nodes: npt.NDArray[np.int64] = generator.integers(values.shape[1], size=(2, strikes))
    amplitudes = np.abs(values[:, nodes[0]] * values[:, nodes[1]]).T
    smallest = 1e-12 * amplitudes.max()
    logs: Floats = np.log(np.maximum(amplitudes, smallest) / amplitudes.mean(axis=1, keepdims=True))
    return logs
