"""Events: runs of frames in which something holds, such as a plane wave or a critical point, and how long they last."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.short_repr import short_repr
from drumhead.waves.sites import check_dt
from drumhead.waves.winding import Integers


@short_repr
class Events(NamedTuple):
    """Runs of frames, in order."""

    first: Integers
    """``(event,)``: the first frame."""
    last: Integers
    """``(event,)``: the last frame."""
    duration: npt.NDArray[np.float64]
    """``(event,)``: the time from the start of the first frame to the end of the last."""


def find_events(active: npt.ArrayLike, *, dt: float, min_duration: float = 0.0, max_gap: float = 0.0) -> Events:
    """Return the runs of frames in which something holds.

    Args:
        active: ``(time,)``, whether it holds in each frame, such as ``flow_order(...) >= 0.85``.
        dt: the time from frame to frame.
        min_duration: the shortest event, in units of time; shorter ones are left out.
        max_gap: interruptions of at most this time, between two runs, are bridged.

    Raises:
        ValueError: if ``active`` is not one truth value per frame, or a time is negative.

    >>> events = find_events([False, True, True, False, True, False], dt=0.1, max_gap=0.1)
    >>> events.first.tolist(), events.last.tolist(), events.duration.round(6).tolist()
    ([1], [4], [0.4])
    """
    holds = np.asarray(active)
    if holds.ndim != 1 or holds.dtype != np.bool_:
        raise ValueError(f"active must be one truth value per frame, got {holds.dtype} of shape {holds.shape}")
    dt = check_dt(dt)
    if not (min_duration >= 0 and max_gap >= 0):
        raise ValueError(f"min_duration and max_gap must be times of 0 or more, got {min_duration} and {max_gap}")
    edges = np.diff(np.concatenate([[False], holds, [False]]).astype(np.int8))
    first, last = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1
    if len(first):
        apart = (first[1:] - last[:-1] - 1) * dt > max_gap * (1 + 1e-9)
        first, last = first[np.concatenate([[True], apart])], last[np.concatenate([apart, [True]])]
    duration = np.asarray((last - first + 1) * dt, np.float64)
    long = duration >= min_duration * (1 - 1e-9)
    return Events(first[long], last[long], duration[long])
