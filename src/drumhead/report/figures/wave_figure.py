"""The figure of what pixels hear: a field at moments in time, and its spectrum over time, beside the sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from drumhead.models import build_readout
from drumhead.report.colours import colour_image, colour_masks
from drumhead.report.figures.panels import ColourBar, PanelRow, panel_figure
from drumhead.report.figures.sample_figure import check_waves, class_legend, states_row
from drumhead.report.style import DPI, short

MOMENTS = 6
"""Times and frequencies shown unless others are chosen."""
DECADES = 3
"""How far below its largest value a spectrum is shown."""


class Waves(NamedTuple):
    """One channel of one model's field on a sample, and what to show of it."""

    title: str
    """What the model is called."""
    field: npt.NDArray[np.floating[Any]]
    """(time, height, width)."""
    prediction: npt.NDArray[np.integer[Any]]
    """(height, width), predicted classes."""
    times: Sequence[int]
    """Numbers of steps, from 1."""
    bins: Sequence[int]
    """Frequencies in cycles per duration of the field, from 0 to half the number of its steps."""


def waves_figure(
    image: npt.ArrayLike,
    mask: npt.ArrayLike,
    models: Sequence[Waves],
    *,
    class_names: Sequence[str],
    dpi: int = DPI,
) -> Figure:
    """Input, truth and predictions in a row; below them for each model its states, and their spectrum over time.

    States of a model share a symmetric colour scale, its spectra a logarithmic one.

    Args:
        image: (channel, height, width) in [0, 1].
        mask: (height, width), the true classes.
        models: at least one.
        class_names: one per class, background first.
        dpi: pixels to an inch.

    Raises:
        ValueError: shapes that do not fit, times or bins out of range, or waves that are not finite.
    """
    picture, truth = np.asarray(image), np.asarray(mask)
    labels = {"truth": truth, **{model.title: model.prediction for model in models}}
    for name, label in labels.items():
        if label.shape != picture.shape[1:]:
            raise ValueError(f"classes of {name!r} must be (height, width) = {picture.shape[1:]}; got {label.shape}")
    head = PanelRow(
        label="",
        panels=[colour_image(picture), *map(colour_masks, labels.values())],
        titles=["input", "truth", *(f"prediction\n{model.title}" for model in models)],
    )
    rows = [head]
    for model in models:
        field = check_waves(model.field, picture)
        rows.append(states_row(field, model.times, label=f"{model.title}\nstates", apart=True))
        rows.append(spectrum_row(field, model.bins, label="spectrum,\nperiod in steps"))
    return panel_figure(rows, legend=class_legend(labels.values(), class_names), dpi=dpi)


def magnitudes(waves_THW: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """The spectrum over time of every pixel, ``(bin, height, width)``: what the readout ``fft`` hears.

    Bin ``k`` is a wave of ``k`` cycles in the whole time, unnormalised; there are ``time // 2 + 1``.
    """
    readout = build_readout("fft", steps=len(waves_THW), channels=1)
    heard: npt.NDArray[np.floating[Any]] = readout(torch.from_numpy(waves_THW)[None, :, None])[0].numpy()
    return heard


def spectrum_row(waves_THW: npt.NDArray[np.floating[Any]], bins: Sequence[int], *, label: str = "") -> PanelRow:
    """The magnitude of the spectrum over time at these frequencies, on one logarithmic scale."""
    steps = len(waves_THW)
    if not bins or min(bins) < 0 or max(bins) > steps // 2:
        raise ValueError(f"bins must be some of 0 to {steps // 2} for a field of {steps} steps; got {list(bins)}")
    shown = magnitudes(waves_THW)[list(bins)]
    top = float(shown.max()) or 1.0
    colours = ScalarMappable(LogNorm(top / 10**DECADES, top, clip=True), "cividis")
    ticks = {level: short(level) for level in (top, top / 10**DECADES)}
    return PanelRow(
        label=label,
        panels=[colours.to_rgba(panel, bytes=True) for panel in shown],
        titles=[f"bin {k}\n" + (f"period {short(steps / k)}" if k else "mean") for k in bins],
        bar=ColourBar(colours=colours, ticks=ticks),
    )


def default_times(steps: int) -> list[int]:
    """Moments evenly spread over a field, its first and last among them.

    >>> default_times(100)
    [1, 21, 41, 60, 80, 100]
    """
    return sorted({round(time) for time in np.linspace(1, steps, MOMENTS).tolist()})


def default_bins(steps: int) -> list[int]:
    """Frequencies evenly spread on a logarithmic scale, from the slowest to the fastest, and 0.

    >>> default_bins(100)
    [0, 1, 3, 7, 19, 50]
    """
    return [0, *sorted({round(k) for k in np.geomspace(1, max(1, steps // 2), MOMENTS - 1).tolist()})]
