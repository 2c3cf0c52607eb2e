"""The figure of scores: a bar for each model and recipe, a panel for each dataset."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from drumhead.report.colours import PALE, SERIES
from drumhead.report.style import DPI, FONT_SIZE, PAGE, legend_columns, styled, text_width

PUBLISHED = "published"
"""The group of scores that others published; its bars are grey."""

# Lengths in points.
MOST_COLUMNS, NARROWEST, WIDEST = 3, 80, 220  # panels side by side; width of their bars
BAR, BETWEEN = 9, 4.5  # height of a bar; between those of two models
HEAD, FOOT = 15, 28  # above and below the bars of a panel
LINE = 12
MARGIN = 8
NOTE_SIZE = FONT_SIZE - 1


class Summary(NamedTuple):
    """One score over seeds, as far as it is known."""

    mean: float
    std: float | None
    """Standard deviation over seeds; None for a single one."""
    low: float | None = None
    """The smallest, where it is known but single seeds are not."""
    high: float | None = None
    """The largest, likewise."""
    values: tuple[float, ...] = ()
    """The score of each seed, where they are known."""

    @classmethod
    def of(cls, values: Sequence[float]) -> Summary:
        """The summary of the scores of some seeds; the standard deviation is the sample's (over n - 1).

        >>> Summary.of([1.0, 2.0, 3.0])
        Summary(mean=2.0, std=1.0, low=None, high=None, values=(1.0, 2.0, 3.0))
        """
        return cls(fmean(values), stdev(values) if len(values) > 1 else None, values=tuple(values))


class ScoreBar(NamedTuple):
    """A bar: whose score it is, and how high it is."""

    dataset: str
    """The panel it is in."""
    model: str
    """What stands beside it."""
    group: str
    """What its colour means: the recipe of runs, or ``PUBLISHED``."""
    summary: Summary
    """The score."""


@styled()
def scores_figure(bars: Sequence[ScoreBar], *, score: str, share: bool = True, dpi: int = DPI) -> Figure:
    """Means over seeds as horizontal bars, each with its standard deviation and its seeds.

    Args:
        bars: bars of one model stand together; panels, models and groups come in the order of first appearance.
        score: what the score is called.
        share: whether it lies between 0 and 1; the axis then shows all of that.
        dpi: pixels to an inch.

    Raises:
        ValueError: no bars, two bars of one dataset, model and group, or more groups than there are colours.
    """
    places = [bar[:3] for bar in bars]
    if not bars or len(set(places)) < len(places):
        twice = sorted({place for place in places if places.count(place) > 1})
        raise ValueError(f"there must be a bar, and one for each dataset, model and group; got several of {twice}")
    colours = _group_colours(_in_order(bar.group for bar in bars))
    panels = {name: [bar for bar in bars if bar.dataset == name] for name in _in_order(bar.dataset for bar in bars)}

    label = max(text_width(bar.model) for bar in bars) + 2 * MARGIN
    columns = max(1, min(MOST_COLUMNS, len(panels), int((PAGE - MARGIN) / (label + NARROWEST))))
    inner = min(WIDEST, max(NARROWEST, (PAGE - MARGIN) / columns - label))
    width = columns * (label + inner) + MARGIN
    notes = _notes(bars, width - 2 * MARGIN)
    heights = [_panel_height(panel) for panel in panels.values()]
    row_heights = [max(heights[i : i + columns]) for i in range(0, len(heights), columns)]
    legend = legend_columns(list(colours), width - 2 * MARGIN)
    top = MARGIN / 2 + LINE * math.ceil(len(colours) / legend)
    height = top + sum(row_heights) + (HEAD + FOOT) * len(row_heights) + LINE * len(notes) + MARGIN / 2

    figure = Figure(figsize=(width / 72, height / 72), dpi=dpi)
    for number, (name, panel) in enumerate(panels.items()):
        row, column = divmod(number, columns)
        upper = top + HEAD + sum(row_heights[:row]) + (HEAD + FOOT) * row
        left = column * (label + inner) + label
        box = (left / width, 1 - (upper + heights[number]) / height, inner / width, heights[number] / height)
        axes = figure.add_axes(box)
        _draw_panel(axes, panel, colours, share=share)
        axes.set_title(name, loc="left", fontweight="bold", pad=4)
        axes.set_xlabel(score, labelpad=2)
    figure.legend(
        handles=[Patch(facecolor=fill, edgecolor="0.3", lw=0.5, label=name) for name, fill in colours.items()],
        loc="upper left",
        bbox_to_anchor=(MARGIN / width, 1 - MARGIN / 2 / height),
        ncols=legend,
    )
    for line, note in enumerate(reversed(notes)):
        bottom = MARGIN / 2 + LINE * line
        figure.text(MARGIN / width, bottom / height, note, fontsize=NOTE_SIZE, color="0.3", va="bottom")
    return figure


def _draw_panel(axes: Axes, bars: Sequence[ScoreBar], colours: Mapping[str, str], *, share: bool) -> None:
    """The bars of one dataset, from the top; a unit of y is a point."""
    middles = {}
    y = 0.0
    for model in _in_order(bar.model for bar in bars):
        start = y
        for group, colour in colours.items():
            for bar in bars:
                if (bar.model, bar.group) == (model, group):
                    _draw_bar(axes, y + BAR / 2, bar.summary, colour)
                    y += BAR
        middles[model] = (start + y) / 2
        y += BETWEEN
    if share:
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "", "0.5", "", "1"])
    else:
        axes.set_xlim(left=0)
    axes.set_ylim(y - BETWEEN / 2, -BETWEEN / 2)
    axes.set_yticks(list(middles.values()), labels=list(middles))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color("0.3")
    axes.grid(axis="x", lw=0.4, color="0.85")
    axes.set_axisbelow(True)


def _draw_bar(axes: Axes, y: float, summary: Summary, colour: str) -> None:
    axes.barh(y, summary.mean, height=0.85 * BAR, color=colour, edgecolor="0.3", lw=0.5)
    if summary.low is not None and summary.high is not None:
        ends = [summary.low, summary.high]
        axes.plot(ends, [y, y], color="black", lw=0.6, marker="|", ms=5, mew=0.8, zorder=3, clip_on=False)
    if summary.std is not None:
        axes.errorbar(summary.mean, y, xerr=summary.std, color="black", lw=1.6, zorder=3)
    if seeds := list(summary.values):
        axes.plot(seeds, [y] * len(seeds), "o", ms=3, mfc="white", mec="black", mew=0.6, zorder=4, clip_on=False)


def _panel_height(bars: Sequence[ScoreBar]) -> float:
    return BAR * len(bars) + BETWEEN * len({bar.model for bar in bars})


def _group_colours(groups: Sequence[str]) -> dict[str, str]:
    """A colour for each group."""
    others = [group for group in groups if group != PUBLISHED]
    if len(others) > len(SERIES):
        raise ValueError(f"at most {len(SERIES)} recipes can be told apart in one figure; got {', '.join(others)}")
    chosen = dict(zip(others, SERIES, strict=False))
    return {group: chosen.get(group, PALE) for group in groups}


def _notes(bars: Sequence[ScoreBar], available: float) -> list[str]:
    """What the marks mean, as far as they occur, in lines no longer than so many points if they can be."""
    summaries = [bar.summary for bar in bars]
    marks = {
        "Bar: mean over seeds.": True,
        "Circle: one seed.": any(summary.values for summary in summaries),
        "Thick line: standard deviation.": any(summary.std is not None for summary in summaries),
        "Thin line: smallest to largest seed.": any(summary.low is not None for summary in summaries),
    }
    lines: list[str] = []
    for note in [note for note, occurs in marks.items() if occurs]:
        longer = f"{lines[-1]} {note}" if lines else note
        if lines and text_width(longer, NOTE_SIZE) <= available:
            lines[-1] = longer
        else:
            lines.append(note)
    return lines


def _in_order(names: Iterable[str]) -> list[str]:
    """Each name once, in the order of first appearance."""
    return list(dict.fromkeys(names))
