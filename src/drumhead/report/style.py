"""The style of all figures: fonts, lines and page width; and how a figure is saved to a file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.style import context
from PIL import ImageFont

from drumhead.files import atomic_replace

PAGE_WIDTH = 7.1 * 72  # points: the width of a figure across both columns of a page
FONT_SIZE = 8  # points
LEGEND_SWATCH_WIDTH = 26  # points: the width of a legend entry without its text
MAX_LEGEND_TEXT_WIDTH = 160  # points: wider names are wrapped
DPI = 300
MIN_DPI, MAX_DPI = 72, 1200
FORMATS = ("pdf", "png", "svg")
REPRODUCIBLE_METADATA = {"pdf": {"CreationDate": None}, "png": None, "svg": {"Date": None}}
"""Metadata without dates, by format, so that the same figure gives the same bytes."""

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
    "pdf.fonttype": 42,  # TrueType, embedded: text stays text, and journals accept it
    "svg.hashsalt": "drumhead",  # makes the identifiers inside the file reproducible
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Apply the style of figures in a ``with`` block, or in a function as a decorator.

    The style replaces the user's matplotlib settings and restores them afterwards. It must be active both where artists
    are created and where they are drawn.
    """
    with context(STYLE, after_reset=True):
        yield


@figure_style()
def save_figure(figure: Figure, *paths: str | Path) -> list[Path]:
    """Write a figure to files, each atomically; the same figure gives the same bytes.

    Args:
        figure: the figure; its ``dpi`` is the resolution of PNG files, and of the images in the other formats.
        paths: file names that end in .png, .pdf or .svg.

    Raises:
        ValueError: if a file name ends otherwise.

    Returns:
        The paths.
    """
    files = [Path(path) for path in paths]
    for path in files:
        if path.suffix.removeprefix(".") not in FORMATS:
            raise ValueError(f"figures are written as .pdf, .png or .svg; got {path}")
    for path in files:
        format = path.suffix[1:]
        content = BytesIO()  # matplotlib's writers do not handle a full disk
        figure.savefig(content, format=format, dpi=figure.dpi, metadata=REPRODUCIBLE_METADATA[format])
        with atomic_replace(path) as temporary:
            temporary.write_bytes(content.getvalue())
    return files


def check_dpi(dpi: int) -> None:
    """Raise ``ValueError`` for a resolution out of range."""
    if not MIN_DPI <= dpi <= MAX_DPI:
        raise ValueError(f"dpi must be from {MIN_DPI} to {MAX_DPI} pixels per inch; got {dpi}")


@cache
def font(size: float) -> ImageFont.FreeTypeFont:
    """Return the font of all figures and movies, for drawing with Pillow or for measuring text."""
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)


def text_width(text: str, size: float = FONT_SIZE) -> float:
    """Return the width of the widest line of a text, in the unit of ``size``."""
    return max(font(64).getlength(line) for line in text.split("\n")) * size / 64


def wrap_text(text: str, width: float, size: float = FONT_SIZE) -> str:
    """Return a text in lines no wider than ``width``, in the unit of ``size``; broken between words if possible.

    >>> print(wrap_text("NWM linear, hidden channels 16", 60))
    NWM linear,
    hidden
    channels 16
    """
    for characters in range(len(text), 1, -1):
        lines = "\n".join(textwrap.fill(line, characters) for line in text.split("\n"))
        if text_width(lines, size) <= width:
            return lines
    return text


def shorten_text(text: str, width: float, size: float = FONT_SIZE) -> str:
    """Return a text no wider than ``width``, in the unit of ``size``, with an ellipsis for the end of a longer one.

    >>> shorten_text("background", 60), shorten_text("background of the image", 60)
    ('background', 'background …')
    """
    if text_width(text, size) <= width:
        return text
    return next((short for end in range(len(text), 0, -1) if text_width(short := f"{text[:end]}…", size) <= width), "…")


def legend_width(names: Sequence[str], columns: int) -> float:
    """Return the width of a legend in points. Matplotlib fills it column by column, each as wide as its texts."""
    return sum(LEGEND_SWATCH_WIDTH + max(map(text_width, column)) for column in _legend_parts(names, columns))


def legend_lines(names: Sequence[str], columns: int) -> int:
    """Return the number of lines of a legend: that of its longest column."""
    return max(sum(name.count("\n") + 1 for name in column) for column in _legend_parts(names, columns))


def _legend_parts(names: Sequence[str], columns: int) -> list[list[str]]:
    """Return the names in each column of a legend, as matplotlib distributes them."""
    rows, longer = divmod(len(names), columns)
    sizes = [rows + 1] * longer + [rows] * (columns - longer)
    return [list(names[sum(sizes[:i]) : sum(sizes[: i + 1])]) for i in range(columns) if sizes[i]]


def wrap_legend(names: Sequence[str], width: float = MAX_LEGEND_TEXT_WIDTH) -> list[str]:
    """Return the names of a legend, each in lines no wider than ``width`` points."""
    return [wrap_text(name, width) for name in names]


def legend_columns(names: Sequence[str], available: float) -> int:
    """Return the largest number of legend columns that fit into a width in points; at least one."""
    return next((n for n in range(len(names), 1, -1) if legend_width(names, n) <= available), 1)


def two_digits(value: float) -> str:
    """Return a number with two significant digits, for ticks.

    >>> two_digits(358.2), two_digits(-0.0123), two_digits(0)
    ('360', '−0.012', '0')
    """
    return f"{float(f'{value:.2g}'):g}".replace("-", "\N{MINUS SIGN}")
