"""The figure of scores: one bar per model and recipe, one panel per dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from drumhead.report.colours import PALE, SERIES
from drumhead.report.style import (
    DPI,
    FONT_SIZE,
    PAGE_WIDTH,
    figure_style,
    legend_columns,
    legend_lines,
    text_width,
    wrap_legend,
    wrap_text,
)

PUBLISHED = "published"
"""The group of the published scores; its bars are grey."""

# Lengths in points.
MAX_COLUMNS = 3  # panels side by side
MIN_AXES_WIDTH, MAX_AXES_WIDTH = 80, 220
BAR_HEIGHT, MODEL_GAP = 9, 4.5  # the gap is between the bars of two models
MAX_LABEL_WIDTH = 140  # wider labels of models are wrapped
TITLE_GAP, AXIS_HEIGHT = 4, 17  # between title and bars; below the bars, without the label of the axis
LINE_HEIGHT, LABEL_LINE_HEIGHT = 12, 10.5
BOLD = 1.15  # the width of bold text, relative to other text
MARGIN = 8
NOTE_SIZE = FONT_SIZE - 1


class BarStatistics(NamedTuple):
    """The statistics of one score over seeds."""

    mean: float
    std: float | None
    """The standard deviation over seeds; None for a single seed."""
    values: tuple[float, ...]
    """The score of each seed."""

    @classmethod
    def of(cls, values: Sequence[float]) -> BarStatistics:
        """Return the statistics of some scores; the standard deviation has n - 1 in the denominator.

        >>> BarStatistics.of([1.0, 2.0, 3.0])
        BarStatistics(mean=2.0, std=1.0, values=(1.0, 2.0, 3.0))
        """
        return cls(fmean(values), stdev(values) if len(values) > 1 else None, tuple(values))


class ScoreBar(NamedTuple):
    """A bar of the figure."""

    dataset: str
    """The title of its panel."""
    model: str
    """The label of the bar."""
    group: str
    """The group that its colour represents: a recipe, or ``PUBLISHED``."""
    statistics: BarStatistics
    """The score that the bar shows."""


@figure_style()
def scores_figure(bars: Sequence[ScoreBar], *, score: str, is_fraction: bool = True, dpi: int = DPI) -> Figure:
    """Draw means over seeds as horizontal bars, with standard deviations and the scores of single seeds.

    Args:
        bars: the bars; those of a model are adjacent. Panels, models and groups are in the order of first appearance.
        score: the name of the score.
        is_fraction: whether the score lies between 0 and 1; the axis then shows that whole range.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if there are no bars, two bars of the same dataset, model and group, or more groups than colours.
    """
    keys = [bar[:3] for bar in bars]
    if not bars or len(set(keys)) < len(keys):
        repeated = sorted({key for key in keys if keys.count(key) > 1})
        raise ValueError(
            "there must be at least one bar, and at most one for each dataset, model and group; "
            f"got several of {repeated}"
        )
    colours = _group_colours(_unique(bar.group for bar in bars))
    panels = {name: [bar for bar in bars if bar.dataset == name] for name in _unique(bar.dataset for bar in bars)}

    bars = [bar._replace(model=wrap_text(bar.model, MAX_LABEL_WIDTH)) for bar in bars]
    panels = {name: [bar for bar in bars if bar.dataset == name] for name in panels}
    label = max(text_width(bar.model) for bar in bars) + 2 * MARGIN
    columns = max(1, min(MAX_COLUMNS, len(panels), int((PAGE_WIDTH - MARGIN) / (label + MIN_AXES_WIDTH))))
    inner = min(MAX_AXES_WIDTH, max(MIN_AXES_WIDTH, (PAGE_WIDTH - MARGIN) / columns - label))
    width = columns * (label + inner) + 2 * MARGIN
    notes = _notes(bars, width - 2 * MARGIN)
    titles = [wrap_text(name, inner / BOLD) for name in panels]
    title_height = TITLE_GAP + LABEL_LINE_HEIGHT * max(title.count("\n") + 1 for title in titles)
    score = wrap_text(score, inner)
    axis_height = AXIS_HEIGHT + LABEL_LINE_HEIGHT * (score.count("\n") + 1)
    heights = [_panel_height(panel) for panel in panels.values()]
    row_heights = [max(heights[i : i + columns]) for i in range(0, len(heights), columns)]
    names = wrap_legend(list(colours), width - 4 * MARGIN)
    legend = legend_columns(names, width - 2 * MARGIN)
    top = MARGIN / 2 + LINE_HEIGHT * legend_lines(names, legend)
    height = (
        top + sum(row_heights) + (title_height + axis_height) * len(row_heights) + LINE_HEIGHT * len(notes) + MARGIN / 2
    )

    figure = Figure(figsize=(width / 72, height / 72), dpi=dpi)
    for number, (title, panel) in enumerate(zip(titles, panels.values(), strict=True)):
        row, column = divmod(number, columns)
        upper = top + title_height + sum(row_heights[:row]) + (title_height + axis_height) * row
        left = column * (label + inner) + label
        box = (left / width, 1 - (upper + heights[number]) / height, inner / width, heights[number] / height)
        axes = figure.add_axes(box)
        _draw_panel(axes, panel, colours, is_fraction=is_fraction)
        axes.set_title(title, loc="left", fontweight="bold", pad=TITLE_GAP)
        axes.set_xlabel(score, labelpad=2)
    figure.legend(
        handles=[
            Patch(facecolor=fill, edgecolor="0.3", lw=0.5, label=name)
            for name, fill in zip(names, colours.values(), strict=True)
        ],
        loc="upper left",
        bbox_to_anchor=(MARGIN / width, 1 - MARGIN / 2 / height),
        ncols=legend,
    )
    for line, note in enumerate(reversed(notes)):
        bottom = MARGIN / 2 + LINE_HEIGHT * line
        figure.text(MARGIN / width, bottom / height, note, fontsize=NOTE_SIZE, color="0.3", va="bottom")
    return figure


def _draw_panel(axes: Axes, bars: Sequence[ScoreBar], colours: Mapping[str, str], *, is_fraction: bool) -> None:
    """Draw the bars of one dataset, from the top; the unit of y is a point."""
    middles = {}
    y = 0.0
    for model in _unique(bar.model for bar in bars):
        chosen = [bar for bar in bars if bar.model == model]
        start, height = y, _model_height(chosen)
        y += (height - BAR_HEIGHT * len(chosen)) / 2
        for group, colour in colours.items():
            for bar in chosen:
                if bar.group == group:
                    _draw_bar(axes, y + BAR_HEIGHT / 2, bar.statistics, colour)
                    y += BAR_HEIGHT
        middles[model] = start + height / 2
        y = start + height + MODEL_GAP
    if is_fraction:
        axes.set_xlim(0, 1)
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "", "0.5", "", "1"])
    else:
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=2, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
    axes.set_ylim(y - MODEL_GAP / 2, -MODEL_GAP / 2)
    axes.set_yticks(list(middles.values()), labels=list(middles))
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color("0.3")
    axes.grid(axis="x", lw=0.4, color="0.85")
    axes.set_axisbelow(True)


def _draw_bar(axes: Axes, y: float, statistics: BarStatistics, colour: str) -> None:
    axes.barh(y, statistics.mean, height=0.85 * BAR_HEIGHT, color=colour, edgecolor="0.3", lw=0.5)
    if statistics.std is not None:
        axes.errorbar(statistics.mean, y, xerr=statistics.std, color="black", lw=1.6, zorder=3)
    seeds = statistics.values
    axes.plot(seeds, [y] * len(seeds), "o", ms=3, mfc="white", mec="black", mew=0.6, zorder=4, clip_on=False)


def _panel_height(bars: Sequence[ScoreBar]) -> float:
    models = _unique(bar.model for bar in bars)
    return sum(MODEL_GAP + _model_height([bar for bar in bars if bar.model == model]) for model in models)


def _model_height(bars: Sequence[ScoreBar]) -> float:
    """Return the height of the bars of one model, or of its label if that is larger."""
    return max(BAR_HEIGHT * len(bars), LABEL_LINE_HEIGHT * (bars[0].model.count("\n") + 1) - MODEL_GAP)


def _group_colours(groups: Sequence[str]) -> dict[str, str]:
    """Return the colour of each group."""
    others = [group for group in groups if group != PUBLISHED]
    if len(others) > len(SERIES):
        raise ValueError(f"at most {len(SERIES)} recipes have distinct colours in one figure; got {', '.join(others)}")
    chosen = dict(zip(others, SERIES, strict=False))
    return {group: chosen.get(group, PALE) for group in groups}


def _notes(bars: Sequence[ScoreBar], available: float) -> list[str]:
    """Return explanations of the marks that occur, in lines no wider than ``available`` points if possible."""
    all_statistics = [bar.statistics for bar in bars]
    marks = {
        "Bar: mean over seeds.": True,
        "Circle: one seed.": True,
        "Thick line: standard deviation.": any(statistics.std is not None for statistics in all_statistics),
    }
    lines: list[str] = []
    for note in [note for note, occurs in marks.items() if occurs]:
        longer = f"{lines[-1]} {note}" if lines else note
        if lines and text_width(longer, NOTE_SIZE) <= available:
            lines[-1] = longer
        else:
            lines.append(note)
    return lines


def _unique(names: Iterable[str]) -> list[str]:
    """Return each name once, in the order of first appearance."""
    return list(dict.fromkeys(names))
