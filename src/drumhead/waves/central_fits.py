"""Fits of target and rotating waves to the phases of each frame.

As :func:`drumhead.waves.fit_plane` does for plane waves, they maximise the resultant length R of the phasors times the
conjugate of a wave, and report the gain of R over synchrony. The waves are those of
:mod:`drumhead.waves.central_waves`; their centres are on the array or up to one array size beyond its edges, and their
wave numbers are below the Nyquist wave number of the coarser axis.

R is the largest that was found. For a grid of up to 13 x 13 sites, or for up to about 200 scattered sites, every wave
of a lattice is tried; for more scattered sites, the longer ones. For a larger grid, long waves are tried on averages
over blocks, and shorter ones are found if the phase differences between neighbouring sites show them.

References: Muller et al. 2016 (rotating waves), Davis et al. 2020 (target waves).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.ascent import Maxima
from drumhead.waves.central_search import (
    BLOCK_LIMIT,
    MOST_BLOCKS,
    WHOLE_GRID,
    Bank,
    LinkBank,
    divide,
)
from drumhead.waves.central_waves import REACH, Limits, climb, climb_links, conjugate_wave
from drumhead.waves.fits import gain
from drumhead.waves.phasors import PhaseMovie, Places, phase_movie
from drumhead.waves.sites import LEAST_SITES, Complexes, Floats, Spacing

STARTS = 3
"""The waves of the lattice from which each fit is refined."""
SITE_VALUES = 2**19
"""The number of sites times frames in a block of frames."""
BLOCK_ROUNDS = 12
"""The most steps of an ascent on blocks, which need not be exact."""
LAST_ROUNDS = 2
"""The steps of the last ascent on a large grid, whose start is already close."""


@short_repr
class TargetFit(NamedTuple):
    """The target wave that fits the phases of each frame best; NaN in frames with fewer than 3 phases."""

    y: Floats
    """``(time,)``: of the centre, in units of length, from the first row, or in the coordinates of the positions."""
    x: Floats
    """``(time,)``."""
    k: Floats
    """``(time,)``, radians per length: above 0 a source, below 0 a sink, for a phase that grows in time."""
    resultant: Floats
    """``(time,)``, R: 1 for a perfect target wave."""
    synchrony: Floats
    """``(time,)``, R_0: 1 if all sites have the same phase."""
    gain: Floats
    """``(time,)``: the share of what synchrony leaves unexplained."""


@short_repr
class RotationFit(NamedTuple):
    """The rotating wave that fits the phases of each frame best; NaN in frames with fewer than 3 phases."""

    y: Floats
    """``(time,)``: of the centre, in units of length, from the first row, or in the coordinates of the positions."""
    x: Floats
    """``(time,)``."""
    k: Floats
    """``(time,)``: the radial wave number, radians per length. With one that is not 0 the wave is a spiral, whose arms
    move outwards for k > 0."""
    charge: Floats
    """``(time,)``, -1 or 1: the winding number of the phase about the centre, from +x towards +y."""
    resultant: Floats
    """``(time,)``, R: 1 for a perfect rotating wave."""
    synchrony: Floats
    """``(time,)``, R_0: 1 if all sites have the same phase."""
    gain: Floats
    """``(time,)``: the share of what synchrony leaves unexplained."""

    @property
    def chirality(self) -> Floats:
        """+1 if the wave turns from +x towards +y, for a phase that grows in time: ``-charge``."""
        return -self.charge


def fit_target(
    z: npt.ArrayLike,
    *,
    spacing: Spacing | None = None,
    positions: npt.ArrayLike | None = None,
    valid: npt.ArrayLike | None = None,
) -> TargetFit:
    """Fit a target wave to the phases of each frame.

    Args:
        z: complex, of which only the phase matters: ``(time, y, x)`` with ``spacing``, or ``(time, site)`` with
            ``positions``. A phase that is not finite, or 0, is missing from its frame.
        spacing: of a grid, ``(dy, dx)`` or one length.
        positions: of scattered sites, ``(site, 2)``, each (y, x).
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: as :func:`drumhead.waves.fit_plane`.

    >>> from drumhead.waves import Grid, target_wave
    >>> grid = Grid(frames=1)
    >>> fit = fit_target(target_wave(grid, centre=(2.6, 4.3), wave_number=-2.5), spacing=grid.spacing)
    >>> [round(float(each[0]), 6) for each in (fit.y, fit.x, fit.k, fit.resultant)]
    [2.6, 4.3, -2.5, 1.0]
    """
    movie = phase_movie(z, spacing=spacing, positions=positions, valid=valid)
    (y, x, k), _, resultant, synchrony = _fit(movie, charges=(0,))
    return TargetFit(y, x, k, resultant, synchrony, gain(resultant, synchrony))


def fit_rotation(
    z: npt.ArrayLike,
    *,
    spacing: Spacing | None = None,
    positions: npt.ArrayLike | None = None,
    valid: npt.ArrayLike | None = None,
) -> RotationFit:
    """Fit a rotating wave to the phases of each frame.

    The arguments and errors are those of :func:`fit_target`.

    >>> from drumhead.waves import Grid, rotating_wave
    >>> grid = Grid(frames=1)
    >>> fit = fit_rotation(rotating_wave(grid, centre=(2.6, 4.3), chirality=-1), spacing=grid.spacing)
    >>> [round(float(each[0]), 6) for each in (fit.y, fit.x, fit.chirality, fit.resultant)]
    [2.6, 4.3, -1.0, 1.0]
    """
    movie = phase_movie(z, spacing=spacing, positions=positions, valid=valid)
    (y, x, k), charge, resultant, synchrony = _fit(movie, charges=(-1, 1))
    return RotationFit(y, x, k, charge, resultant, synchrony, gain(resultant, synchrony))


class _Fitted(NamedTuple):
    parameters: Floats
    """``(3, time)``: y, x and k in units of length."""
    charge: Floats
    resultant: Floats
    synchrony: Floats


def _fit(movie: PhaseMovie, charges: tuple[int, ...]) -> _Fitted:
    """Fit waves of the given charges to each frame, and keep the best."""
    places, counts = movie.places, movie.counts
    unit = float(places.extent.max()) / 2
    points = (places.positions - places.centre) / unit
    limits = Limits(REACH * places.extent / (2 * unit), float(places.nyquist.min()) * unit)
    search = (_GridSearch if _is_large(places) else _SiteSearch)(points, places, charges, limits)
    parameters, charge, sizes, sums = (np.empty((len(counts), 3)), *np.empty((3, len(counts))))
    for part, u in movie.blocks(max(1, SITE_VALUES // len(points))):
        parameters[part], charge[part], sizes[part] = search.best(u)
        sums[part] = np.abs(u.reshape(len(u), -1).sum(axis=1))
    least = np.where(counts >= LEAST_SITES, counts, np.nan)
    centre = places.centre + unit * parameters[:, :2]
    in_units = np.where(np.isnan(least), np.nan, np.column_stack([centre, parameters[:, 2] / unit]).T)
    return _Fitted(in_units, np.where(np.isnan(least), np.nan, charge), sizes / least, sums / least)


def _is_large(places: Places) -> bool:
    return places.grid is not None and max(places.grid) > WHOLE_GRID and min(places.grid) > 1


class _SiteSearch:
    """The search on the sites themselves."""

    def __init__(self, points: Floats, places: Places, charges: tuple[int, ...], limits: Limits) -> None:
        self.points, self.limits = points[places.used], limits
        self.used = places.used
        self.banks = {charge: Bank(self.points, charge, limits, largest_k=limits.k) for charge in charges}

    def best(self, u: Complexes) -> tuple[Floats, Floats, Floats]:
        """Return the best parameters ``(frame, 3)``, charges and values for phasors of a block of frames."""
        phasors = u.reshape(len(u), -1)[:, self.used]
        found = {
            charge: climb(phasors, self.points, charge, bank.best(phasors, STARTS), self.limits)
            for charge, bank in self.banks.items()
        }
        return _best_charge(found)


class _GridSearch:
    """The search on blocks of a large grid, and on the phase differences between its sites."""

    def __init__(self, points: Floats, places: Places, charges: tuple[int, ...], limits: Limits) -> None:
        assert places.grid is not None
        self.points, self.limits = points, limits
        sizes = [max(1, round(length / MOST_BLOCKS)) for length in places.grid]
        height, width = (-(-length // size) for length, size in zip(places.grid, sizes, strict=True))
        self.blocks = divide(places.grid, (height, width))
        self.block_points = self.blocks.centres(points.reshape(*places.grid, 2))
        step = points.reshape(*places.grid, 2)[1, 1] - points[0]
        largest_k = BLOCK_LIMIT * np.pi / max(step * sizes)
        self.banks = {charge: Bank(self.block_points, charge, limits, largest_k=largest_k) for charge in charges}
        self.link_bank = LinkBank(points.reshape(*places.grid, 2), limits)

    def best(self, u: Complexes) -> tuple[Floats, Floats, Floats]:
        """Return the best parameters ``(frame, 3)``, charges and values for phasors of a block of frames."""
        averages = np.asarray(self.blocks.sums(u))
        links = self.link_bank.links(u)
        short = self.link_bank.best(links)
        found = {}
        for charge, bank in self.banks.items():
            long = self._climb_blocks(averages, charge, bank.best(averages, STARTS))
            by_links = climb_links(links, self.link_bank.ends, charge, short, self.limits).best()[0]
            found[charge] = _joined(long, self._climb_demodulated(u, charge, by_links))
        parameters, charges, _ = _best_charge(found)
        return self._climb_sites(u, parameters, charges)

    def _climb_blocks(self, phasors: Complexes, charge: int, start: Floats) -> Maxima:
        """Climb on one phasor for each block."""
        return climb(phasors, self.block_points, charge, start, self.limits, rounds=BLOCK_ROUNDS)

    def _climb_demodulated(self, u: Complexes, charge: int, start: Floats) -> Maxima:
        """Climb on the sums over blocks of the phasors with the start's wave removed, then put back at the centres.

        The start need not be right to within a cycle across the array: the differences between blocks come first.
        """
        phasors = self._demodulated(u, charge, start) * conjugate_wave(start, charge, self.block_points).conj()
        linked = climb_links(*self._block_links(phasors), charge, start[:, None], self.limits).best()[0]
        return self._climb_blocks(phasors, charge, np.stack([start, linked], axis=1))

    def _demodulated(self, u: Complexes, charge: int, start: Floats) -> Complexes:
        """Return the sums over blocks of the phasors times the conjugate of a wave, ``(frame, block)``."""
        waves = conjugate_wave(start, charge, self.points).reshape(u.shape)
        return np.asarray(self.blocks.sums(u * waves))

    def _block_links(self, phasors: Complexes) -> tuple[Complexes, tuple[Floats, Floats]]:
        """Return ``u_b conj(u_a)`` of neighbouring blocks, ``(frame, link)``, and the points a and b."""
        shape = len(self.blocks.rows), len(self.blocks.columns)
        u, points = phasors.reshape(-1, *shape), self.block_points.reshape(*shape, 2)
        links = u[:, 1:] * u[:, :-1].conj(), u[:, :, 1:] * u[:, :, :-1].conj()
        ends = (points[:-1], points[:, :-1]), (points[1:], points[:, 1:])
        return (
            np.concatenate([each.reshape(len(u), -1) for each in links], axis=1),
            (
                np.concatenate([each.reshape(-1, 2) for each in ends[0]]),
                np.concatenate([each.reshape(-1, 2) for each in ends[1]]),
            ),
        )

    def _climb_sites(self, u: Complexes, parameters: Floats, charges: Floats) -> tuple[Floats, Floats, Floats]:
        """Climb on the phasors of all sites."""
        sizes = np.empty(len(u))
        for charge in self.banks:
            chosen = np.flatnonzero(charges == charge)
            if len(chosen):
                phasors, start = u[chosen].reshape(len(chosen), -1), parameters[chosen][:, None]
                last = climb(phasors, self.points, charge, start, self.limits, rounds=LAST_ROUNDS)
                parameters[chosen], sizes[chosen] = last.best()
        return parameters, charges, sizes


def _joined(*maxima: Maxima) -> Maxima:
    """Return the maxima from all starts."""
    return Maxima(*(np.concatenate(each, axis=1) for each in zip(*maxima, strict=True)))


def _best_charge(found: dict[int, Maxima]) -> tuple[Floats, Floats, Floats]:
    """Return the parameters, charge and value of the best wave of each frame."""
    charges = np.array(list(found), np.float64)
    parameters, values = (np.stack(each) for each in zip(*(maxima.best() for maxima in found.values()), strict=True))
    chosen = values.argmax(axis=0)
    frames = np.arange(len(chosen))
    return parameters[chosen, frames], charges[chosen], values[chosen, frames]
