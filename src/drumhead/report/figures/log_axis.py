"""Tick labels of logarithmic axes."""

from __future__ import annotations

from matplotlib.axis import Axis
from matplotlib.ticker import LogFormatterSciNotation


class PlainLogFormatter(LogFormatterSciNotation):
    """Labels the same ticks as matplotlib's default formatter, but without mathtext.

    The style of figures turns mathtext off, so that the default labels would appear as TeX source.
    """

    def __call__(self, x: float, pos: int | None = None) -> str:
        return f"{x:g}" if super().__call__(x, pos) else ""


def set_plain_log_labels(axis: Axis) -> None:
    """Label the ticks of a logarithmic axis with plain numbers."""
    axis.set_major_formatter(PlainLogFormatter())
    axis.set_minor_formatter(PlainLogFormatter())
