"""Figures and movies embedded in a page as data URIs, which need no other file and no network."""

from __future__ import annotations

import base64
import tempfile
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from drumhead.report.page.section_figures import FigureSpec
from drumhead.report.style import save_figure

DPI = 150
"""The resolution of figures in a page."""
CSS_PIXELS_PER_INCH = 125
"""The size at which figures are displayed: a little larger than on paper."""
TYPES = {".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".gif": "image/gif", ".mp4": "video/mp4"}


class InlineFigure(NamedTuple):
    """A figure or movie that is embedded in the page."""

    caption: str
    alt: str
    source: str
    """The data URI."""
    width: int
    """The displayed width in CSS pixels, if the window is wide enough."""
    height: int
    """The displayed height in CSS pixels."""
    video: bool = False


class SkippedFigure(NamedTuple):
    """A figure or movie that the page does not show."""

    caption: str
    reason: str


def inline_figure(spec: FigureSpec) -> InlineFigure | SkippedFigure:
    """Draw a figure and embed it as SVG or WebP; return the reason if it cannot be drawn."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("figure.svg" if spec.as_svg else "figure.png")
        try:
            figure = spec.draw(DPI)
        except (ValueError, OSError) as error:
            return SkippedFigure(spec.caption, str(error))
        save_figure(figure, path)
        if not spec.as_svg:
            path = to_webp(path)
        width, height = (round(inches * CSS_PIXELS_PER_INCH) for inches in figure.get_size_inches())
        return InlineFigure(spec.caption, spec.alt, data_uri(path), width, height)


def to_webp(path: Path) -> Path:
    """Convert a PNG file to lossless WebP, which is smaller, in the same folder; return its path."""
    smaller = path.with_suffix(".webp")
    with Image.open(path) as image:
        image.convert("RGB").save(smaller, lossless=True)
    return smaller


def data_uri(path: Path) -> str:
    """Return a URI that contains the whole file."""
    content = base64.b64encode(path.read_bytes()).decode("ascii")
    return f"data:{TYPES[path.suffix]};base64,{content}"
