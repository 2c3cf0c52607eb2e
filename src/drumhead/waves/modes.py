r"""Decompositions of a movie into modes: principal components, real or complex, and dynamic modes.

Principal components are the singular vectors of the matrix of frames by sites. A travelling wave needs two real ones,
a quarter of a cycle apart. In the complex movie ``exp(i (Omega t - k.r))`` it is a single one, ``exp(-i k.r)``, and so
is a standing wave, ``cos(k.r)``. What tells them apart is the **travelling index**: the ratio of the axes of the
ellipse that the mode's values fill in the complex plane, 1 for a travelling wave and 0 for a standing one.

Dynamic modes are the eigenvectors of the linear map from each frame to the next that fits best, so each has one
frequency and one rate of growth.

References: Horel 1984 (complex principal components), Alexander et al. (the ratio of singular values), Tu et al. 2014
(exact dynamic mode decomposition). For noisy recordings, the optimised decomposition of PyDMD (``BOPDMD``) is less
biased.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import linalg

from drumhead.short_repr import short_repr
from drumhead.waves.sites import Bools, Complexes, Floats, check_dt, check_movie, valid_sites

ModeKind = Literal["real", "complex"]
Values: TypeAlias = npt.NDArray[np.float64 | np.complex128]


@short_repr
class PrincipalModes(NamedTuple):
    """Principal components, the largest first: a movie is about its mean plus ``sum over modes of course * shape``."""

    shapes: Values
    """``(mode, y, x)`` or ``(mode, site)``, of unit norm, NaN at sites that are not valid. The phase is such that the
    largest value is real and above 0."""
    courses: Values
    """``(mode, time)``, NaN in frames that are not finite, at both ends."""
    share: Floats
    """``(mode,)``: the share of the variance over all sites and frames."""
    travelling: Floats
    """``(mode,)``: the travelling index, 0 (standing) to 1 (travelling); 0 for real modes."""


@short_repr
class DynamicModes(NamedTuple):
    """Dynamic modes, the largest first: frame n is about ``sum of amplitude * exp(exponent n dt) * shape``."""

    exponents: Complexes
    """``(mode,)``: growth rate plus i times the angular frequency, per time. A real movie has conjugate pairs."""
    shapes: Complexes
    """``(mode, y, x)`` or ``(mode, site)``, of unit norm, NaN at sites that are not valid. For an angular frequency
    above 0, a wave of wave vector k is ``exp(-i k.r)``."""
    amplitudes: Complexes
    """``(mode,)``: at the first frame."""


def principal_modes(
    x: npt.ArrayLike, *, kind: ModeKind, count: int, valid: npt.ArrayLike | None = None
) -> PrincipalModes:
    """Decompose a movie into principal components.

    Args:
        x: ``(time, y, x)`` or ``(time, site)``: real for ``kind="real"``, the analytic signal for ``kind="complex"``.
        kind: which movie it is.
        count: the number of modes, at most that of valid sites and of frames.
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: if the movie is not of this kind, ``count`` is out of its range, or fewer than 3 sites are valid.

    >>> from drumhead.waves import Grid, plane_wave
    >>> wave = plane_wave(Grid(frames=50, dt=0.02, width=20), wave_vector=(0, np.pi / 2), frequency=2)
    >>> principal_modes(wave.real, kind="real", count=2).share.round(6).tolist()
    [0.5, 0.5]
    >>> found = principal_modes(wave, kind="complex", count=1)
    >>> [round(float(each[0]), 6) for each in (found.share, found.travelling)]
    [1.0, 1.0]
    """
    if kind not in ("real", "complex"):
        raise ValueError(f"kind must be 'real' or 'complex', got {kind!r}")
    movie = check_movie(x, real=kind == "real")
    if kind == "complex" and not np.iscomplexobj(movie):
        raise ValueError("complex modes are those of the analytic signal; drumhead.waves.analytic makes one")
    frames = np.isfinite(movie).any(axis=tuple(range(1, movie.ndim)))
    sites = valid_sites(movie[frames], valid)
    matrix = movie[frames][:, sites]
    matrix = matrix - matrix.mean(axis=0)
    if not 1 <= count <= min(matrix.shape):
        raise ValueError(
            f"count must be from 1 to {min(matrix.shape)}, the number of valid sites or frames; got {count}"
        )
    left, size, right = _singular_vectors(matrix, count)
    turn = _phase_of_largest(right)
    courses = np.full((count, len(movie)), np.nan, matrix.dtype)
    courses[:, frames] = (left * size * turn).T
    shapes = right / turn[:, None]
    share = size**2 / np.sum(np.abs(matrix) ** 2)
    return PrincipalModes(
        _on_sites(shapes, sites), courses, share, np.array([_travelling_index(each) for each in shapes])
    )


def dynamic_modes(x: npt.ArrayLike, *, rank: int, dt: float, valid: npt.ArrayLike | None = None) -> DynamicModes:
    """Decompose a movie into dynamic modes.

    Args:
        x: ``(time, y, x)`` or ``(time, site)``, real or complex. A real travelling wave has rank 2. A real standing
            wave has rank 1, and one number per frame has no frequency: pass the analytic signal.
        rank: the number of modes, at most that of valid sites and of frames less one.
        dt: the time from frame to frame. Frequencies above ``1 / (2 dt)`` appear as lower ones.
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: if an argument is out of its range, or the movie has a rank below ``rank``.

    >>> from drumhead.waves import Grid, plane_wave
    >>> wave = plane_wave(Grid(frames=20, dt=0.1), frequency=2)
    >>> found = dynamic_modes(wave, rank=1, dt=0.1)
    >>> round(float(found.exponents[0].imag / (2 * np.pi)), 6)
    2.0
    """
    movie, step = check_movie(x), check_dt(dt)
    sites = valid_sites(movie, valid)
    matrix = movie[:, sites].T
    if not 1 <= rank <= min(matrix.shape[0], matrix.shape[1] - 1):
        raise ValueError(
            f"rank must be from 1 to {min(matrix.shape[0], matrix.shape[1] - 1)}, the number of valid sites or of "
            f"frames less one; got {rank}"
        )
    before, after = matrix[:, :-1], matrix[:, 1:]
    left, size, right = linalg.svd(before, full_matrices=False)
    if size[rank - 1] <= np.finfo(np.float64).eps * max(matrix.shape) * size[0]:
        found = int((size > np.finfo(np.float64).eps * max(matrix.shape) * size[0]).sum())
        raise ValueError(f"rank must not be above that of the movie, {found}; got {rank}")
    projected = after @ right[:rank].conj().T / size[:rank]
    factors, vectors = linalg.eig(left[:, :rank].conj().T @ projected)
    shapes = projected @ vectors
    shapes = shapes / np.linalg.norm(shapes, axis=0)
    amplitudes = linalg.lstsq(shapes, matrix[:, 0].astype(np.complex128))[0]
    order = np.argsort(-np.abs(amplitudes), kind="stable")
    exponents = np.log(factors.astype(np.complex128)[order]) / step
    return DynamicModes(exponents, _on_sites(shapes.T[order].astype(np.complex128), sites), amplitudes[order])


def _singular_vectors(matrix: Values, count: int) -> tuple[Values, Floats, Values]:
    """Return the largest singular values with their vectors, left ``(time, mode)`` and right ``(mode, site)``.

    They are those of the smaller of the two products of the matrix with its conjugate transpose.
    """
    frames, sites = matrix.shape
    small = matrix @ matrix.conj().T if frames <= sites else matrix.conj().T @ matrix
    squares, vectors = linalg.eigh(small, subset_by_index=[len(small) - count, len(small) - 1])
    size = np.sqrt(np.maximum(squares[::-1], 0))
    vectors = vectors[:, ::-1]
    other = (matrix.conj().T if frames <= sites else matrix) @ vectors
    norm = np.linalg.norm(other, axis=0)
    other = other / np.where(norm > 0, norm, 1)
    if frames <= sites:
        return vectors, size, other.conj().T
    return other, size, vectors.conj().T


def _phase_of_largest(shapes: Values) -> Values:
    """Return the sign, or the phase factor, of the largest value of each mode."""
    largest = np.take_along_axis(shapes, np.abs(shapes).argmax(axis=1)[:, None], axis=1)[:, 0]
    turn: Values = largest / np.abs(largest)
    return turn


def _travelling_index(shape: Values) -> float:
    """Return the minor axis of the ellipse that the values fill in the complex plane, as a share of the major axis."""
    major, minor = np.linalg.svd(np.stack([shape.real, shape.imag]), compute_uv=False)
    return float(minor / major)


def _on_sites(shapes: npt.NDArray[Any], sites: Bools) -> npt.NDArray[Any]:
    """Return modes of valid sites as modes of all sites, NaN at the others."""
    everywhere = np.full((len(shapes), *sites.shape), np.nan, shapes.dtype)
    everywhere[:, sites] = shapes
    return everywhere
