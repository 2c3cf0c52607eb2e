"""Whether the waves of a frame go one way, and where and how fast: direction, speed, wavelength and PGD.

With ``<>`` the mean over sites, ``g`` the gradient of phase and ``w = 2 pi f`` the angular frequency of each site
(Rubino, Robbins & Hatsopoulos 2006, Nature Neuroscience 9):

- ``PGD = |<g>| / <|g|>``, phase gradient directionality, from 0 to 1: 1 for a plane wave;
- wave vector ``k = -sign<w> <g>``, direction ``atan2(k_y, k_x)``, wavelength ``2 pi / |k|``;
- ``speed = |<w>| / |<g>|``. Noise in the phases hardly changes it, while it lowers ``<|w|> / <|g|>`` and moves the mean
  and the median of the local speeds: noise lengthens the gradients.

A PGD has no threshold: that of independent random phases has a 95 % quantile of 0.61 on 4 x 4 sites, 0.26 on 10 x 10
and 0.08 on 32 x 32. Surrogates (:func:`drumhead.waves.surrogate_test`) say what chance gives for the movie at hand.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.blocks import blocks
from drumhead.waves.frequency import frame_frequency
from drumhead.waves.gradient import check_complex_grid, phase_gradient
from drumhead.waves.sites import Bools, Boundary, Floats, Spacing, check_dt, check_spacing, phase_mask

Weights = Literal["none", "amplitude"]
"""Whether all sites count the same, or each by its squared amplitude."""

RESOLVED_CYCLES = 0.1
"""The least number of cycles of a wave along the diagonal of the array for its speed to be resolved."""


@short_repr
class Travel(NamedTuple):
    """What the waves of each frame have in common; every field is ``(time,)``."""

    direction: Floats
    """The direction in which they go, in radians from +x towards +y, in [-pi, pi]; NaN if the wave is not resolved."""
    speed: Floats
    """Length per time, at least 0; NaN if the wave is not resolved: synchrony, not an infinitely fast wave."""
    wavelength: Floats
    """Length; NaN if the wave is not resolved."""
    frequency: Floats
    """The mean frequency, in cycles per time; NaN in the first and the last frame."""
    pgd: Floats
    """Phase gradient directionality, 0 to 1."""
    synchrony: Floats
    """``|<z / |z|>|``, 0 to 1: 1 if all sites have the same phase."""
    g_y: Floats
    """The mean gradient of phase along growing rows, in radians per length."""
    g_x: Floats
    """The mean gradient along growing columns."""
    sites: npt.NDArray[np.int64]
    """The number of sites used: those with a phase and a gradient along both axes."""


@short_repr
class DirectionSummary(NamedTuple):
    """The mean of directions on the circle."""

    mean: float
    """In radians, in [-pi, pi]; NaN without any direction."""
    resultant: float
    """The length of the mean of the unit vectors, 0 to 1: 1 if all directions are the same."""
    counted: int
    """The number of directions that are not NaN."""


def travel(
    z: npt.ArrayLike,
    *,
    dt: float,
    spacing: Spacing,
    boundary: Boundary = "open",
    valid: npt.ArrayLike | None = None,
    weights: Weights = "none",
    smooth: float = 0.0,
) -> Travel:
    """Return direction, speed, wavelength, frequency, PGD and synchrony of each frame.

    A wave is resolved if its wavelength is at most 10 times the diagonal of the valid sites and its frequency known.

    Args:
        z: complex, ``(time, y, x)``, at least 3 frames.
        dt: the time from frame to frame.
        spacing: ``(dy, dx)``, the length from row to row and from column to column.
        boundary: whether opposite edges are neighbours.
        valid: the sites that may be used; None: all.
        weights: whether sites count by their squared amplitude.
        smooth: as in :func:`drumhead.waves.phase_gradient`.

    Raises:
        ValueError: for a movie that is not complex and ``(time, y, x)``, fewer than 3 frames, a ``dt`` or spacing that
            is not above 0, or if no site has neighbours along both axes, as in an array of one row.

    >>> from drumhead.waves import Grid, plane_wave
    >>> wave = plane_wave(Grid(dt=0.01, spacing=(0.5, 0.4)), wave_vector=(-1.5, -2.0), frequency=10)
    >>> result = travel(wave, dt=0.01, spacing=(0.5, 0.4))
    >>> [round(float(each[1]), 6) for each in (result.direction, result.speed, result.wavelength, result.pgd)]
    [-2.498092, 25.132741, 2.513274, 1.0]
    """
    movie = check_complex_grid(z, least_frames=3)
    dt, spacing = check_dt(dt), check_spacing(spacing)
    if weights not in ("none", "amplitude"):
        raise ValueError(f"weights must be 'none' or 'amplitude', got {weights!r}")
    parts = []
    for block in blocks(len(movie), movie[0].size):
        around = slice(max(block.start - 1, 0), min(block.stop + 1, len(movie)))
        inner = slice(block.start - around.start, block.stop - around.start)
        frames, frequencies = movie[block], _block_frequency(movie[around], dt=dt)[inner]
        gradient = phase_gradient(frames, spacing=spacing, boundary=boundary, valid=valid, smooth=smooth)
        mask = phase_mask(frames, valid) & np.isfinite(gradient.g_y) & np.isfinite(gradient.g_x)
        weight = np.where(mask, np.abs(frames) ** 2 if weights == "amplitude" else 1.0, 0.0)
        phasors = np.divide(frames, np.abs(frames), out=np.zeros_like(frames), where=mask)
        parts.append(
            (
                _mean(gradient.g_y, weight, mask),
                _mean(gradient.g_x, weight, mask),
                _mean(np.hypot(gradient.g_y, gradient.g_x), weight, mask),
                _mean(frequencies, weight, mask & np.isfinite(frequencies)),
                np.hypot(_mean(phasors.real, weight, mask), _mean(phasors.imag, weight, mask)),
                mask.sum(axis=(1, 2)),
            )
        )
    g_y, g_x, length, frequency, synchrony, sites = (np.concatenate(each) for each in zip(*parts, strict=True))
    if not sites.any():
        _raise_without_gradient(movie.shape, phase_mask(movie, valid))
    return _summarise(g_y, g_x, length, frequency, synchrony, sites, _diagonal(phase_mask(movie, valid), spacing))


def directionality(
    z: npt.ArrayLike,
    *,
    spacing: Spacing,
    boundary: Boundary = "open",
    valid: npt.ArrayLike | None = None,
    smooth: float = 0.0,
) -> Floats:
    """Return the PGD of each frame, as :func:`travel` does, and nothing else: the statistic for surrogates.

    Args:
        z: complex, ``(time, y, x)``.
        spacing: ``(dy, dx)``, the length from row to row and from column to column.
        boundary: whether opposite edges are neighbours.
        valid: the sites that may be used; None: all.
        smooth: as in :func:`drumhead.waves.phase_gradient`.

    Raises:
        ValueError: as :func:`drumhead.waves.phase_gradient`.

    >>> from drumhead.waves import Grid, plane_wave
    >>> directionality(plane_wave(Grid(frames=2)), spacing=(0.5, 0.4)).round(9)
    array([1., 1.])
    """
    movie = check_complex_grid(z)
    pgd = np.empty(len(movie))
    for block in blocks(len(movie), movie[0].size):
        g_y, g_x = phase_gradient(movie[block], spacing=spacing, boundary=boundary, valid=valid, smooth=smooth)
        mask = np.isfinite(g_y) & np.isfinite(g_x)
        weight = np.ones(mask.shape)
        size = np.hypot(_mean(g_y, weight, mask), _mean(g_x, weight, mask))
        pgd[block] = _ratio(size, _mean(np.hypot(g_y, g_x), weight, mask))
    return pgd


def local_speed(
    z: npt.ArrayLike,
    *,
    dt: float,
    spacing: Spacing,
    boundary: Boundary = "open",
    valid: npt.ArrayLike | None = None,
    smooth: float = 0.0,
) -> Floats:
    """Return the map ``|w| / |g|`` of each site's speed, ``(time, y, x)`` in length per time; for looking at.

    Its mean says little, since noise in the phases lengthens the gradients; :func:`travel` has the speed of a frame.
    The first and the last frame are NaN.
    """
    movie = check_complex_grid(z, least_frames=3)
    gradient = phase_gradient(movie, spacing=spacing, boundary=boundary, valid=valid, smooth=smooth)
    length = np.hypot(gradient.g_y, gradient.g_x)
    omega = 2 * np.pi * np.abs(frame_frequency(movie, dt=dt))
    speed: Floats = np.divide(omega, length, out=np.full_like(length, np.nan), where=length > 0)
    return speed


def summarise_directions(directions: npt.ArrayLike) -> DirectionSummary:
    """Return the circular mean of directions in radians and how much they agree; NaN are left out.

    >>> mean, resultant, count = summarise_directions([3.0, -3.0, np.nan])
    >>> round(abs(mean), 6), round(resultant, 6), count
    (3.141593, 0.989992, 2)
    """
    angles = np.asarray(directions, np.float64).ravel()
    angles = angles[np.isfinite(angles)]
    if not len(angles):
        return DirectionSummary(float("nan"), float("nan"), 0)
    total = np.exp(1j * angles).mean()
    return DirectionSummary(float(np.angle(total)), float(abs(total)), len(angles))


def _block_frequency(z: npt.NDArray[np.complex128], *, dt: float) -> Floats:
    """Return the frequency of each frame of a block that has a frame more at each end, where there is one."""
    return frame_frequency(z, dt=dt) if len(z) > 2 else np.full(z.shape, np.nan)


def _mean(values: Floats, weight: Floats, mask: Bools) -> Floats:
    """Return the weighted mean over the sites of each frame that are in the mask; NaN if there are none."""
    weight = np.where(mask, weight, 0)
    total = weight.sum(axis=(1, 2))
    summed = (weight * np.where(mask, values, 0)).sum(axis=(1, 2))
    mean: Floats = np.divide(summed, total, out=np.full(len(total), np.nan), where=total > 0)
    return mean


def _summarise(
    g_y: Floats,
    g_x: Floats,
    length: Floats,
    frequency: Floats,
    synchrony: Floats,
    sites: npt.NDArray[np.int64],
    diagonal: float,
) -> Travel:
    """Return the quantities of each frame from its means."""
    size = np.hypot(g_y, g_x)
    resolved = (size >= RESOLVED_CYCLES * 2 * np.pi / diagonal) & (np.abs(frequency) > 0)
    sign = -np.sign(frequency)
    direction = np.where(resolved, np.arctan2(sign * g_y, sign * g_x), np.nan)
    safe = np.where(resolved, size, np.nan)
    pgd = _ratio(size, length)
    return Travel(
        direction, 2 * np.pi * np.abs(frequency) / safe, 2 * np.pi / safe, frequency, pgd, synchrony, g_y, g_x, sites
    )


def _ratio(size: Floats, length: Floats) -> Floats:
    """Return the PGD from its numerator and denominator: 0 if there is no gradient at any site."""
    ratio: Floats = np.divide(size, length, out=np.zeros_like(size), where=~(length == 0))
    return ratio


def _diagonal(mask: Bools, spacing: tuple[float, float]) -> float:
    """Return the diagonal of the rectangle around all sites that ever have a phase, between the outermost sites."""
    rows, columns = (np.flatnonzero(mask.any(axis=axes)) for axes in ((0, 2), (0, 1)))
    return float(np.hypot(spacing[0] * np.ptp(rows), spacing[1] * np.ptp(columns)))


def _raise_without_gradient(shape: tuple[int, ...], mask: Bools) -> None:
    """Say why no site has a gradient along both axes."""
    raise ValueError(
        f"a direction needs sites with valid neighbours along both axes; of {shape[1]} x {shape[2]} sites, "
        f"{int(mask.any(axis=0).sum())} have a phase and none has such neighbours. "
        "For an array of one row or column, a travelling spectrum shows which way waves go"
    )
