"""Movies that show every transposition: an L on a grid of 3x5 sites, and sites that are on no grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from drumhead.waves import Movie

LETTER = np.array([[1, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 1, 1, 0, 0]], bool)
"""An L, upright with row 0 at the top."""
FRAMES = 7
POSITIONS = np.array([[0.1, 0.7], [0.35, 0.1], [0.9, 0.45], [0.2, 0.33]])
"""``(y, x)`` of sites that are on no grid."""


def letter_movie(**changes: Any) -> Movie:
    """An L that moves nowhere and grows in time; one site is NaN, one is bad, and dt has no exact inverse."""
    values = LETTER * np.arange(1, FRAMES + 1)[:, None, None] + 0.1 * np.arange(15).reshape(3, 5)
    values[:, 0, 4] = np.nan
    valid = np.ones((3, 5), bool)
    valid[1, 3] = False
    fields: dict[str, Any] = {
        "values": values.astype(np.float32),
        "dt": 0.1,
        "start": 0.3,
        "spacing": (0.5, 0.25),
        "valid": valid,
        "unit": "dF/F",
        "length_unit": "mm",
        "time_unit": "s",
        "name": "an L",
        "origin": "a test",
    }
    return Movie(**fields | changes)


def scattered_movie(**changes: Any) -> Movie:
    """The same at four sites on no grid."""
    values = np.arange(4 * FRAMES, dtype=np.float64).reshape(FRAMES, 4) / 3
    values[:, 2] = np.nan
    fields: dict[str, Any] = {"values": values, "dt": 0.002, "positions": POSITIONS, "unit": "mV", "length_unit": "mm"}
    return Movie(**fields | {"time_unit": "s", "name": "four sites"} | changes)
