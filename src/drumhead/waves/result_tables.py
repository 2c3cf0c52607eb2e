"""The measurements of a movie as tables, which are written as CSV and as NWB."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.waves.measurements import Measurements


class Column(NamedTuple):
    """A column of a table."""

    name: str
    description: str
    """What it says, with its unit."""
    values: npt.NDArray[Any]
    """``(row,)``: whole numbers, numbers with NaN where they are not defined, or texts."""


class ResultTable(NamedTuple):
    """A table of results."""

    name: str
    description: str
    """What a row is."""
    columns: tuple[Column, ...]


def frame_table(measurements: Measurements) -> ResultTable:
    """Return a table with a row for each frame: the columns of ``waves.csv``."""
    movie, waves = measurements.movie, measurements.waves
    time, length = movie.time_unit, movie.length_unit
    columns = (
        Column("frame", "number of the frame in the movie, from 0", np.arange(movie.frames)),
        Column("time", f"time of the frame ({time})", movie.times),
        Column(
            "direction",
            "where the wave goes (radians from +x towards +y; y grows from row to row)",
            _known(waves.direction),
        ),
        Column("speed", f"speed of the wave ({length} per {time})", _known(waves.speed)),
        Column("wavelength", f"2 pi / wave number ({length})", _known(waves.wavelength)),
        Column("frequency", f"mean frequency of the sites (cycles per {time})", _known(waves.frequency)),
        Column(
            "pgd",
            "phase gradient directionality |mean gradient| / mean |gradient|, from 0 to 1 (no unit)",
            _known(waves.pgd),
        ),
        Column("synchrony", "|mean of exp(i phase)|, from 0 to 1 (no unit)", _known(waves.synchrony)),
        Column(
            "model",
            "the wave that fits the frame best: synchrony, plane, target or rotation; none if random or permuted "
            "phases fit as well; empty without a phase",
            np.array([measurements.model(frame) for frame in range(movie.frames)]),
        ),
        Column("gain", "what a plane wave explains of what synchrony leaves, at most 1 (no unit)", _known(waves.gain)),
        Column("model_gain", "the same of the model (no unit)", _known(measurements.models.gain)),
        Column(
            "p",
            f"share of surrogates with permuted sites, and the frame itself, whose {measurements.statistic} is at "
            "least the frame's (no unit)",
            _known(waves.p),
        ),
        Column(
            "p_max",
            "the same with the largest value of each surrogate in any frame, which holds for all frames together "
            "(no unit)",
            _known(waves.p_max),
        ),
    )
    description = (
        f"a row for each frame; NaN where a number is not defined; phase: {measurements.phase}; "
        f"surrogates: {len(measurements.null)}"
    )
    return ResultTable("frames", description, columns)


def singularity_table(measurements: Measurements) -> ResultTable:
    """Return a table with a row for each phase singularity of each frame; no rows for scattered sites."""
    found, tracks, movie = measurements.singularities, measurements.tracks, measurements.movie
    whole, real = np.empty(0, np.int64), np.empty(0)
    points: tuple[npt.NDArray[Any], ...] = (whole, real, real, whole, whole, whole)
    if found is not None and tracks is not None:
        points = (found.frame, found.y, found.x, found.charge, found.chirality, tracks.track)
    frame, y, x, charge, chirality, track = points
    columns = (
        Column("frame", "number of the frame in the movie, from 0", frame),
        Column("time", f"time of the frame ({movie.time_unit})", movie.times[frame]),
        Column("y", f"position along rows; the first row is at 0 ({movie.length_unit})", _known(y)),
        Column("x", f"position along columns; the first column is at 0 ({movie.length_unit})", _known(x)),
        Column("charge", "turns of the phase around it, from +x towards +y: 1 or -1", charge),
        Column("chirality", "1 if the wave turns from +x towards +y, -1 if from +y towards +x", chirality),
        Column("track", "number of the track that it belongs to, from 0", track),
    )
    return ResultTable("singularities", "a row for each phase singularity of each frame", columns)


def _known(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return numbers with NaN for those that are not finite, which are not defined."""
    return np.where(np.isfinite(values), values, np.nan)
