"""Phase singularities: the points about which a wave's phase turns, such as the centres of rotating waves.

Around the four sites of a plaquette the phase changes by a whole number of turns, the charge. In an analytic signal,
whose phase grows in time, a singularity of charge -1 is the centre of a wave that turns from +x towards +y, and has the
chirality +1. On a circular sheet the charges add up to 0 in every frame.

Source: the topological charge of phase singularities in excitable media, Winfree 1987 and Iyer & Gray 2001 (Annals of
Biomedical Engineering 29, 47); residues of wrapped phase, Goldstein, Zebker & Werner 1988.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.blocks import blocks
from drumhead.waves.sites import Bools, Boundary, Complexes, Floats, Spacing, check_boundary, check_spacing, phase_mask
from drumhead.waves.winding import Integers, Windings, bilinear_zeros, corners, windings


@short_repr
class Singularities(NamedTuple):
    """The phase singularities of a movie, ordered by frame, row and column."""

    frame: Integers
    """``(point,)``: the frame, from 0."""
    y: Floats
    """``(point,)``: the position along rows, in units of length; the first site is at 0."""
    x: Floats
    """``(point,)``: the position along columns, in units of length."""
    charge: Integers
    """``(point,)``: the turns of the phase around it, from +x towards +y; 1 or -1."""
    chirality: Integers
    """``(point,)``: +1 if the wave turns from +x towards +y, for a phase that grows in time; ``-charge``."""
    row: Integers
    """``(point,)``: the plaquette's first row."""
    column: Integers
    """``(point,)``: the plaquette's first column."""


def find_singularities(
    z: npt.ArrayLike,
    *,
    spacing: Spacing,
    valid: npt.ArrayLike | None = None,
    boundary: Boundary = "open",
    min_amplitude: float | None = None,
    ring: int = 1,
) -> Singularities:
    """Find the phase singularities of a complex movie.

    A plaquette is searched if all of its four sites have a phase. A singularity's position is the zero of the bilinear
    interpolation of ``z``; if every amplitude is 1, it is right to about 0.1 of a site along each axis.

    Args:
        z: complex movie, ``(time, y, x)``, such as an analytic signal.
        spacing: the length from row to row and from column to column.
        valid: the sites that may be used, ``(y, x)``; None: all.
        boundary: whether opposite edges are neighbours.
        min_amplitude: exclude plaquettes whose mean amplitude is below this share of the frame's median amplitude, in
            [0, 1]. None excludes none: at a true singularity the amplitude vanishes.
        ring: report only singularities with the same winding number around all squares of 2, 3, ... ``ring`` sites to
            each side of the plaquette's centre, which excludes close pairs of opposite charge, and those nearer to the
            edge or to a site without a phase; 1 excludes none.

    Raises:
        ValueError: for a movie that is not complex or not ``(time, y, x)``, or an argument out of its range.

    A wave that rotates from +x towards +y about (3.2, 4.7) in a frame of 7 x 9 sites:

    >>> y, x = np.mgrid[:7, :9]
    >>> found = find_singularities(((x - 4.7) - 1j * (y - 3.2))[None], spacing=1)
    >>> [float(each[0]) for each in (found.y, found.x, found.charge, found.chirality)]
    [3.2, 4.7, -1.0, 1.0]
    """
    movie, mask, boundary = _checked(z, valid, boundary)
    dy, dx = check_spacing(spacing)
    if min_amplitude is not None and not 0 <= min_amplitude <= 1:
        raise ValueError(f"min_amplitude, a share of the median amplitude, must be in [0, 1]; got {min_amplitude}")
    if not 1 <= ring <= min(movie.shape[1:]) / 2:
        raise ValueError(f"ring must be from 1 to half of the shorter side of {movie.shape[1:]} sites, got {ring}")
    found = []
    for block in blocks(len(movie), movie[0].size):
        charge = confirmed_windings(movie[block], mask[block], boundary=boundary, ring=ring).charge
        frame, row, column = np.nonzero(charge)
        if min_amplitude is not None:
            amplitude = np.where(mask[block], np.abs(movie[block]), np.nan)
            loud = _loud(amplitude, frame, row, column, min_amplitude)
            frame, row, column = frame[loud], row[loud], column[loud]
        found.append((frame + block.start, row, column, charge[frame, row, column]))
    frame, row, column, charge = (np.concatenate(each) for each in zip(*found, strict=True))
    v, u = bilinear_zeros(corners(movie, frame, row, column))
    return Singularities(frame, (row + v) * dy, (column + u) * dx, charge, -charge, row, column)


def ring_windings(
    z: npt.ArrayLike, *, radius: int, valid: npt.ArrayLike | None = None, boundary: Boundary = "open"
) -> Windings:
    """Return the winding numbers of the phase around squares of sites, whatever is inside the squares.

    They show a singularity in a hole of sites that are not valid, where no plaquette can.

    Args:
        z: complex movie, ``(time, y, x)``.
        radius: the outline has ``2 radius`` by ``2 radius`` sites; 1 is a plaquette.
        valid: the sites that may be used, ``(y, x)``; None: all.
        boundary: whether opposite edges are neighbours.

    Returns:
        The winding numbers by frame and by the plaquette in the middle of the square, and where they are defined.

    Raises:
        ValueError: for a movie that is not complex or not ``(time, y, x)``, or squares that do not fit on it.
    """
    movie, mask, boundary = _checked(z, valid, boundary)
    return windings(movie, mask, boundary=boundary, radius=radius)


def confirmed_windings(z: Complexes, mask: Bools, *, boundary: Boundary, ring: int) -> Windings:
    """Return the winding numbers of plaquettes, 0 where a square around one has another, up to radius ``ring``."""
    charge, defined = windings(z, mask, boundary=boundary)
    for radius in range(2, ring + 1):
        around = windings(z, mask, boundary=boundary, radius=radius)
        charge = np.where(around.defined & (around.charge == charge), charge, 0)
    return Windings(charge, defined)


def _checked(z: npt.ArrayLike, valid: npt.ArrayLike | None, boundary: Boundary) -> tuple[Complexes, Bools, Boundary]:
    """Return the movie, where it has a phase, and the boundary."""
    movie = np.asarray(z)
    if movie.ndim != 3 or 0 in movie.shape or min(movie.shape[1:]) < 2:
        raise ValueError(f"a movie (time, y, x) with at least 2 rows and 2 columns is needed, got shape {movie.shape}")
    return movie, phase_mask(movie, valid), check_boundary(boundary)


def _loud(amplitude: Floats, frame: Integers, row: Integers, column: Integers, share: float) -> Bools:
    """Return which plaquettes' mean amplitude is at least a share of the frame's median amplitude."""
    frames = np.unique(frame)
    medians = np.zeros(len(amplitude))
    medians[frames] = np.nanmedian(amplitude[frames].reshape(len(frames), -1), axis=1)
    loud: Bools = corners(amplitude, frame, row, column).mean(axis=(1, 2)) >= share * medians[frame]
    return loud
