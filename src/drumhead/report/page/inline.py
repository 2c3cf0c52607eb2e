"""Figures and movies as part of a page: data URIs, which need no file and no network."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from drumhead.report.page.section_figures import Exhibit
from drumhead.report.style import save_figure

DPI = 150
"""Of figures in a page."""
PIXELS_PER_INCH = 125
"""How large figures are shown: a little larger than on paper."""
TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif", ".mp4": "video/mp4"}


class Figure(NamedTuple):
    """A figure or movie, inside the page."""

    caption: str
    alt: str
    source: str
    """A data URI."""
    width: int
    """How wide it is shown where there is room, in CSS pixels."""
    height: int
    """Likewise."""
    video: bool = False


class Left(NamedTuple):
    """What could not be shown."""

    caption: str
    reason: str


def inline_figure(exhibit: Exhibit) -> Figure | Left:
    """A figure drawn, as SVG or as PNG; or why it cannot be."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("figure.svg" if exhibit.lines else "figure.png")
        try:
            figure = exhibit.draw(DPI)
        except (ValueError, OSError) as error:
            return Left(exhibit.caption, str(error))
        save_figure(figure, path)
        if not exhibit.lines:
            path = compressed(path)
        width, height = (round(inches * PIXELS_PER_INCH) for inches in figure.get_size_inches())
        return Figure(exhibit.caption, exhibit.alt, data_uri(path), width, height)


def compressed(path: Path) -> Path:
    """A PNG file as WebP without loss, which is smaller, beside it."""
    smaller = path.with_suffix(".webp")
    with Image.open(path) as picture:
        picture.convert("RGB").save(smaller, lossless=True)
    return smaller


def data_uri(path: Path) -> str:
    """A file as a URI that holds all of it."""
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"data:{TYPES[path.suffix]};base64,{content}"
