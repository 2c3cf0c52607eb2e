"""Movies of waves whose phase, direction and speed are known: to test an analysis, and to learn how to read one.

Each function returns the exact complex movie ``(time, y, x)``; its real part is the real movie. Sums of movies are
made with ``+``. By default the rows and columns differ in number and in spacing, the wave goes to -x and -y, and the
number of frames is odd, so that an analysis that mixes up axes, signs or ends gives wrong numbers.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.waves.sites import Bools, Complexes, Floats, check_dt, check_spacing


class Grid(NamedTuple):
    """The frames and sites of a synthetic movie."""

    frames: int = 75
    """The number of frames; the first is at time 0."""
    height: int = 14
    """The number of rows."""
    width: int = 19
    """The number of columns."""
    dt: float = 0.01
    """The time from frame to frame."""
    spacing: tuple[float, float] = (0.5, 0.4)
    """The length from row to row, and from column to column."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of a movie, ``(time, y, x)``."""
        return self.frames, self.height, self.width

    def axes(self) -> tuple[Floats, Floats, Floats]:
        """Return time, y and x in units of time and length, in shapes that broadcast to a movie's."""
        dt, (dy, dx) = check_dt(self.dt), check_spacing(self.spacing)
        time: Floats = dt * np.arange(self.frames, dtype=np.float64)[:, None, None]
        y: Floats = dy * np.arange(self.height, dtype=np.float64)[:, None]
        x: Floats = dx * np.arange(self.width, dtype=np.float64)
        return time, y, x


DEFAULT_GRID = Grid()


def plane_wave(
    grid: Grid = DEFAULT_GRID,
    *,
    wave_vector: tuple[float, float] = (-1.1, -2.3),
    frequency: float = 8.0,
    phase: float = 0.0,
) -> Complexes:
    """Return ``exp(i (2 pi f t - k.r + phase))``, a plane wave that goes in the direction ``atan2(k_y, k_x)``.

    Args:
        grid: the frames and sites.
        wave_vector: ``(k_y, k_x)``, in radians per length.
        frequency: ``f``, in cycles per time. The speed is ``2 pi f / |k|``.
        phase: the phase at time 0 at the first site.

    >>> grid = Grid(frames=3, height=1, width=4, dt=0.25, spacing=(1, 1))
    >>> wave = plane_wave(grid, wave_vector=(0, np.pi / 2), frequency=1)
    >>> wave.real.round(6)[:, 0] + 0.0  # the crest moves to the right
    array([[ 1.,  0., -1.,  0.],
           [ 0.,  1.,  0., -1.],
           [-1.,  0.,  1.,  0.]])
    """
    time, y, x = grid.axes()
    k_y, k_x = wave_vector
    wave: Complexes = np.exp(1j * (2 * np.pi * frequency * time - k_y * y - k_x * x + phase))
    return wave


def standing_wave(
    grid: Grid = DEFAULT_GRID, *, wave_vector: tuple[float, float] = (-1.1, -2.3), frequency: float = 8.0
) -> Complexes:
    """Return ``cos(k.r) exp(2 pi i f t)``: half the sum of two equal plane waves in opposite directions."""
    k_y, k_x = wave_vector
    there = plane_wave(grid, wave_vector=wave_vector, frequency=frequency)
    back = plane_wave(grid, wave_vector=(-k_y, -k_x), frequency=frequency)
    return (there + back) / 2


def target_wave(
    grid: Grid = DEFAULT_GRID,
    *,
    centre: tuple[float, float] = (2.6, 4.3),
    wave_number: float = 2.5,
    frequency: float = 8.0,
) -> Complexes:
    """Return ``exp(i (2 pi f t - k rho))``, circular waves, where ``rho`` is the distance from the centre.

    Args:
        grid: the frames and sites.
        centre: ``(y, x)`` of the centre in units of length; it need not be in the grid.
        wave_number: ``k``, in radians per length: above 0 the centre is a source, below 0 a sink.
        frequency: ``f``, in cycles per time.
    """
    time, y, x = grid.axes()
    rho = np.hypot(y - centre[0], x - centre[1])
    wave: Complexes = np.exp(1j * (2 * np.pi * frequency * time - wave_number * rho))
    return wave


def rotating_wave(
    grid: Grid = DEFAULT_GRID,
    *,
    centre: tuple[float, float] = (2.6, 4.3),
    chirality: Literal[-1, 1] = 1,
    frequency: float = 8.0,
    pitch: float = 0.0,
    core: float = 0.0,
) -> Complexes:
    """Return ``a(rho) exp(i (2 pi f t - chirality theta - pitch rho))``, a wave that rotates about a centre.

    Args:
        grid: the frames and sites.
        centre: ``(y, x)`` of the centre in units of length.
        chirality: +1 if the wave turns from +x towards +y, clockwise on a screen; -1 for the other sense. The charge of
            its phase singularity is ``-chirality``.
        frequency: ``f``, in cycles per time.
        pitch: the radial wave number, in radians per length; with one that is not 0 the wave is a spiral.
        core: the amplitude ``a(rho)`` is ``rho / sqrt(rho^2 + core^2)``; it is 1 with a core of 0.
    """
    if chirality not in (-1, 1):
        raise ValueError(f"chirality must be 1 (from +x towards +y) or -1, got {chirality}")
    time, y, x = grid.axes()
    rho, theta = np.hypot(y - centre[0], x - centre[1]), np.arctan2(y - centre[0], x - centre[1])
    extent = np.hypot(rho, core)
    amplitude = np.divide(rho, extent, out=np.ones_like(rho), where=extent > 0) if core else np.ones_like(rho)
    wave: Complexes = amplitude * np.exp(1j * (2 * np.pi * frequency * time - chirality * theta - pitch * rho))
    return wave


def white_noise(grid: Grid, generator: np.random.Generator, *, deviation: float = 1.0) -> Floats:
    """Return a real movie of independent normal numbers of mean 0 and the given standard deviation."""
    return deviation * generator.standard_normal(grid.shape)


def pink_noise(grid: Grid, generator: np.random.Generator, *, deviation: float = 1.0) -> Floats:
    """Return a real movie whose sites are independent and have a power spectrum in time of ``1 / frequency``.

    The mean of each site is 0, and the standard deviation over the whole movie is the given one.
    """
    transform = np.fft.rfft(generator.standard_normal(grid.shape), axis=0)
    frequencies = np.fft.rfftfreq(grid.frames)
    transform[0] = 0
    transform[1:] /= np.sqrt(frequencies[1:, None, None])
    movie = np.fft.irfft(transform, n=grid.frames, axis=0)
    scaled: Floats = deviation / movie.std() * movie
    return scaled


def masked(movie: npt.ArrayLike, valid: Bools) -> npt.NDArray[np.float64 | np.complex128]:
    """Return a movie with NaN in every frame of the sites that are not valid.

    Args:
        movie: ``(time, y, x)`` or ``(time, site)``.
        valid: of the shape of a frame.
    """
    return np.where(valid, np.asarray(movie), np.nan)
