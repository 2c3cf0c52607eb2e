"""Where the search for a wave about a centre begins: the best waves of a lattice of centres and wave numbers.

A lattice that is fine enough for every wave on every site is affordable for small arrays only. A large grid is
therefore averaged over blocks, which leaves long waves. Short ones are found by the phase differences between
neighbouring sites: summed over a block, they give its local wave vector whatever the phase, and a coarse lattice
suffices for them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.waves.central_waves import REACH, Limits, Singles, conjugate_wave, derivatives
from drumhead.waves.sites import Complexes, Floats

WHOLE_GRID = 13
"""Grids of at most this number of rows and columns are not averaged over blocks."""
MOST_BLOCKS = 10
"""The blocks along an axis of other grids, about."""
BANK_VALUES = 2**24
"""The most values of a lattice of waves; shorter waves are left out. It is enough for about 200 sites."""
LINK_BLOCK = 5
"""The least rows and columns of a block over which phase differences are summed."""
BLOCK_LIMIT = 0.6
"""The largest wave number of block averages, as a share of ``pi`` over the size of a block."""
CENTRE_STEP = 1.5
"""The step from centre to centre, in radians of phase at the wave number."""
K_STEP = 1.5
"""The step from wave number to wave number, in radians of phase per half size of the array."""
LONGEST_CENTRE_STEP = {0: 0.7, -1: 0.35, 1: 0.35}
"""By charge: the step for waves so long that only the direction to the centre matters."""
LINK_CENTRE_STEP = 0.2
"""The step from centre to centre in the lattice for phase differences."""
LINK_K_STEP = 0.4
"""The step from wave number to wave number in the lattice for phase differences, in radians per site."""


class Blocks(NamedTuple):
    """A division of a grid into rectangles of nearly equal size."""

    rows: npt.NDArray[np.intp]
    """The first row of each."""
    columns: npt.NDArray[np.intp]
    """The first column of each."""
    shape: tuple[int, int]
    """The rows and columns of the grid."""

    def sums(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the sum over each block of ``(..., y, x)``: ``(..., block)``."""
        along_y = np.add.reduceat(values, self.rows, axis=-2)
        blocks = np.add.reduceat(along_y, self.columns, axis=-1)
        return blocks.reshape(*blocks.shape[:-2], -1)

    def centres(self, positions: Floats) -> Floats:
        """Return the mean position of each block, ``(block, 2)``; ``positions`` is ``(y, x, 2)``."""
        return np.asarray(self.sums(np.moveaxis(positions, -1, 0)) / self.sums(np.ones(self.shape))).T


def divide(shape: tuple[int, int], count: tuple[int, int]) -> Blocks:
    """Return the division of a grid into the given number of rows and columns of blocks."""
    rows, columns = (
        np.linspace(0, length, parts + 1).astype(np.intp)[:-1] for length, parts in zip(shape, count, strict=True)
    )
    return Blocks(rows, columns, shape)


class Bank:
    """Waves of one charge on a lattice, to be compared with phasors at points."""

    def __init__(self, points: Floats, charge: int, limits: Limits, *, largest_k: float) -> None:
        self.parts: list[tuple[Floats, Singles]] = []
        """Lattices ``(wave, 3)`` of one wave number each, with ``exp(-i phi)``, ``(point, wave)``."""
        k_lattice = np.arange(0, max(largest_k, K_STEP) + K_STEP / 2, K_STEP)
        values = 0
        for k in [each * sign for each in k_lattice for sign in (1, -1)][1 if charge else 2 :]:
            step = min(CENTRE_STEP / max(abs(k), 1e-9), LONGEST_CENTRE_STEP[charge])
            centres = _centre_lattice(limits.centre / REACH, step)
            values += len(centres) * len(points)
            if values > BANK_VALUES:
                break
            parameters = np.column_stack([centres, np.full(len(centres), min(max(k, -limits.k), limits.k))])
            self.parts.append((parameters, conjugate_wave(parameters, charge, points).T.copy()))

    def best(self, u: Complexes, count: int) -> Floats:
        """Return the best waves for phasors ``(frame, point)``, of different k: ``(frame, count, 3)``."""
        single = u.astype(np.complex64)
        frames = np.arange(len(u))
        found, sizes = np.empty((len(u), len(self.parts), 3)), np.empty((len(u), len(self.parts)))
        for index, (parameters, waves) in enumerate(self.parts):
            size = np.abs(single @ waves)
            chosen = size.argmax(axis=1)
            found[:, index], sizes[:, index] = parameters[chosen], size[frames, chosen]
        order = np.argsort(-sizes, axis=1)[:, :count]
        best: Floats = found[frames[:, None], order]
        return best


class LinkBank:
    """Target waves on a coarse lattice, to be compared with the phase differences between neighbouring sites."""

    def __init__(self, positions: Floats, limits: Limits) -> None:
        """``positions`` is ``(y, x, 2)``."""
        height, width, _ = positions.shape
        site_steps = np.diag(positions[1, 1] - positions[0, 0])  # from row to row, and from column to column
        self.divisions: list[Blocks] = []
        ends: list[tuple[Floats, Floats]] = []
        for shape, site_step in zip([(height - 1, width), (height, width - 1)], site_steps, strict=True):
            blocks = divide(shape, (_link_blocks(height), _link_blocks(width)))
            first = blocks.centres(positions[: shape[0], : shape[1]])
            self.divisions.append(blocks)
            ends.append((first, first + site_step))
        self.ends = np.concatenate([a for a, _ in ends]), np.concatenate([b for _, b in ends])
        shortest = float(site_steps.max(axis=1).min())
        centres = _centre_lattice(limits.centre / REACH, LINK_CENTRE_STEP)
        k_lattice = np.arange(0.5, limits.k * shortest / LINK_K_STEP) * LINK_K_STEP / shortest
        k = np.concatenate([-k_lattice, k_lattice])
        self.parameters = np.column_stack([np.tile(centres, (len(k), 1)), np.repeat(k, len(centres))])
        waves = []
        for site_step, (a, b) in zip(site_steps, ends, strict=True):
            slopes = derivatives(self.parameters, 0, (a + b) / 2).slopes[:, :2]  # minus the gradient of the phase
            waves.append(np.exp(1j * np.einsum("wdp,d->wp", slopes, site_step)))
        self.waves = np.concatenate(waves, axis=1).T.astype(np.complex64)

    def links(self, u: Complexes) -> Complexes:
        """Return ``u_b conj(u_a)`` summed over blocks, ``(frame, link)``, for phasors ``(frame, y, x)``."""
        along_y, along_x = u[:, 1:] * u[:, :-1].conj(), u[:, :, 1:] * u[:, :, :-1].conj()
        summed = [blocks.sums(each) for blocks, each in zip(self.divisions, (along_y, along_x), strict=True)]
        return np.concatenate(summed, axis=1)

    def best(self, links: Complexes) -> Floats:
        """Return the wave that fits best, ``(frame, 1, 3)``."""
        chosen = (links.astype(np.complex64) @ self.waves).real.argmax(axis=1)
        best: Floats = self.parameters[chosen][:, None]
        return best


def _link_blocks(length: int) -> int:
    return max(1, min(MOST_BLOCKS, length // LINK_BLOCK))


def _centre_lattice(half_sizes: Floats, step: float) -> Floats:
    """Return centres at most ``REACH`` half sizes from the middle, sparser beyond the edges, ``(centre, 2)``."""
    axes = []
    for half in half_sizes:
        inner = int(np.ceil(2 * half / step)) + 1
        outer = int(np.ceil((REACH - 1) * half / (1.6 * step)))
        beyond = half + (REACH - 1) * half * np.arange(1, outer + 1) / outer
        axes.append(np.concatenate([-beyond[::-1], np.linspace(-half, half, inner), beyond]))
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
