"""The figure of all scores on one dataset: recurrent networks side by side by readout, the others by size."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from drumhead.published.background_scores import PUBLISHED_BACKGROUND_SCORES
from drumhead.report.colours import SERIES
from drumhead.report.figures.score_bars import METRIC_TITLES
from drumhead.report.style import DPI, PAGE_WIDTH, figure_style, legend_columns, legend_lines, text_width
from drumhead.results.labels import MODEL_LABELS, READOUTS
from drumhead.results.metric_names import MetricName
from drumhead.results.result_sets import ModelResults, ResultSet

PANELS: tuple[MetricName, ...] = ("acc", "iou", "loss", "acc_foreground", "iou_foreground", "loss_foreground")
"""The scores in the order of panels, in two rows of three."""
SIZES = {"cnn": "layers", "unet": "width"}
"""The label below the groups of models that are listed by size, not by readout."""
COLOURS = {
    "nwm": SERIES[0],
    "conv_lstm": SERIES[1],
    "conv_gru": SERIES[4],
    "conv_rnn": SERIES[2],
    "cnn": "#9a9a9a",
    "unet": SERIES[3],
}
"""The colour of the bars of each model."""

# Lengths in points.
PANEL_HEIGHT, TITLE_HEIGHT, LINE_HEIGHT, MARGIN = 105, 18, 13, 8
LONG_SWATCH = 6  # what a swatch with a line is wider than others
TICKS_WIDTH = 30  # left of each panel
GROUP_GAP, SECTION_GAP = 0.5, 1.0  # between readouts or sizes; between readouts and sizes. The unit is a bar


class Group(NamedTuple):
    """The bars of one readout or one size."""

    label: str
    section: str
    """What the label is: a readout, or a size of :data:`SIZES`."""
    results: list[ModelResults]


@figure_style()
def score_panels_figure(result_set: ResultSet, *, title: str, dpi: int = DPI) -> Figure:
    """Draw six scores of the models of a result set, each beside the score of background everywhere.

    A bar is the mean over seeds and starts at the score of background everywhere, the dashed line; a bar of a loss
    starts at 0. The loss of background everywhere is that of giving every pixel the frequencies of the classes; it is
    known for the paper's test sets.

    Args:
        result_set: the results on one dataset. Only models whose fields are the paper's are drawn.
        title: the title of the figure.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if there is no such model with a score.
    """
    groups = model_groups(result_set)
    if not groups:
        raise ValueError(
            f"there is no score to draw for {title}: the figure shows models whose fields are the paper's, "
            f"{', '.join(MODEL_LABELS.values())}"
        )
    background = background_levels(result_set)
    rotated = max(text_width(group.label, 7) for group in groups) > bar_width(groups) * 1.9
    axis_height = 22 + (max(text_width(group.label, 7) for group in groups) if rotated else 9)
    row_height = TITLE_HEIGHT + PANEL_HEIGHT + axis_height
    models = dict.fromkeys(results.model for group in groups for results in group.results)
    handles: list[Patch | Line2D] = [
        Patch(facecolor=COLOURS[model], edgecolor="0.3", lw=0.5, label=MODEL_LABELS[model]) for model in models
    ]
    handles += [
        Line2D([], [], color="0.2", ls="--", lw=0.9, label="background everywhere"),
        Line2D([], [], color="none", marker="o", ms=3, mfc="white", mec="black", mew=0.6, label="one seed"),
        Line2D([], [], color="black", lw=1.6, label="standard deviation"),
    ]
    names = [str(handle.get_label()) for handle in handles]
    columns = legend_columns(names, PAGE_WIDTH - 2 * MARGIN - LONG_SWATCH * len(names))
    legend_height = 4 + LINE_HEIGHT * (1 + legend_lines(names, columns))
    height = legend_height + 2 * row_height + MARGIN
    figure = Figure(figsize=(PAGE_WIDTH / 72, height / 72), dpi=dpi)
    pitch = (PAGE_WIDTH - MARGIN) / 3
    for number, metric in enumerate(PANELS):
        row, column = divmod(number, 3)
        top = legend_height + row * row_height + TITLE_HEIGHT
        axes = figure.add_axes(
            (
                (column * pitch + TICKS_WIDTH) / PAGE_WIDTH,
                1 - (top + PANEL_HEIGHT) / height,
                (pitch - TICKS_WIDTH) / PAGE_WIDTH,
                PANEL_HEIGHT / height,
            )
        )
        draw_panel(axes, groups, metric, background.get(metric), rotated=rotated, label_drop=axis_height - 14)
        axes.set_title(METRIC_TITLES[metric], loc="left", fontweight="bold", pad=5)
    figure.text(MARGIN / PAGE_WIDTH, 1 - 3 / height, title, va="top", fontweight="bold")
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(MARGIN / PAGE_WIDTH, 1 - 16 / height),
        ncols=columns,
        handlelength=1.6,
    )
    return figure


def model_groups(result_set: ResultSet) -> list[Group]:
    """Return the models that have scores: recurrent ones by readout, then the others, each alone, by size."""
    drawn = [
        results
        for results in result_set.models
        if results.model in MODEL_LABELS and "," not in results.variant and any(map(results.values, PANELS))
    ]
    readouts = [
        Group(readout, "readout", [each for each in drawn if each.model not in SIZES and each.variant == readout])
        for readout in READOUTS
    ]
    sizes = [Group(each.variant, SIZES[each.model], [each]) for each in drawn if each.model in SIZES]
    return [group for group in readouts if group.results] + sizes


def background_levels(result_set: ResultSet) -> dict[str, float | None]:
    """Return the scores of background everywhere that are known, with the losses on the paper's test sets."""
    if not result_set.is_published:
        return result_set.background
    published = PUBLISHED_BACKGROUND_SCORES[result_set.key.dataset]
    return result_set.background | {"loss": published.loss, "loss_foreground": published.loss_foreground}


def positions(groups: list[Group]) -> tuple[list[float], float]:
    """Return the position of the first bar of each group, and the width of all groups, in bars."""
    starts: list[float] = []
    x = 0.0
    for number, group in enumerate(groups):
        if number:
            x += GROUP_GAP if groups[number - 1].section == group.section else SECTION_GAP
        starts.append(x)
        x += len(group.results)
    return starts, x


def bar_width(groups: list[Group]) -> float:
    """Return the width of a bar in points."""
    return ((PAGE_WIDTH - MARGIN) / 3 - TICKS_WIDTH) / (positions(groups)[1] + 1)


def draw_panel(
    axes: Axes,
    groups: list[Group],
    metric: MetricName,
    background: float | None,
    *,
    rotated: bool,
    label_drop: float,
) -> None:
    """Draw one score.

    Args:
        axes: the axes of the panel.
        groups: the bars.
        metric: the score.
        background: the score of background everywhere; None if it is not known.
        rotated: whether the labels of groups are rotated.
        label_drop: the distance of the labels of sections from the axis, in points.
    """
    starts, total = positions(groups)
    is_loss = metric.startswith("loss")
    base = 0.0 if is_loss or background is None else background
    smallest, largest = base, 0.0 if background is None else background
    for start, group in zip(starts, groups, strict=True):
        for offset, results in enumerate(group.results):
            scores = list(results.values(metric).values())
            if scores:
                draw_bar(axes, start + offset + 0.5, scores, base=base, colour=COLOURS[results.model])
                smallest, largest = min(smallest, *scores), max(largest, *scores)
    if background is not None:
        axes.axhline(background, color="0.2", ls="--", lw=0.9, zorder=2.5)
    if is_loss:
        axes.set_ylim(0, 1.05 * largest or 1)
    else:
        axes.set_ylim(smallest - 0.05 * (1 - smallest), 1 + 0.03 * (1 - smallest))
    axes.set_xlim(-0.5, total + 0.5)
    middles = [start + len(group.results) / 2 for start, group in zip(starts, groups, strict=True)]
    axes.set_xticks(middles, labels=[group.label for group in groups], rotation=90 if rotated else 0)
    axes.tick_params(axis="x", length=0, pad=2)
    axes.tick_params(axis="y", labelsize=7)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.grid(axis="y", lw=0.4, color="0.85")
    axes.set_axisbelow(True)
    for section in dict.fromkeys(group.section for group in groups):
        of_section = [middle for middle, group in zip(middles, groups, strict=True) if group.section == section]
        axes.annotate(
            section,
            ((of_section[0] + of_section[-1]) / 2, 0),
            xytext=(0, -label_drop),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=7,
        )


def draw_bar(axes: Axes, x: float, scores: list[float], *, base: float, colour: str) -> None:
    """Draw the mean of the scores as a bar from ``base`` on, with each score and the standard deviation."""
    mean = fmean(scores)
    axes.bar(x, mean - base, bottom=base, width=0.85, color=colour, edgecolor="0.3", lw=0.5)
    if len(scores) > 1:
        axes.errorbar(x, mean, yerr=stdev(scores), color="black", lw=1.6, zorder=3)
    axes.plot([x] * len(scores), scores, "o", ms=2.2, mfc="white", mec="black", mew=0.5, zorder=4, clip_on=False)
