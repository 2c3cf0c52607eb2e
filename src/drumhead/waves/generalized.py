r"""Generalized phase: the phase of a wideband signal, without the stretches in which it runs backwards.

The phase of a wideband analytic signal steps back where a faster component passes. Generalized phase removes these
stretches and interpolates the phase across them (Davis, Muller et al. 2020):

1. frame n is marked if the frequency ``angle(z[n+1] conj z[n]) / (2 pi dt)`` is below ``lowest``; the first never is;
2. each run of marked frames from s to e is extended to ``s + 3 (e - s)``, or to the last frame;
3. the phases of the other frames are unwrapped, and those of the marked ones interpolated by a monotone cubic.

Unwrapping across a gap needs a choice, the ``branch``:

- ``"published"``: the nearest one, a gain between ``-pi`` and ``pi``, as in the paper. Across a gap longer than half a
  period of the fast component, the phase can still fall.
- ``"forward"``: a gain between 0 and ``2 pi``, so the phase unwrapped across a gap never falls (for ``lowest`` of 0 or
  more). A fall by a little becomes a gain of almost a cycle, however short the gap, which raises the mean frequency;
  a gain above ``pi`` within one step looks like a fall in ``z``, and the first frame, which is never dropped, may fall.

They differ for signals whose components have similar amplitudes: the published branch follows the slower component.
"""

from __future__ import annotations

import warnings
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.interpolate import PchipInterpolator

from drumhead.short_repr import short_repr
from drumhead.waves.sites import Bools, Complexes, Floats, check_dt, check_movie, valid_sites

Branch = Literal["published", "forward"]

EXTENSION = 3
BACKWARD_WARNING = 0.05
"""The share of backward frames above which the published branch warns."""


@short_repr
class GeneralizedPhase(NamedTuple):
    """A movie whose phase is the generalized phase."""

    z: Complexes
    """Of the shape of the movie, with its amplitude; NaN at sites that are not valid or have fewer than two unmarked
    frames."""
    stitched: Bools
    """Of the shape of the movie: where the phase is interpolated."""
    trusted: Bools
    """Of the shape of the movie: false where the phase is extrapolated, after the last unmarked frame, or NaN."""
    share_stitched: Floats
    """Of the shape of a frame: the share of frames whose phase is interpolated; NaN where ``z`` is."""
    share_backward: Floats
    """Of the shape of a frame: the share of steps from frame to frame in which the phase still falls."""


def generalized_phase(
    z: npt.ArrayLike,
    *,
    dt: float,
    lowest: float = 0.0,
    branch: Branch = "published",
    valid: npt.ArrayLike | None = None,
) -> GeneralizedPhase:
    """Return the generalized phase of a wideband analytic signal.

    Args:
        z: complex, ``(time, y, x)`` or ``(time, site)``, as :func:`drumhead.waves.analytic` makes it. For local field
            potentials the paper's band is 5 to 40 Hz. Frames at both ends without finite values stay as they are.
        dt: the time from frame to frame.
        lowest: the frequency, in cycles per time, below which a frame is marked.
        branch: how the phase is unwrapped across a gap.
        valid: the sites that may be used, of the shape of a frame; None: all.

    Raises:
        ValueError: if ``z`` is not complex, or an argument is out of its range.

    Warns:
        UserWarning: if the phase still falls in more than 5 % of the steps.

    Two tones, 8 and 31 cycles per time. The fast one makes the phase of the sum fall about nine times in a hundred:

    >>> time = 0.001 * np.arange(4000)[:, None] + np.zeros(3)
    >>> z = np.exp(2j * np.pi * 8 * time) + 0.6 * np.exp(2j * np.pi * 31 * time)
    >>> result = generalized_phase(z, dt=0.001, branch="forward")
    >>> float(np.mean(np.diff(np.unwrap(np.angle(z[:, 0]))) < 0)) > 0.05, float(result.share_backward[0])
    (True, 0.0)
    """
    if branch not in ("published", "forward"):
        raise ValueError(f"branch must be 'published' or 'forward', got {branch!r}")
    if not np.isfinite(lowest):
        raise ValueError(f"lowest, the frequency below which frames are marked, must be finite, got {lowest}")
    movie = check_movie(z)
    if not np.iscomplexobj(movie):
        raise ValueError("a complex movie is needed; drumhead.waves.analytic makes one of a real one")
    threshold = 2 * np.pi * check_dt(dt) * lowest
    frames = np.flatnonzero(np.isfinite(movie).any(axis=tuple(range(1, movie.ndim))))
    part = slice(frames[0], frames[-1] + 1) if len(frames) else slice(0, len(movie))
    sites = valid_sites(movie[part], valid)
    traces = movie[part][:, sites].astype(np.complex128, copy=False)

    phases, marked, trusted = np.angle(traces), _marked(traces, threshold), np.ones(traces.shape, np.bool_)
    for site in np.flatnonzero(marked.any(axis=0)):
        kept = np.flatnonzero(~marked[:, site])
        if len(kept) < 2:
            phases[:, site], trusted[:, site] = np.nan, False
            continue
        phases[:, site] = _stitch(phases[kept, site], kept, len(traces), branch)
        trusted[kept[-1] + 1 :, site] = False
    untouched = ~marked & np.isfinite(phases)
    with_phase = np.where(untouched, traces, np.abs(traces) * np.exp(1j * phases))

    backward = (np.angle(with_phase[1:] * with_phase[:-1].conj()) < 0).mean(axis=0)
    missing = np.isnan(phases).any(axis=0)
    shares = [np.where(missing, np.nan, each) for each in (marked.mean(axis=0), backward)]
    if branch == "published" and np.nanmean(np.append(shares[1], 0)) > BACKWARD_WARNING:
        warnings.warn(
            f"the phase still falls in {np.nanmean(shares[1]):.0%} of the steps; take a narrower band, or "
            "branch='forward'",
            stacklevel=2,
        )
    result = np.full(movie.shape, np.nan, np.complex128)
    result[part, sites] = with_phase
    return GeneralizedPhase(
        result,
        _everywhere(marked, movie.shape, part, sites),
        _everywhere(trusted, movie.shape, part, sites),
        _on_frame(shares[0], sites),
        _on_frame(shares[1], sites),
    )


def _marked(traces: Complexes, threshold: float) -> Bools:
    """Return the marked frames, ``(time, site)``: runs of low frequency, extended to three times their length."""
    marked = np.zeros(traces.shape, np.bool_)
    marked[:-1] = np.angle(traces[1:] * traces[:-1].conj()) < threshold
    marked[0] = False
    edges = np.diff(np.pad(marked, ((1, 1), (0, 0))).astype(np.int8), axis=0)
    starts, ends = np.argwhere(edges.T == 1), np.argwhere(edges.T == -1)
    for (site, start), (_, end) in zip(starts, ends, strict=True):
        marked[start : start + EXTENSION * (end - 1 - start) + 1, site] = True
    return marked


def _stitch(phase: Floats, kept: npt.NDArray[np.intp], frames: int, branch: Branch) -> Floats:
    """Return the phase in all frames, given that in the kept ones."""
    gained = np.diff(phase)
    wrapped = (gained + np.pi) % (2 * np.pi) - np.pi
    if branch == "forward":
        wrapped = np.where(np.diff(kept) > 1, gained % (2 * np.pi), wrapped)
    unwrapped = phase[0] + np.concatenate([[0.0], np.cumsum(wrapped)])
    stitched: Floats = PchipInterpolator(kept, unwrapped)(np.arange(frames))
    return stitched


def _everywhere(values: Bools, shape: tuple[int, ...], part: slice, sites: Bools) -> Bools:
    result = np.zeros(shape, np.bool_)
    result[part, sites] = values
    return result


def _on_frame(values: Floats, sites: Bools) -> Floats:
    result = np.full(sites.shape, np.nan)
    result[sites] = values
    return result
