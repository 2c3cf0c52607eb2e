"""A figure of small pictures in rows: labels at the left, titles above, colour bars at the right.

Lengths are in points, 72 to an inch, unless they say pixels. Where it can be, each pixel of an image becomes a whole
number of the figure's pixels, so that edges are sharp and squares are square.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from drumhead.report.colours import Pixels
from drumhead.report.style import FONT_SIZE, PAGE, legend_columns, legend_width, styled, text_width, wrapped

GAP = 5  # between panels
LINE = 11  # from one line of text to the next
LARGEST, SMALLEST = 86, 22  # sides of a panel
LABEL = 90  # the widest label; longer ones go over lines
TITLE_SIZE = FONT_SIZE - 1
BAR = 5  # width of a colour bar


@dataclass(frozen=True, kw_only=True)
class ColourBar:
    """What the colours of a row mean."""

    colours: ScalarMappable
    ticks: Mapping[float, str]
    """Text by value."""


@dataclass(frozen=True, kw_only=True)
class PanelRow:
    """Pictures side by side."""

    label: str
    """What stands at the left."""
    panels: Sequence[Pixels]
    """Pictures (height, width, 3 or 4), of one size in the whole figure."""
    titles: Sequence[str] = ()
    """What stands above each; nothing by default."""
    bar: ColourBar | None = None
    apart: bool = False
    """Whether it stands farther from the row above than others do."""


class LegendPlace(NamedTuple):
    """Where the legend is, in pixels from the top left corner: which point of it, and in how many columns."""

    x: float
    y: float
    anchor: Literal["center left", "lower center"]
    columns: int


@styled()
def panel_figure(rows: Sequence[PanelRow], *, legend: Mapping[str, str], dpi: int) -> Figure:
    """Rows of panels across a page, and a legend: in the first row if that has room, or else below.

    Args:
        rows: the rows.
        legend: colours by name; may be empty.
        dpi: pixels to an inch.

    Raises:
        ValueError: if there are more panels in a row than fit on a page.
    """
    rows = [replace(row, label=wrapped(row.label, LABEL)) for row in rows]
    layout = _Layout(rows, legend, dpi)
    figure = Figure(figsize=(layout.width / dpi, layout.height / dpi), dpi=dpi)
    for row, top in zip(layout.rows, layout.tops, strict=True):
        _draw_row(figure, layout, row, top)
    if legend:
        handles = [Patch(facecolor=colour, edgecolor="0.5", lw=0.4, label=name) for name, colour in legend.items()]
        x, y, anchor, columns = layout.legend
        figure.legend(handles=handles, loc=anchor, bbox_to_anchor=layout.point(x, y), ncols=columns)
    return figure


def _draw_row(figure: Figure, layout: _Layout, row: PanelRow, top: int) -> None:
    height, width = layout.panel_height, layout.panel_width
    figure.text(*layout.point(layout.left - layout.gap, top + height / 2), row.label, ha="right", va="center")
    for column, panel in enumerate(row.panels):
        x = layout.left + column * layout.pitch
        axes = figure.add_axes(layout.rectangle(x, top, width, height))
        axes.set_axis_off()
        axes.imshow(panel, aspect="auto", interpolation=layout.interpolation)
        if row.titles:
            above = layout.point(x + width / 2, top - layout.pixels(2))
            figure.text(*above, row.titles[column], ha="center", va="bottom", fontsize=TITLE_SIZE)
    if row.bar:
        x = layout.left + len(row.panels) * layout.pitch
        axes = figure.add_axes(layout.rectangle(x, top, layout.pixels(BAR), height))
        bar = figure.colorbar(row.bar.colours, cax=axes)
        bar.set_ticks(list(row.bar.ticks), labels=list(row.bar.ticks.values()))
        bar.ax.tick_params(which="minor", length=0)
        bar.ax.tick_params(labelsize=TITLE_SIZE, pad=1.5)
        bar.outline.set_visible(False)


class _Layout:
    """Where everything is, in pixels from the top left corner."""

    def __init__(self, rows: Sequence[PanelRow], legend: Mapping[str, str], dpi: int) -> None:
        self.dpi = dpi
        self.gap = self.pixels(GAP)
        columns = max(len(row.panels) for row in rows)
        self.left = self.pixels(3 * GAP + max(text_width(row.label) for row in rows))
        ticks = [text for row in rows if row.bar for text in row.bar.ticks.values()]
        bars = self.pixels(BAR + GAP + max(map(text_width, ticks))) if ticks else 0

        available = self.pixels(PAGE - GAP) - self.left - bars
        slot, least = available // columns, self.pixels(SMALLEST + GAP)  # from one panel to the next
        if slot < least:
            raise ValueError(f"at most {available // least} panels fit side by side on a page; got {columns}")
        room = slot * 72 / dpi - 2  # for a title; titles must not meet
        self.rows = [replace(row, titles=[wrapped(title, room, TITLE_SIZE) for title in row.titles]) for row in rows]
        widest = max((text_width(title, TITLE_SIZE) for row in self.rows for title in row.titles), default=0)

        image_height, image_width = rows[0].panels[0].shape[:2]
        side = min(slot - self.gap, self.pixels(LARGEST))
        scale = side / max(image_width, image_height / 1.5)
        whole = math.floor(scale) >= 0.75 * scale
        self.interpolation = "nearest" if whole else "auto"  # auto smooths where squares would be uneven
        scale = math.floor(scale) if whole else scale
        self.panel_height, self.panel_width = round(image_height * scale), round(image_width * scale)
        self.pitch = max(self.panel_width + self.gap, self.pixels(widest + 2))
        self.width = self.left + columns * self.pitch + bars + self.gap

        self.tops: list[int] = []
        bottom = self.pixels(GAP)
        for row in self.rows:
            lines = max((title.count("\n") + 1 for title in row.titles), default=0)
            half_label = max(0, self.pixels(LINE * (row.label.count("\n") + 1)) - self.panel_height) // 2
            above = max(half_label, self.pixels(LINE * lines + (GAP if row.apart else 0)))
            self.tops.append(bottom + above)
            bottom = self.tops[-1] + self.panel_height + half_label + self.gap
        self._place_legend(rows, list(legend), bottom)

    def _place_legend(self, rows: Sequence[PanelRow], names: list[str], bottom: int) -> None:
        """The legend at the end of the first row, or in lines below all panels."""
        self.height = bottom
        start = self.left + len(rows[0].panels) * self.pitch + self.gap
        columns = math.ceil(len(names) / (self.panel_height // self.pixels(LINE)))
        if len(rows) > 1 and not rows[0].bar and start + self.pixels(legend_width(names, columns)) <= self.width:
            self.legend = LegendPlace(start, self.tops[0] + self.panel_height / 2, "center left", columns)
            return
        columns = legend_columns(names, (self.width - 2 * self.gap) * 72 / self.dpi)
        width, lines = self.pixels(legend_width(names, columns)), math.ceil(len(names) / columns)
        self.height += self.pixels(LINE * lines + GAP)
        middle = self.left + len(rows[0].panels) * self.pitch / 2  # below the panels if there is room, or else centred
        if middle + width / 2 > self.width - self.gap:
            middle = self.width / 2
        self.legend = LegendPlace(middle, self.height - self.gap, "lower center", columns)

    def pixels(self, points: float) -> int:
        """A length in whole pixels."""
        return round(points * self.dpi / 72)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A point in the figure's own units, which begin at the bottom."""
        return x / self.width, 1 - y / self.height

    def rectangle(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        """A rectangle, given by its top left corner, in the figure's own units."""
        return (*self.point(x, y + height), width / self.width, height / self.height)
