"""The study of polygons as a figure: a network's sheet inside and outside shapes, its waves, what each class hears."""

from __future__ import annotations

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
from drumhead.report.colours import WAVES, class_colours, colour_image, colour_masks, wave_limit
from drumhead.report.figures.sample_figure import class_legend
from drumhead.report.figures.wave_figure import default_times
from drumhead.report.sample_states import Heard
from drumhead.report.samples import check_samples, hear
from drumhead.report.style import DPI, FONT_SIZE, PAGE, short, styled

MOST_CHANNELS = 2
"""Channels of the field that are shown."""
DECADES = 3
"""How far below their largest value spectra are drawn."""
INSIDE, OUTSIDE = "#d55e00", "#0072b2"
PICTURES, GRAPHS = 92, 165
"""Height of a row of pictures and of the graphs, in points."""
SWATCHES: dict[str, Any] = {"handlelength": 1, "handleheight": 1, "borderaxespad": 1}
BAR: dict[str, Any] = {"shrink": 0.9, "aspect": 16, "pad": 0.01}
SMALL = FONT_SIZE - 1
ABOVE: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": SMALL}


@styled()
def polygon_figure(
    model: NWM, dataset: Dataset, study: ClassStudy, *, split: str, sample: int, dpi: int = DPI
) -> Figure:
    """One sample's pictures and waves; below them what all images of a study tell.

    Args:
        model: a trained network.
        dataset: one that it fits.
        study: of that network.
        split: which images the sample is from.
        sample: number of the sample, from 0.
        dpi: pixels to an inch.

    Raises:
        ValueError: if there is no such sample.
    """
    check_samples(dataset, split, [sample])
    channels = list(range(min(MOST_CHANNELS, model.config.hidden_channels)))
    heard = hear(model, dataset, split=split, sample=sample, channels=channels)
    images, masks = to_tensors(dataset.splits[split], [sample])
    with torch.inference_mode():
        omega, coupling = model.encode(images).omega[0].numpy(), model.coupling.numpy()
    natural = natural_frequencies(omega, coupling).uncoupled[channels]
    heights = [PICTURES, *[PICTURES] * len(channels), GRAPHS]
    figure = Figure(figsize=(PAGE / 72, sum(heights) / 72), dpi=dpi, layout="constrained")
    pictures, *waves, graphs = figure.subfigures(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    _draw_pictures(pictures, heard, masks[0].numpy(), natural, class_names=dataset.class_names)
    for channel, part in enumerate(waves):
        _draw_states(
            part,
            heard.field[:, channel],
            dt=model.config.dt,
            label=f"{_channel(channel)} of {model.config.hidden_channels}",
        )
    maps, spectra, confusion = graphs.subplots(1, 3, width_ratios=[0.8, 1.25, 1.15])
    _draw_natural(maps, study)
    _draw_spectra(spectra, study, dataset.class_names)
    _draw_confusion(confusion, study, dataset.class_names)
    return figure


def _draw_pictures(
    part: SubFigure,
    heard: Heard,
    truth: npt.NDArray[np.int64],
    natural: Floats,
    *,
    class_names: Sequence[str],
) -> None:
    """Input, truth, prediction, and the natural frequencies of each shown channel with the outlines of the truth."""
    colours = ScalarMappable(Normalize(natural.min(), natural.max() or 1.0), "viridis")
    panels = part.subplots(1, 3 + len(natural))
    titles = (f"input ({heard.title})", "truth", "prediction")
    stills = (colour_image(heard.image), colour_masks(truth), colour_masks(heard.prediction))
    for axes, title, picture in zip(panels, titles, stills, strict=False):
        _picture(axes, picture, title)
    for channel, (axes, values) in enumerate(zip(panels[3:], natural, strict=True)):
        _picture(axes, colours.to_rgba(values, bytes=True), f"√ω / 2π, {_channel(channel)}")
        if truth.any() and not truth.all():
            axes.contour(truth != 0, levels=[0.5], colors="white", linewidths=0.5)
    bar = part.colorbar(colours, ax=panels.tolist(), **BAR)
    bar.ax.tick_params(labelsize=SMALL)
    legend = class_legend((truth, heard.prediction), class_names)
    handles = [Patch(fc=colour, ec="0.5", lw=0.4, label=name) for name, colour in legend.items()]
    part.legend(handles=handles, loc="outside left center", fontsize=SMALL, **SWATCHES)


def _draw_states(part: SubFigure, waves: npt.NDArray[np.floating[Any]], *, dt: float, label: str) -> None:
    """Moments of one channel in one colour scale."""
    limit = wave_limit(waves)
    colours = ScalarMappable(Normalize(-limit, limit), WAVES)
    times = default_times(len(waves))
    panels = part.subplots(1, len(times), squeeze=False)[0]
    for axes, time in zip(panels, times, strict=True):
        _picture(axes, colours.to_rgba(waves[time - 1], bytes=True), f"t = {time * dt:.3g}")
    bar = part.colorbar(colours, ax=panels.tolist(), **BAR)
    bar.set_ticks([-limit, 0, limit], labels=[short(-limit), "0", short(limit)])
    bar.ax.tick_params(labelsize=SMALL)
    part.supylabel(f"states, {label}", fontsize=SMALL)


def _draw_natural(axes: Axes, study: ClassStudy) -> None:
    """How natural frequencies are distributed inside and outside shapes, for each shown channel."""
    _title(axes, "a", "natural frequencies")
    ticks = {}
    for channel in range(min(MOST_CHANNELS, len(study.inside.uncoupled))):
        for name, (values, colour, shift) in _sides(study).items():
            place = channel + shift
            low, middle, high = np.percentile(values.uncoupled[channel], [10, 50, 90])
            axes.plot([place, place], [low, high], color=colour, lw=6, alpha=0.35, solid_capstyle="butt")
            axes.plot(place, middle, "o", ms=4, color=colour, clip_on=False)
            axes.annotate(f"{middle:.2g}", (place, high), (0, 4), color=colour, **ABOVE)
            ticks[place] = name.removesuffix("side")
        axes.text(channel, -0.17, _channel(channel), transform=axes.get_xaxis_transform(), ha="center", va="top")
    axes.margins(y=0.15)
    axes.set_ylim(bottom=0)
    axes.set(xlim=(-0.5, channel + 0.5), ylabel="√ω / 2π (uncoupled)")
    axes.set_xticks(list(ticks), labels=list(ticks.values()))
    axes.tick_params(axis="x", length=0)


def _sides(study: ClassStudy) -> dict[str, tuple[NaturalFrequencies, str, float]]:
    """Frequencies inside and outside, with a colour and a place beside a tick."""
    return {"inside": (study.inside, INSIDE, -0.22), "outside": (study.outside, OUTSIDE, 0.22)}


def _draw_spectra(axes: Axes, study: ClassStudy, class_names: Sequence[str]) -> None:
    """Mean amplitudes of each class in the first channel, with their spread over pixels."""
    _title(axes, "b", f"what classes hear ({study.images} images)")
    frequencies, mean, spread = study.spectra.frequencies, study.spectra.mean[:, 0], study.spectra.spread[:, 0]
    colours = class_colours(len(class_names)) / 255
    for label, name in enumerate(class_names):
        if study.spectra.pixels[label]:
            low, high = mean[label] - spread[label], mean[label] + spread[label]
            axes.fill_between(frequencies, low, high, color=colours[label], lw=0, alpha=0.1)
            axes.plot(frequencies, mean[label], color=colours[label], lw=1.1, marker=".", ms=3, label=name)
    top = 1.5 * float(np.nanmax(mean + spread)) or 1.0
    bottom = top / 10**DECADES
    loud = np.nonzero(np.nanmax(mean, axis=0) > bottom)[0]
    last = min(int(loud.max(initial=0)) + 2, len(frequencies) - 1)  # what lies above is too faint to be drawn
    for name, (values, colour, _) in _sides(study).items():
        natural = float(np.median(values.uncoupled[0]))
        axes.axvline(natural, color=colour, lw=0.9, ls="--", zorder=0, label=f"natural, {name}")
    axes.set(yscale="log", ylim=(bottom, top), xlim=(0, frequencies[last]))
    axes.set(xlabel="frequency, channel 1", ylabel="amplitude (mean, s.d.)")
    axes.legend(fontsize=SMALL, loc="upper right", borderaxespad=0, labelspacing=0.2)


def _draw_confusion(axes: Axes, study: ClassStudy, class_names: Sequence[str]) -> None:
    """Of each true class, what share the probe calls what."""
    _title(axes, "c", "what a linear probe tells")
    confusion = study.probe.confusion
    total = confusion.sum(axis=1, keepdims=True)
    shares = np.divide(confusion, total, out=np.zeros(confusion.shape), where=total > 0)
    axes.imshow(shares, cmap="Greys", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        if total[row]:
            shade = "white" if share > 0.5 else "black"
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", color=shade, fontsize=SMALL - 1)
    axes.set_xticks([])
    axes.set_yticks(range(len(class_names)), labels=class_names, fontsize=SMALL)
    axes.tick_params(length=0)
    probe = study.probe
    axes.set_xlabel(
        "% of a class told as each, in order\n"
        f"balanced {probe.balanced_accuracy:.2f} (chance {probe.chance_balanced_accuracy:.2f})\n"
        f"accuracy {probe.accuracy:.2f} (chance {probe.chance_accuracy:.2f})",
        fontsize=SMALL,
    )


def _picture(axes: Axes, picture: npt.NDArray[Any], title: str) -> None:
    axes.imshow(picture, interpolation="nearest")
    axes.set_axis_off()
    axes.set_title(title, fontsize=SMALL, pad=2)


def _title(axes: Axes, letter: str, text: str) -> None:
    axes.set_title(f"{letter}   {text}", loc="left", fontweight="bold")


def _channel(channel: int) -> str:
    return f"channel {channel + 1}"
