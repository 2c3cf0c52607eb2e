"""A movie of the phase of a measured movie, with arrows where the waves go, and phase singularities.

A frame is an array of indices into one palette: paper and ink, then the shades of text, then the colours of the phase.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_rgb
from PIL import Image, ImageDraw

from drumhead.report.colours import Pixels
from drumhead.report.movies.movie_files import check_movie, write_movie
from drumhead.report.style import font, wrap_text
from drumhead.waves.arrows import frame_arrows
from drumhead.waves.measurements import Measurements
from drumhead.waves.sites import Floats

# Lengths in pixels.
SIDE = 400
"""About the longer side of the picture."""
MARGIN, LINE_HEIGHT, FONT_SIZE, BAR_HEIGHT = 12, 20, 13, 10
MIN_WIDTH = 360

MOST_FRAMES = 150
"""The greatest number of frames of a movie."""
ARROWS = 12
"""The number of arrows along the longer side, at most."""
NO_PHASE, GREEN = "#b9e6b0", "#00c853"

PHASES, SHADES = 180, 16
PAPER, INK, MISSING, MARK = 0, 1, 2, 3
FIRST_SHADE = 4
FIRST_PHASE = FIRST_SHADE + SHADES


def phase_movie(
    measurements: Measurements,
    path: str | Path,
    *,
    frames: range,
    frames_per_second: float = 20,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Write a movie of the phase of some frames of a movie on a grid.

    Args:
        measurements: the measurements of a movie on a grid.
        path: a file name that ends in .gif or .mp4.
        frames: the frames to show; not the first or the last of the movie.
        frames_per_second: from 0.01 to 50.
        progress: called after each frame with the number of those done and their number.

    Raises:
        ValueError: if the sites are scattered, or as in :func:`drumhead.report.movies.movie_files.check_movie`.
    """
    check_movie(path, frames_per_second)
    if measurements.movie.spacing is None:
        raise ValueError("a movie of the phase needs sites on a grid; these are scattered")
    write_movie(_frames(measurements, frames, progress), _palette(), path, frames_per_second=frames_per_second)


def shown_frames(measurements: Measurements, about: int) -> range:
    """Return at most ``MOST_FRAMES`` frames about one of them, all with a phase, and with a frame on both sides."""
    known = np.flatnonzero(measurements.analytic.trusted)
    first, last = max(int(known[0]), 1), min(int(known[-1]), measurements.movie.frames - 2)
    count = min(MOST_FRAMES, last - first + 1)
    start = min(max(about - count // 2, first), last - count + 1)
    return range(start, start + count)


def _frames(measurements: Measurements, frames: range, progress: Callable[[int, int], None] | None) -> Iterator[Pixels]:
    movie = measurements.movie
    assert movie.spacing is not None
    height, width = movie.values.shape[1:]
    pixels_per_length = SIDE / max(height * movie.spacing[0], width * movie.spacing[1])
    rows, columns = (
        max(1, round(length * pixels_per_length)) for length in (height * movie.spacing[0], width * movie.spacing[1])
    )
    background = _background(measurements, rows, columns)
    top = MARGIN + LINE_HEIGHT
    row_of, column_of = np.arange(rows) * height // rows, np.arange(columns) * width // columns
    for number, frame in enumerate(frames):
        canvas = background.copy()
        levels = _levels(measurements, frame)
        canvas[top : top + rows, MARGIN : MARGIN + columns] = levels[row_of[:, None], column_of]
        picture = Image.fromarray(canvas)
        draw = ImageDraw.Draw(picture)
        _draw_arrows(draw, measurements, frame, pixels_per_length, top)
        _draw_singularities(draw, measurements, frame, pixels_per_length, top)
        shown = np.array(picture)
        text = f"{movie.times[frame]:.4g} {movie.time_unit}"
        shown[MARGIN // 2 : MARGIN // 2 + LINE_HEIGHT, MARGIN:-MARGIN] = _text(text, shown.shape[1] - 2 * MARGIN)
        yield shown
        if progress is not None:
            progress(number + 1, len(frames))


def _background(measurements: Measurements, rows: int, columns: int) -> Pixels:
    """Return what all frames share: the colour bar and the words below the picture."""
    movie = measurements.movie
    width = max(columns, MIN_WIDTH)
    words = (
        "Phase from −π to π. Arrows: where the waves go; a long one if all go one way. x grows to the right, y "
        f"downwards; {_size(measurements)} {movie.length_unit}. Circle: a phase singularity about which the wave turns "
        "from +x towards +y (clockwise here); square: the other way. Green: no phase."
    )
    lines = wrap_text(words, width, FONT_SIZE).split("\n")
    top = MARGIN + LINE_HEIGHT + rows + MARGIN
    canvas = np.full((top + BAR_HEIGHT + LINE_HEIGHT * len(lines) + MARGIN, width + 2 * MARGIN), PAPER, np.uint8)
    canvas[top : top + BAR_HEIGHT, MARGIN : MARGIN + columns] = FIRST_PHASE + np.arange(columns) * PHASES // columns
    for number, line in enumerate(lines):
        y = top + BAR_HEIGHT + LINE_HEIGHT * number
        canvas[y : y + LINE_HEIGHT, MARGIN : MARGIN + width] = _text(line, width)
    return canvas


def _size(measurements: Measurements) -> str:
    assert measurements.movie.spacing is not None
    (dy, dx), (height, width) = measurements.movie.spacing, measurements.movie.values.shape[1:]
    return f"{dy * height:.3g} high, {dx * width:.3g} wide in"


def _levels(measurements: Measurements, frame: int) -> Pixels:
    """Return the palette index of each site."""
    z = measurements.smoothed[frame]
    known = np.isfinite(z)
    turns: Floats = np.where(known, np.angle(np.where(known, z, 1)) / (2 * np.pi) + 0.5, 0)
    levels: Pixels = np.where(known, FIRST_PHASE + np.minimum(turns * PHASES, PHASES - 1), MISSING).astype(np.uint8)
    return levels


def _draw_arrows(
    draw: ImageDraw.ImageDraw, measurements: Measurements, frame: int, pixels_per_length: float, top: int
) -> None:
    movie = measurements.movie
    assert movie.spacing is not None
    arrows = frame_arrows(
        measurements.smoothed, frame, dt=movie.dt, spacing=movie.spacing, boundary=movie.boundary, most=ARROWS
    )
    cell = -(-max(movie.values.shape[1:]) // ARROWS) * min(movie.spacing) * pixels_per_length
    half = (movie.spacing[0] / 2, movie.spacing[1] / 2)
    for y, x, along_y, along_x in zip(*arrows, strict=True):
        size = math.hypot(along_y, along_x)
        if size < 0.1:
            continue
        middle = (MARGIN + (x + half[1]) * pixels_per_length, top + (y + half[0]) * pixels_per_length)
        step = (0.45 * cell * along_x, 0.45 * cell * along_y)
        tail, tip = (middle[0] - step[0], middle[1] - step[1]), (middle[0] + step[0], middle[1] + step[1])
        unit = (along_x / size, along_y / size)
        barb = min(6.0, 0.5 * cell)
        sides = [
            (tip[0] - barb * (unit[0] - turn * 0.5 * unit[1]), tip[1] - barb * (unit[1] + turn * 0.5 * unit[0]))
            for turn in (-1, 1)
        ]
        for colour, line_width in ((PAPER, 4), (INK, 2)):  # ink with a rim of paper, visible on every phase
            draw.line((tail, tip), fill=colour, width=line_width)
            draw.line((sides[0], tip, sides[1]), fill=colour, width=line_width)


def _draw_singularities(
    draw: ImageDraw.ImageDraw, measurements: Measurements, frame: int, pixels_per_length: float, top: int
) -> None:
    movie, found = measurements.movie, measurements.singularities
    assert movie.spacing is not None
    assert found is not None
    for point in np.flatnonzero(found.frame == frame):
        x = MARGIN + (found.x[point] + movie.spacing[1] / 2) * pixels_per_length
        y = top + (found.y[point] + movie.spacing[0] / 2) * pixels_per_length
        box = (x - 5, y - 5, x + 5, y + 5)
        (draw.ellipse if found.chirality[point] > 0 else draw.rectangle)(box, outline=MARK, width=2)


def _text(text: str, width: int) -> Pixels:
    """Return a line of text as palette indices."""
    line = Image.new("L", (width, LINE_HEIGHT))
    ImageDraw.Draw(line).text((0, LINE_HEIGHT / 2), text, 255, font(FONT_SIZE), anchor="lm")
    shades: Pixels = (FIRST_SHADE + np.rint(np.asarray(line) / 255 * (SHADES - 1))).astype(np.uint8)
    return shades


def _palette() -> Pixels:
    palette = np.zeros((FIRST_PHASE + PHASES, 3), np.uint8)
    for index, colour in ((PAPER, "white"), (INK, "black"), (MISSING, NO_PHASE), (MARK, GREEN)):
        palette[index] = [round(255 * part) for part in to_rgb(colour)]
    palette[FIRST_SHADE:FIRST_PHASE] = np.rint(np.linspace(255, 32, SHADES))[:, None]
    palette[FIRST_PHASE:] = colormaps["twilight"](np.linspace(0, 1, PHASES), bytes=True)[:, :3]
    return palette
