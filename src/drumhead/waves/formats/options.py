"""What a user says about a recording that its file does not say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError
from drumhead.waves.movie import Movie
from drumhead.waves.sites import Spacing

Order = Literal["rows", "columns"]
"""Which comes first in a file: ``"rows"``: y before x; ``"columns"``: x before y."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """The options of :func:`drumhead.waves.read_movie`, which describes them."""

    dt: float | None = None
    spacing: Spacing | None = None
    variable: str | None = None
    positions: str | npt.ArrayLike | None = None
    order: Order | None = None
    time_axis: int | None = None
    sample: int | None = None
    channel: int | None = None
    unit: str | None = None
    length_unit: str | None = None
    time_unit: str | None = None

    def __post_init__(self) -> None:
        if self.order not in (None, "rows", "columns"):
            raise ValueError(f"order must be 'rows' (y before x) or 'columns' (x before y); got {self.order!r}")

    def place_table(self, table: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a table of positions as ``(y, x)``; its columns are ``(x, y)`` unless ``order`` is ``"rows"``."""
        return table if self.order == "rows" or table.ndim != 2 else table[:, ::-1]

    def apply_to(self, movie: Movie) -> Movie:
        """Return a movie whose file holds all its fields, with those that the user gives in their place."""
        names = ("dt", "spacing", "unit", "length_unit", "time_unit")
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return replace(movie, **given) if given else movie


def make_movie(
    file: Path,
    values: npt.NDArray[Any],
    options: ReadOptions,
    *,
    positions: npt.NDArray[np.float64] | None = None,
    time_axis: int = 0,
    **known: Any,
) -> Movie:
    """Return a movie of what a file holds and what the user says, who has the last word.

    Args:
        file: the file, for error messages.
        values: an array whose axes are as in the file.
        options: what the user says. ``order`` is applied to values on a grid.
        positions: ``(site, 2)`` as ``(y, x)``, if the sites are scattered.
        time_axis: the axis of time, unless the options say another.
        known: fields of the movie that the file holds.

    Raises:
        DatasetError: if the time step or the spacing is unknown, or the values break a rule of :class:`Movie`.
    """
    said = {"dt": options.dt, "spacing": None if positions is not None else options.spacing}
    said |= {name: getattr(options, name) for name in ("unit", "length_unit", "time_unit")}
    fields = known | {name: value for name, value in said.items() if value is not None}
    if fields.get("dt") is None:
        raise DatasetError(
            f"{file}: does not say the time from one frame to the next; give it as dt (--dt), e.g. 0.002"
        )
    axis = time_axis if options.time_axis is None else options.time_axis
    if not -values.ndim <= axis < values.ndim:
        raise DatasetError(f"{file}: time_axis must be an axis of values of the shape {values.shape}; got {axis}")
    frames = np.moveaxis(values, axis, 0)
    if positions is None:
        if frames.ndim == 2:
            raise DatasetError(
                f"{file}: values of the shape {values.shape} are (time, site); "
                "give the position of each site with positions (--positions)"
            )
        if fields.get("spacing") is None:
            raise DatasetError(
                f"{file}: does not say the distance of neighbouring rows and columns; "
                "give it as spacing (--spacing), e.g. 0.4"
            )
        frames = frames.swapaxes(1, 2) if options.order == "columns" and frames.ndim == 3 else frames
    try:
        return Movie(**{"name": file.stem, **fields}, values=frames, positions=positions)
    except ValueError as error:
        raise DatasetError(f"{file}: {error}") from error
