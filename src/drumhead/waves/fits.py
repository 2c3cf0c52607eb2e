r"""Fits of a plane wave to the phases of each frame, and the share of the phase that it explains.

For the unit phasors ``u_s = z_s / |z_s|`` at positions ``r_s``, the fit maximises the resultant length

    R(k) = |mean_s u_s exp(i k.r_s)|,      0 <= R <= 1,

which is 1 for the plane wave ``exp(i (Omega t - k.r))``, over wave vectors below the spacing's Nyquist wave number. It
is the maximum-likelihood estimate for phase errors of a von Mises distribution. A long wave has a large R without any
k, so the **gain** compares it with the synchrony ``R_0 = R(0)``:

    gain = (R^2 - R_0^2) / (1 - R_0^2),

the share of what synchrony leaves unexplained, at most 1. By chance it is about ``log(n) / n`` for n sites.

The search is over a lattice fine enough that a maximum lies near one of its points: for a grid of sites this is one
Fourier transform per frame. The best of them are refined by Newton's method.

Reference: Zhang et al. 2018 (plane waves as a circular-linear regression).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import fft

from drumhead.short_repr import short_repr
from drumhead.waves.ascent import Evaluate, Evaluation, ascend, uphill
from drumhead.waves.phasors import Places, phase_movie
from drumhead.waves.sites import LEAST_SITES, Complexes, Floats, Spacing

Moments: TypeAlias = Callable[[npt.NDArray[np.intp], Floats], Complexes]
"""``(frame index (n,), scaled wave vectors (n, start, 2)) -> (n, start, 6)``: sums over sites of ``u exp(i k.r)`` times
1, y, x, y^2, y x and x^2."""

STARTS = 3
"""The number of lattice points from which each frame's fit is refined."""
BLOCK = 2**20
"""The number of complex values of the lattice search that are in memory at once."""
LONGEST_STEP = 1.0
"""Of Newton's method, in radians of phase at the edge of the array. A maximum of R is about 3 wide."""
SYNCHRONOUS = 1 - 1e-12
"""The synchrony above which there is nothing left to explain."""


@short_repr
class PlaneFit(NamedTuple):
    """The plane wave that fits the phases of each frame best; NaN in frames with fewer than 3 phases."""

    k_y: Floats
    """``(time,)``, radians per length; the wave goes where the wave vector points, for a phase that grows in time."""
    k_x: Floats
    """``(time,)``."""
    resultant: Floats
    """``(time,)``, R: 1 for a perfect plane wave, about ``exp(-s^2 / 2)`` for normal phase errors of s.d. ``s``."""
    synchrony: Floats
    """``(time,)``, R_0: 1 if all sites have the same phase."""
    gain: Floats
    """``(time,)``: the share of what synchrony leaves unexplained; NaN if the synchrony is 1."""

    @property
    def direction(self) -> Floats:
        """Where the wave goes: radians from +x towards +y, ``(time,)``."""
        return np.arctan2(self.k_y, self.k_x)

    @property
    def wave_number(self) -> Floats:
        """``|k|`` in radians per length, ``(time,)``; the wavelength is ``2 pi / |k|``."""
        return np.hypot(self.k_y, self.k_x)


def fit_plane(
    z: npt.ArrayLike,
    *,
    spacing: Spacing | None = None,
    positions: npt.ArrayLike | None = None,
    valid: npt.ArrayLike | None = None,
) -> PlaneFit:
    """Fit a plane wave to the phases of each frame.

    Args:
        z: complex, of which only the phase matters: ``(time, y, x)`` with ``spacing``, or ``(time, site)`` with
            ``positions``. A phase that is not finite, or 0, is missing from its frame.
        spacing: of a grid, ``(dy, dx)`` or one length. Wave numbers are below ``pi / spacing`` on each axis.
        positions: of scattered sites, ``(site, 2)``, each (y, x). Wave numbers are below ``pi`` over the median
            distance of a site to its nearest neighbour.
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: if the arguments do not fit, or the sites that have a phase are fewer than 3 or on a line.

    >>> from drumhead.waves import plane_wave
    >>> fit = fit_plane(plane_wave(wave_vector=(-1.1, -2.3)), spacing=(0.5, 0.4))
    >>> [round(float(each[0]), 6) for each in (fit.k_y, fit.k_x, fit.resultant)]
    [-1.1, -2.3, 1.0]
    """
    movie = phase_movie(z, spacing=spacing, positions=positions, valid=valid)
    places, counts = movie.places, movie.counts
    scale = 2 / places.extent  # of positions, so that they reach from -1 to 1 on both axes
    lattice = _Lattice(places)
    fitted, resultant, sums = np.empty((len(counts), 2)), np.empty(len(counts)), np.empty(len(counts))
    for part, u in movie.blocks(max(1, BLOCK // lattice.size)):
        start = lattice.best(u, STARTS)
        evaluate = _ascent(u, scale * (places.positions - places.centre), on_grid=places.grid is not None)
        fitted[part], resultant[part] = ascend(start / scale, evaluate, last_step=1e-6).best()
        sums[part] = np.abs(u.reshape(len(u), -1).sum(axis=1))
    k = _inside(fitted * scale, places)
    enough = counts >= LEAST_SITES
    least = np.where(enough, counts, np.nan)
    k_y, k_x = np.where(enough, k.T, np.nan)
    return PlaneFit(k_y, k_x, resultant / least, sums / least, gain(resultant / least, sums / least))


def gain(resultant: Floats, synchrony: Floats) -> Floats:
    """Return the share of what synchrony leaves unexplained: ``(R^2 - R_0^2) / (1 - R_0^2)``.

    >>> round(float(gain(np.array(0.92), np.array(0.89))), 3)
    0.261
    """
    left = np.where(synchrony < SYNCHRONOUS, 1 - synchrony**2, np.nan)
    share: Floats = (resultant**2 - synchrony**2) / left
    return share


class _Lattice:
    """Wave vectors among which the search begins, so close that a maximum of R is always near one of them."""

    def __init__(self, places: Places) -> None:
        self.places = places
        if places.grid:
            # Twice as many points as sites; more for small arrays, where it costs little.
            self.shape = tuple(fft.next_fast_len(4 * n if n <= 32 else 2 * n) for n in places.grid)
            axes = [np.fft.fftfreq(n, 1 / (2 * edge)) for n, edge in zip(self.shape, places.nyquist, strict=True)]
        else:
            steps = places.extent * places.nyquist * 4 / np.pi
            self.shape = tuple(int(np.ceil(n)) + 1 for n in steps)
            axes = [np.linspace(-edge, edge, n) for n, edge in zip(self.shape, places.nyquist, strict=True)]
        self.axes = axes
        self.size = self.shape[0] * self.shape[1]

    def best(self, u: Complexes, count: int) -> Floats:
        """Return the wave vectors of the largest R, ``(frame, count, 2)``, of which no two are neighbours."""
        power = self._resultants(u)
        frames = np.arange(len(u))
        (height, width), reach = self.shape, np.arange(-2, 3)
        found = np.empty((len(u), count, 2))
        for index in range(count):
            row, column = np.divmod(power.reshape(len(u), -1).argmax(axis=1), width)
            found[:, index, 0], found[:, index, 1] = self.axes[0][row], self.axes[1][column]
            rows, columns = (row[:, None] + reach) % height, (column[:, None] + reach) % width
            power[frames[:, None, None], rows[:, :, None], columns[:, None, :]] = 0
        return found

    def _resultants(self, u: Complexes) -> npt.NDArray[np.float32]:
        """Return ``n R`` at all points of the lattice, ``(frame, *shape)``."""
        single = u.astype(np.complex64)
        if self.places.grid:
            transform = fft.ifft2(single, s=self.shape, norm="forward", overwrite_x=True)
            return np.asarray(np.abs(transform), np.float32)
        k = np.stack(np.meshgrid(*self.axes, indexing="ij"), axis=-1).reshape(-1, 2)
        waves = np.exp(1j * (self.places.positions - self.places.centre) @ k.T).astype(np.complex64)
        return np.asarray(np.abs(single @ waves), np.float32).reshape(len(u), *self.shape)


def _grid_moments(u: Complexes, positions: Floats) -> Moments:
    """Return the moments of phasors on a grid: a wave is a product of one along y and one along x."""
    _, height, width = u.shape
    y, x = positions.reshape(height, width, 2)[:, 0, 0], positions.reshape(height, width, 2)[0, :, 1]
    powers_y, powers_x = y ** np.arange(3)[:, None], (x ** np.arange(3)[:, None]).T

    def moments(frames: npt.NDArray[np.intp], k: Floats) -> Complexes:
        count, starts, _ = k.shape
        along_y = np.exp(1j * k[:, :, 0, None] * y)[:, :, None, :] * powers_y  # (n, start, power, y)
        along_x = np.exp(1j * k[:, None, :, 1] * x[:, None])[..., None] * powers_x[:, None, :]  # (n, x, start, power)
        rows = (u[frames] @ along_x.reshape(count, width, 3 * starts)).reshape(count, height, starts, 3)
        table = along_y @ rows.transpose(0, 2, 1, 3)  # (n, start, power of y, power of x)
        chosen: Complexes = table[..., [0, 1, 0, 2, 1, 0], [0, 0, 1, 0, 1, 2]]
        return chosen

    return moments


def _site_moments(u: Complexes, positions: Floats) -> Moments:
    """Return the moments of phasors at scattered sites."""
    y, x = positions.T
    powers = np.stack([np.ones_like(y), y, x, y * y, y * x, x * x], axis=1).astype(np.complex128)

    def moments(frames: npt.NDArray[np.intp], k: Floats) -> Complexes:
        phase = k @ positions.T
        return (u[frames][:, None] * (np.cos(phase) + 1j * np.sin(phase))) @ powers

    return moments


def _ascent(u: Complexes, positions: Floats, *, on_grid: bool) -> Evaluate:
    """Return the function that evaluates ``|S(k)|``, and Newton's step, for wave vectors of frames.

    Args:
        u: the phasors of a block of frames.
        positions: of the sites, from -1 to 1 on both axes.
        on_grid: whether the sites are a grid.
    """
    moments = (_grid_moments if on_grid else _site_moments)(u, positions)

    def evaluate(frames: npt.NDArray[np.intp], k: Floats) -> Evaluation:
        table = moments(frames, k)
        return Evaluation(np.abs(table[..., 0]), _newton_step(table))

    return evaluate


def _newton_step(moments: Complexes) -> Floats:
    """Return the step of Newton's method for ``|S|^2``, ``(..., 2)``, at most ``LONGEST_STEP`` long."""
    s, s_y, s_x, s_yy, s_yx, s_xx = np.moveaxis(moments, -1, 0)
    s_y, s_x = 1j * s_y, 1j * s_x
    gradient = np.stack([(s.conj() * s_y).real, (s.conj() * s_x).real], axis=-1)
    h_yy = (s.conj() * s_yy).real - np.abs(s_y) ** 2
    h_xx = (s.conj() * s_xx).real - np.abs(s_x) ** 2
    h_yx = (s.conj() * s_yx - s_y.conj() * s_x).real
    step = uphill(gradient, np.stack([h_yy, h_yx, h_yx, h_xx], axis=-1).reshape(*s.shape, 2, 2))
    length = np.linalg.norm(step, axis=-1, keepdims=True)
    limited: Floats = step * np.minimum(1, LONGEST_STEP / np.maximum(length, LONGEST_STEP))
    return limited


def _inside(k: Floats, places: Places) -> Floats:
    """Return wave vectors with a component beyond a grid's Nyquist wave number moved to the equal one below it.

    Scattered sites have no equal ones. There, a component can pass the limit by less than the lattice's step.
    """
    if places.grid is None:
        return k
    return (k + places.nyquist) % (2 * places.nyquist) - places.nyquist
