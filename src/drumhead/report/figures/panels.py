"""A figure of small images in rows: labels at the left, titles above, colour bars at the right.

Lengths are in points, 72 per inch, unless a comment says pixels. If possible, each pixel of an image becomes a square
of a whole number of the figure's pixels, so that edges are sharp.
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
from drumhead.report.style import (
    FONT_SIZE,
    PAGE_WIDTH,
    figure_style,
    legend_columns,
    legend_lines,
    legend_width,
    text_width,
    wrap_legend,
    wrap_text,
)

GAP = 5  # between panels
LINE_HEIGHT, LEGEND_LINE_HEIGHT = 11, 12.5
MAX_PANEL_SIDE, MIN_PANEL_SIDE = 86, 22
MAX_LABEL_WIDTH = 90  # wider labels are wrap_text
TITLE_SIZE = FONT_SIZE - 1
BAR_WIDTH = 5  # of a colour bar
DRAWN_WIDTH = 1.06  # the greatest width of drawn text, relative to its measured width; pixels make it wider


@dataclass(frozen=True, kw_only=True)
class ColourBar:
    """The colour bar of a row."""

    colours: ScalarMappable
    ticks: Mapping[float, str]
    """The text of each tick, by its value."""


@dataclass(frozen=True, kw_only=True)
class PanelRow:
    """A row of images side by side."""

    label: str
    """The text at the left."""
    panels: Sequence[Pixels]
    """Images ``(height, width, 3 or 4)``, of the same size in the whole figure."""
    titles: Sequence[str] = ()
    """The text above each panel; none by default."""
    bar: ColourBar | None = None
    extra_gap: bool = False
    """Whether there is a larger gap above the row."""


class LegendPosition(NamedTuple):
    """The position of the legend in pixels from the top left corner, its anchor there, and its number of columns."""

    x: float
    y: float
    anchor: Literal["center left", "lower center"]
    columns: int


@figure_style()
def panel_figure(rows: Sequence[PanelRow], *, legend: Mapping[str, str], dpi: int) -> Figure:
    """Draw rows of panels across a page, and a legend: in the first row if there is space, otherwise below all rows.

    Args:
        rows: the rows.
        legend: the colours by name; may be empty.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if a row has more panels than fit on a page.
    """
    rows = [replace(row, label=wrap_text(row.label, MAX_LABEL_WIDTH)) for row in rows]
    legend = dict(zip(wrap_legend(list(legend)), legend.values(), strict=True))
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
        x = layout.left + column * layout.pitch + layout.inset
        axes = figure.add_axes(layout.rectangle(x, top, width, height))
        axes.set_axis_off()
        axes.imshow(panel, aspect="auto", interpolation=layout.interpolation)
        if row.titles:
            above = layout.point(x + width / 2, top - layout.pixels(2))
            figure.text(*above, row.titles[column], ha="center", va="bottom", fontsize=TITLE_SIZE)
    if row.bar:
        x = layout.left + len(row.panels) * layout.pitch
        extra = layout.bar_height - height
        bar_box = layout.rectangle(x, top - extra / 2, layout.pixels(BAR_WIDTH), height + extra)
        axes = figure.add_axes(bar_box)
        bar = figure.colorbar(row.bar.colours, cax=axes)
        bar.set_ticks(list(row.bar.ticks), labels=list(row.bar.ticks.values()))
        bar.ax.tick_params(which="minor", length=0)
        bar.ax.tick_params(labelsize=TITLE_SIZE, pad=1.5)
        bar.outline.set_visible(False)


class _Layout:
    """The positions of all parts of the figure, in pixels from the top left corner."""

    def __init__(self, rows: Sequence[PanelRow], legend: Mapping[str, str], dpi: int) -> None:
        self.dpi = dpi
        self.gap = self.pixels(GAP)
        columns = max(len(row.panels) for row in rows)
        self.left = self.pixels(3 * GAP + max(text_width(row.label) for row in rows))
        ticks = [text for row in rows if row.bar for text in row.bar.ticks.values()]
        bar_width = self.pixels(BAR_WIDTH + GAP + max(map(text_width, ticks))) if ticks else 0

        available = self.pixels(PAGE_WIDTH - GAP) - self.left - bar_width
        pitch, min_pitch = available // columns, self.pixels(MIN_PANEL_SIDE + GAP)  # from one panel to the next
        if pitch < min_pitch:
            raise ValueError(f"at most {available // min_pitch} panels fit side by side on a page; got {columns}")
        title_width = pitch * 72 / dpi / DRAWN_WIDTH - GAP  # so that adjacent titles do not touch
        self.rows = [
            replace(row, titles=[wrap_text(title, title_width, TITLE_SIZE) for title in row.titles]) for row in rows
        ]
        widest = max((text_width(title, TITLE_SIZE) for row in self.rows for title in row.titles), default=0)

        image_height, image_width = rows[0].panels[0].shape[:2]
        side = min(pitch - self.gap, self.pixels(MAX_PANEL_SIDE))
        scale = side / max(image_width, image_height / 1.5)
        whole = math.floor(scale) >= 0.75 * scale
        # "antialiased" smooths, where squares would be uneven. Matplotlib 3.10 calls it "auto", and takes both names.
        self.interpolation = "nearest" if whole else "antialiased"
        scale = math.floor(scale) if whole else scale
        self.panel_height, self.panel_width = round(image_height * scale), round(image_width * scale)
        self.pitch = max(self.panel_width + self.gap, self.pixels(DRAWN_WIDTH * (widest + GAP)))
        self.inset = (self.pitch - self.gap - self.panel_width) // 2  # panels are in the middle of their titles
        tick_lines = max((len(row.bar.ticks) for row in rows if row.bar), default=0)
        self.bar_height = max(self.panel_height, self.pixels(LINE_HEIGHT * max(0, tick_lines - 1)))
        self.width = self.left + columns * self.pitch + bar_width + self.gap

        self.tops: list[int] = []
        bottom = self.pixels(GAP)
        for row in self.rows:
            lines = max((title.count("\n") + 1 for title in row.titles), default=0)
            beside = self.pixels(LINE_HEIGHT * (row.label.count("\n") + 1))  # the height of what is beside the panels
            if row.bar:
                beside = max(beside, self.bar_height + self.pixels(LINE_HEIGHT))  # half a tick label at each end
            overhang = max(0, beside - self.panel_height) // 2
            above = max(overhang, self.pixels(LINE_HEIGHT * lines + (GAP if row.extra_gap else 0)))
            self.tops.append(bottom + above)
            bottom = self.tops[-1] + self.panel_height + overhang + self.gap
        self._place_legend(rows, list(legend), bottom)

    def _place_legend(self, rows: Sequence[PanelRow], names: list[str], bottom: int) -> None:
        """Place the legend at the end of the first row, or in lines below all panels."""
        self.height = bottom
        start = self.left + len(rows[0].panels) * self.pitch + self.gap
        available = (self.width - self.gap - start) * 72 / self.dpi
        if names and len(rows) > 1 and not rows[0].bar:
            columns = legend_columns(names, available)
            height = self.pixels(LEGEND_LINE_HEIGHT * legend_lines(names, columns))
            if legend_width(names, columns) <= available and height <= self.panel_height:
                self.legend = LegendPosition(start, self.tops[0] + self.panel_height / 2, "center left", columns)
                return
        if not names:
            return
        self.width = max(self.width, self.pixels(legend_width(names, 1)) + 2 * self.gap)
        columns = legend_columns(names, (self.width - 2 * self.gap) * 72 / self.dpi)
        width = self.pixels(legend_width(names, columns))
        self.height += self.pixels(LEGEND_LINE_HEIGHT * legend_lines(names, columns) + GAP)
        middle = (
            self.left + len(rows[0].panels) * self.pitch / 2
        )  # centred below the panels if there is space, otherwise in the figure
        if middle + width / 2 > self.width - self.gap:
            middle = self.width / 2
        self.legend = LegendPosition(middle, self.height - self.gap, "lower center", columns)

    def pixels(self, points: float) -> int:
        """Return a length in whole pixels."""
        return round(points * self.dpi / 72)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return a point in figure coordinates, which start at the bottom left and range from 0 to 1."""
        return x / self.width, 1 - y / self.height

    def rectangle(self, x: float, y: float, width: float, height: float) -> tuple[float, float, float, float]:
        """Return a rectangle, given by its top left corner and size, in figure coordinates."""
        return (*self.point(x, y + height), width / self.width, height / self.height)
