"""How every figure looks, in one place: fonts, lines, the width of a page; and how a figure becomes a file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.style import context
from PIL import ImageFont

from drumhead.files import atomic_replace

PAGE = 7.1 * 72  # points: the width of a figure across both columns of a page
FONT_SIZE = 8  # points
SWATCH = 26  # points: what an entry of a legend takes besides its text
DPI = 300
LEAST_DPI, MOST_DPI = 72, 1200
FORMATS = ("pdf", "png", "svg")
UNDATED = {"pdf": {"CreationDate": None}, "png": None, "svg": {"Date": None}}
"""What makes the same figure the same bytes, by format."""

STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib
    "font.size": FONT_SIZE,
    "axes.titlesize": FONT_SIZE,
    "axes.labelsize": FONT_SIZE,
    "xtick.labelsize": FONT_SIZE - 1,
    "ytick.labelsize": FONT_SIZE,
    "legend.fontsize": FONT_SIZE,
    "legend.frameon": False,
    "legend.handlelength": 1,
    "legend.handleheight": 1,
    "legend.handletextpad": 0.5,
    "legend.columnspacing": 1.5,
    "legend.labelspacing": 0.4,
    "legend.borderaxespad": 0,
    "legend.borderpad": 0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "figure.facecolor": "white",
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "text.usetex": False,
    "pdf.fonttype": 42,  # TrueType, embedded: text stays text, and journals take it
    "svg.hashsalt": "drumhead",  # names inside the file, else random
}


@contextmanager
def styled() -> Iterator[None]:
    """Matplotlib's settings as figures here need them, whatever the user's are; theirs are back afterwards.

    Also a decorator. Needed where artists are made, and where they are drawn.
    """
    with context(STYLE, after_reset=True):
        yield


@styled()
def save_figure(figure: Figure, *paths: Path) -> list[Path]:
    """Write a figure to files, each whole or not at all; the same figure gives the same bytes.

    Args:
        figure: its ``dpi`` is the resolution of PNG files, and of the pictures in the others.
        paths: ending in .png, .pdf or .svg.

    Raises:
        ValueError: for another ending.

    Returns:
        The paths.
    """
    for path in paths:
        if path.suffix.removeprefix(".") not in FORMATS:
            raise ValueError(f"figures are written as .pdf, .png or .svg; got {path}")
    for path in paths:
        kind = path.suffix[1:]
        drawn = BytesIO()  # matplotlib's writers do not survive a disk that is full
        figure.savefig(drawn, format=kind, dpi=figure.dpi, metadata=UNDATED[kind])
        with atomic_replace(path) as temporary:
            temporary.write_bytes(drawn.getvalue())
    return list(paths)


def check_dpi(dpi: int) -> None:
    """Raise ``ValueError`` for a resolution no figure can be made at."""
    if not LEAST_DPI <= dpi <= MOST_DPI:
        raise ValueError(f"dpi must be from {LEAST_DPI} to {MOST_DPI} pixels to an inch; got {dpi}")


@cache
def font(size: float) -> ImageFont.FreeTypeFont:
    """The font of all figures and movies, to draw with Pillow or to measure with."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """How wide the widest line of a text is, in the unit of ``size``."""
    return max(font(64).getlength(line) for line in text.split("\n")) * size / 64


def wrapped(text: str, width: float, size: float = FONT_SIZE) -> str:
    """A text in lines no wider than ``width``, in the unit of ``size``; broken between words if it can be.

    >>> print(wrapped("NWM linear, hidden channels 16", 60))
    NWM linear,
    hidden
    channels 16
    """
    for characters in range(len(text), 1, -1):
        lines = "\n".join(textwrap.fill(line, characters) for line in text.split("\n"))
        if text_width(lines, size) <= width:
            return lines
    return text


def legend_width(names: Sequence[str], columns: int) -> float:
    """How wide a legend is, in points: matplotlib fills it column by column, and makes each as wide as it needs."""
    filled = np.array_split(np.array(names), columns)
    return sum(SWATCH + max(map(text_width, column), default=0) for column in filled)


def legend_columns(names: Sequence[str], available: float) -> int:
    """In how many columns a legend goes into so many points; at least one."""
    return next((n for n in range(len(names), 1, -1) if legend_width(names, n) <= available), 1)


def short(value: float) -> str:
    """A number with two digits, to stand at a tick.

    >>> short(358.2), short(-0.0123), short(0)
    ('360', '−0.012', '0')
    """
    return f"{float(f'{value:.2g}'):g}".replace("-", "\N{MINUS SIGN}")
