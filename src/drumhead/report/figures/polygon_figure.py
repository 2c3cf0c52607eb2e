"""The figure of an NWM on polygons: natural frequencies, states, mean spectra by class, and a linear probe."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Patch

from drumhead.analysis.class_study import ClassStudy
from drumhead.analysis.natural_frequency import NaturalFrequencies, natural_frequencies
from drumhead.analysis.spectrum import Floats
from drumhead.data import Dataset, to_tensors
from drumhead.models import NWM
from drumhead.report.colours import WAVES, class_colours, class_legend, colour_image, colour_masks, wave_limit
from drumhead.report.figures.log_axis import set_plain_log_labels
from drumhead.report.figures.wave_figure import default_times
from drumhead.report.samples import SampleStates, check_samples, compute_sample_states
from drumhead.report.style import (
    DPI,
    FONT_SIZE,
    PAGE_WIDTH,
    figure_style,
    legend_columns,
    legend_lines,
    shorten_text,
    text_width,
    two_digits,
    wrap_legend,
)

MAX_CHANNELS = 2
"""The largest number of channels that are shown."""
DECADES = 3
"""The range of the spectra that is drawn, below their largest value."""
INSIDE, OUTSIDE = "#d55e00", "#0072b2"
IMAGE_ROW_HEIGHT, GRAPHS_HEIGHT, LEGEND_LINE_HEIGHT = 95, 320, 13  # points
MATRIX_SIDE = 170
"""The approximate side of the confusion matrix in points."""
MAX_NAME_WIDTH = 60
"""The largest width in points of the name of a class beside the confusion matrix."""
COLOUR_BAR_STYLE: dict[str, Any] = {"shrink": 0.9, "aspect": 16, "pad": 0.01}
SMALL_FONT_SIZE, MIN_FONT_SIZE = FONT_SIZE - 1, 4.5
ANNOTATION_STYLE: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": SMALL_FONT_SIZE}


@figure_style()
def polygon_figure(
    model: NWM, dataset: Dataset, study: ClassStudy, *, split: str, sample: int, dpi: int = DPI
) -> Figure:
    """Draw the images and states of one sample; below them, the results of a study over many images.

    Args:
        model: a trained network.
        dataset: a dataset that fits the network.
        study: the study of that network.
        split: the split of the sample.
        sample: the number of the sample, from 0.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if there is no such sample.
    """
    check_samples(dataset, split, [sample])
    channels = list(range(min(MAX_CHANNELS, model.config.hidden_channels)))
    sample_states = compute_sample_states(model, dataset, split=split, sample=sample, channels=channels)
    images, _ = to_tensors(dataset.splits[split], [sample])
    with torch.inference_mode():
        omega, coupling = model.encode(images).omega[0].numpy(), model.coupling.numpy()
    natural = natural_frequencies(omega, coupling).uncoupled[channels]
    assert sample_states.mask is not None
    shown = (np.flatnonzero(study.spectra.pixels), sample_states.mask, sample_states.prediction)
    legend = class_legend(shown, dataset.class_names)
    names = wrap_legend(list(legend))
    columns = legend_columns(names, PAGE_WIDTH - 16)
    legend_height = LEGEND_LINE_HEIGHT * legend_lines(names, columns) + 6
    heights = [IMAGE_ROW_HEIGHT, legend_height, *[IMAGE_ROW_HEIGHT] * len(channels), GRAPHS_HEIGHT]
    figure = Figure(figsize=(PAGE_WIDTH / 72, sum(heights) / 72), dpi=dpi, layout="constrained")
    images_part, legend_part, *state_parts, graphs_part = figure.subfigures(
        len(heights), 1, height_ratios=heights, squeeze=False
    )[:, 0]
    _draw_images(images_part, sample_states, sample_states.mask, natural)
    handles = [
        Patch(fc=colour, ec="0.5", lw=0.4, label=name) for name, colour in zip(names, legend.values(), strict=True)
    ]
    legend_part.legend(handles=handles, loc="center", ncols=columns)
    for channel, part in enumerate(state_parts):
        _draw_states(
            part,
            sample_states.field[:, channel],
            dt=model.config.dt,
            label=f"{_channel(channel)} of {model.config.hidden_channels}",
        )
    graphs = graphs_part.subplot_mosaic([["natural", "confusion"], ["spectra", "confusion"]], height_ratios=[0.8, 1])
    natural_axes, spectra, confusion = graphs["natural"], graphs["spectra"], graphs["confusion"]
    _draw_natural(natural_axes, study)
    _draw_spectra(spectra, study, dataset.class_names)
    _draw_confusion(confusion, study, dataset.class_names)
    return figure


def _draw_images(
    part: SubFigure,
    sample_states: SampleStates,
    truth: npt.NDArray[Any],
    natural: Floats,
) -> None:
    """Draw input, truth, prediction, and the natural frequencies of each channel with the outlines of the shapes."""
    colours = ScalarMappable(Normalize(natural.min(), natural.max() or 1.0), "viridis")
    shapes = np.ma.filled(truth, 0) != 0
    panels = part.subplots(1, 3 + len(natural))
    titles = (f"input\n({sample_states.title})", "truth", "prediction")
    images = (colour_image(sample_states.image), colour_masks(truth), colour_masks(sample_states.prediction))
    for axes, title, image in zip(panels, titles, images, strict=False):
        _draw_image(axes, image, title)
    for channel, (axes, values) in enumerate(zip(panels[3:], natural, strict=True)):
        _draw_image(axes, colours.to_rgba(values, bytes=True), f"√ω / 2π,\n{_channel(channel)}")
        if shapes.any() and not shapes.all():
            axes.contour(shapes, levels=[0.5], colors="white", linewidths=0.5)
    bar = part.colorbar(colours, ax=panels.tolist(), **COLOUR_BAR_STYLE)
    bar.ax.tick_params(labelsize=SMALL_FONT_SIZE)


def _draw_states(part: SubFigure, waves: npt.NDArray[np.floating[Any]], *, dt: float, label: str) -> None:
    """Draw the states of one channel at some steps, in one colour scale."""
    limit = wave_limit(waves)
    colours = ScalarMappable(Normalize(-limit, limit), WAVES)
    times = default_times(len(waves))
    panels = part.subplots(1, len(times), squeeze=False)[0]
    for axes, time in zip(panels, times, strict=True):
        _draw_image(axes, colours.to_rgba(waves[time - 1], bytes=True), f"t = {time * dt:.3g}")
    bar = part.colorbar(colours, ax=panels.tolist(), **COLOUR_BAR_STYLE)
    bar.set_ticks([-limit, 0, limit], labels=[two_digits(-limit), "0", two_digits(limit)])
    bar.ax.tick_params(labelsize=SMALL_FONT_SIZE)
    part.supylabel(f"states, {label}", fontsize=SMALL_FONT_SIZE)


def _draw_natural(axes: Axes, study: ClassStudy) -> None:
    """Draw the distribution of natural frequencies inside and outside shapes, for each channel."""
    _title(axes, "a", "natural frequencies")
    ticks = {}
    for channel in range(min(MAX_CHANNELS, len(study.inside.uncoupled))):
        for name, (values, colour, shift) in _sides(study).items():
            x = channel + shift
            low, middle, high = np.percentile(values.uncoupled[channel], [10, 50, 90])
            axes.plot([x, x], [low, high], color=colour, lw=6, alpha=0.35, solid_capstyle="butt")
            axes.plot(x, middle, "o", ms=4, color=colour, clip_on=False)
            axes.annotate(f"{middle:.2g}", (x, high), (0, 4), color=colour, **ANNOTATION_STYLE)
            ticks[x] = f"{name},\n{_channel(channel)}"
    axes.margins(y=0.15)
    axes.set_ylim(bottom=0)
    axes.set(xlim=(-0.5, channel + 0.5), ylabel="√ω / 2π (uncoupled)")
    axes.set_xticks(list(ticks), labels=list(ticks.values()))
    axes.tick_params(axis="x", length=0)


def _sides(study: ClassStudy) -> dict[str, tuple[NaturalFrequencies, str, float]]:
    """Return the frequencies inside and outside shapes, each with its colour and its shift from the channel's tick."""
    return {"inside": (study.inside, INSIDE, -0.22), "outside": (study.outside, OUTSIDE, 0.22)}


def _draw_spectra(axes: Axes, study: ClassStudy, class_names: Sequence[str]) -> None:
    """Draw the mean spectrum of each class in the first channel, with the standard deviation over pixels."""
    _title(axes, "b", f"mean spectra ({study.images} images)")
    frequencies, mean, spread = study.spectra.frequencies, study.spectra.mean[:, 0], study.spectra.spread[:, 0]
    colours = class_colours(len(class_names)) / 255
    for label, name in enumerate(class_names):
        if study.spectra.pixels[label]:
            low, high = mean[label] - spread[label], mean[label] + spread[label]
            axes.fill_between(frequencies, low, high, color=colours[label], lw=0, alpha=0.1)
            axes.plot(frequencies, mean[label], color=colours[label], lw=1.1, marker=".", ms=3, label=name)
    top = 1.5 * float(np.nanmax(mean + spread)) or 1.0
    bottom = top / 10**DECADES
    visible = np.nonzero(np.nanmax(mean, axis=0) > bottom)[0]
    last = min(int(visible.max(initial=0)) + 2, len(frequencies) - 1)  # amplitudes above it are too small to be drawn
    natural_lines = []
    for name, (values, colour, _) in _sides(study).items():
        natural = float(np.median(values.uncoupled[0]))
        line = axes.axvline(natural, color=colour, lw=0.9, ls="--", zorder=0, label=f"natural, {name}")
        natural_lines.append(line)
    axes.set(yscale="log", ylim=(bottom, top), xlim=(0, frequencies[last]))
    set_plain_log_labels(axes.yaxis)
    axes.set(xlabel=f"frequency, {_channel(0)} (the first)", ylabel="amplitude (mean, s.d.)")
    axes.legend(handles=natural_lines, loc="upper center", bbox_to_anchor=(0.5, -0.3), ncols=2, handlelength=2)


def _draw_confusion(axes: Axes, study: ClassStudy, class_names: Sequence[str]) -> None:
    """Draw the confusion matrix of the probe: the fraction of each true class that is predicted as each class."""
    _title(axes, "c", "linear probe on spectra")
    confusion = study.probe.confusion
    total = confusion.sum(axis=1, keepdims=True)
    fractions = np.divide(confusion, total, out=np.zeros(confusion.shape), where=total > 0)
    axes.imshow(fractions, cmap="Greys", vmin=0, vmax=1)
    cell = MATRIX_SIDE / len(class_names)
    size = min(SMALL_FONT_SIZE - 1, 0.9 * cell / text_width("100", 1))
    if size >= MIN_FONT_SIZE:
        for (row, column), fraction in np.ndenumerate(fractions):
            if total[row]:
                colour = "white" if fraction > 0.5 else "black"
                text = f"{100 * fraction:.0f}"
                axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)
    axes.set_xticks([])
    every = math.ceil(1.3 * SMALL_FONT_SIZE / cell)  # labels of more classes would overlap
    labels = [shorten_text(name, MAX_NAME_WIDTH, SMALL_FONT_SIZE) for name in class_names[::every]]
    axes.set_yticks(range(0, len(class_names), every), labels=labels, fontsize=SMALL_FONT_SIZE)
    axes.tick_params(length=0)
    probe = study.probe
    axes.set_xlabel(
        "% predicted as each class, in order\n"
        f"balanced {probe.balanced_accuracy:.2f} (chance {probe.chance_balanced_accuracy:.2f})\n"
        f"accuracy {probe.accuracy:.2f} (chance {probe.chance_accuracy:.2f})",
        fontsize=SMALL_FONT_SIZE,
    )


def _draw_image(axes: Axes, image: npt.NDArray[Any], title: str) -> None:
    axes.imshow(image, interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title, fontsize=SMALL_FONT_SIZE, pad=2)


def _title(axes: Axes, letter: str, text: str) -> None:
    axes.set_title(f"{letter}   {text}", loc="left", fontweight="bold")


def _channel(channel: int) -> str:
    return f"channel {channel}"
