"""The fields of a movie as one line of JSON, which formats that cannot hold all of them store beside the values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.files import is_nested_too_deep
from drumhead.waves.movie import Movie

MARK = "drumhead_movie"
"""The name by which a description is recognised; its value is the version of the description."""
VERSION = 1
TEXTS = ("unit", "length_unit", "time_unit", "boundary", "name", "origin")
NUMBERS = ("dt", "start", "spacing", "channel")
ARRAYS = ("omega", "alpha", "coupling")
"""The fields that a description refers to by name."""


def describe(movie: Movie, arrays: Mapping[str, Any] | None = None) -> str:
    """Return all fields of a movie but its values, positions and arrays; numbers are exact.

    Args:
        movie: the movie.
        arrays: where the format stores each of ``ARRAYS``: a name, and an index into its first axis or None.
    """
    fields: dict[str, Any] = {MARK: VERSION, "sites": list(movie.values.shape[1:])}
    fields |= {name: getattr(movie, name) for name in (*NUMBERS, *TEXTS)}
    if movie.valid is not None:
        fields["valid"] = "".join("01"[int(flag)] for flag in movie.valid.ravel())
    return json.dumps(fields | dict(arrays or {}))


def read_description(text: object) -> dict[str, Any] | None:
    """Return the content of a description; None if the text is no description.

    Raises:
        ValueError: if the text begins as a description, but is damaged.
    """
    if not isinstance(text, str) or not text.startswith(f'{{"{MARK}"'):
        return None
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its description, which begins with {MARK}, is damaged: {error}") from error
    if not isinstance(content, dict) or is_nested_too_deep(content):
        raise ValueError(f"its description, which begins with {MARK}, is nested too deep")
    return content


def described_movie(
    content: Mapping[str, Any],
    values: npt.NDArray[Any],
    positions: npt.NDArray[np.float64] | None,
    arrays: Mapping[str, Any],
) -> Movie:
    """Return the movie that a description belongs to.

    Args:
        content: the description.
        values: ``(time, y, x)`` or ``(time, site)``.
        positions: the positions of scattered sites.
        arrays: those of ``ARRAYS`` that the format stores.

    Raises:
        ValueError: if the content is wrong or does not fit the values.
    """
    if content.get(MARK) != VERSION:
        raise ValueError(f"it was written by a newer version: {MARK} must be {VERSION}; got {content.get(MARK)!r:.50}")
    for name in TEXTS:
        if not isinstance(content.get(name), str):
            raise ValueError(f"its {name} must be a text; got {content.get(name)!r:.50}")
    sites = values.shape[1:]
    if content.get("sites") != list(sites):
        raise ValueError(f"its sites must be {list(sites)}, as its values; got {content.get('sites')!r:.50}")
    spacing = content.get("spacing")
    if spacing is not None and not (isinstance(spacing, list) and len(spacing) == 2 and all(map(_is_number, spacing))):
        raise ValueError(f"its spacing must be two numbers; got {spacing!r:.50}")
    for name in ("dt", "start"):
        if not _is_number(content.get(name)):
            raise ValueError(f"its {name} must be a number; got {content.get(name)!r:.50}")
    channel = content.get("channel")
    if channel is not None and not (_is_number(channel) and isinstance(channel, int)):
        raise ValueError(f"its channel must be a whole number; got {channel!r:.50}")
    return Movie(
        values=values,
        positions=positions,
        valid=_read_valid(content.get("valid"), sites),
        spacing=None if spacing is None else (spacing[0], spacing[1]),
        **{name: content[name] for name in (*TEXTS, "dt", "start")},
        channel=channel,
        **arrays,
    )


def _read_valid(text: object, sites: tuple[int, ...]) -> npt.NDArray[np.bool_] | None:
    if text is None:
        return None
    if not isinstance(text, str) or len(text) != np.prod(sites) or set(text) - {"0", "1"}:
        raise ValueError(f"its valid must be a 0 or 1 for each site; got {text!r:.50}")
    return np.array([flag == "1" for flag in text]).reshape(sites)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
