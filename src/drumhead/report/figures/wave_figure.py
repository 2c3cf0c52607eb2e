"""The figures of waves: states at some steps and the spectrum over time, with the input and the predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from drumhead.report.colours import class_legend, colour_image, colour_masks
from drumhead.report.figures.panels import PanelRow, panel_figure
from drumhead.report.figures.wave_panels import check_waves, maps_row, spectrum_row, states_row
from drumhead.report.style import DPI

DEFAULT_PANELS = 6
"""The number of times and of frequencies that are shown by default."""

WaveRow = Literal["spectrum", "readout"]
"""What is shown below the states: the spectrum over time, or the maps that a linear readout has learned."""


class ModelStates(NamedTuple):
    """One channel of a model's states on a sample, with the times and frequencies to show."""

    title: str
    """The title of the model."""
    field: npt.NDArray[np.floating[Any]]
    """The states ``(time, height, width)``."""
    prediction: npt.NDArray[np.integer[Any]]
    """The predicted classes ``(height, width)``."""
    times: Sequence[int]
    """Numbers of steps, from 1."""
    bins: Sequence[int]
    """Frequencies in cycles per duration of the field, from 0 to half the number of steps."""
    maps: npt.NDArray[np.floating[Any]] | None = None
    """The maps ``(map, height, width)`` of the channel that a linear readout has learned; None for other readouts."""
    chosen_maps: Sequence[int] = ()
    """Numbers of the maps to show, from 0."""


def waves_figure(
    image: npt.ArrayLike,
    mask: npt.ArrayLike,
    models: Sequence[ModelStates],
    *,
    class_names: Sequence[str],
    rows: Sequence[WaveRow] = ("spectrum",),
    dpi: int = DPI,
) -> Figure:
    """Draw the input, the true classes and the predictions; below, the states of each model, and its other rows.

    The states of a model share a symmetric colour scale, its spectra share a logarithmic one, and each map of its
    readout has a symmetric one of its own.

    Args:
        image: the image ``(channel, height, width)`` in [0, 1].
        mask: the true classes ``(height, width)``; a masked array if some pixels are ignored.
        models: the states of at least one model.
        class_names: the name of each class, background first.
        rows: the rows below the states of each model.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if shapes do not match, times or bins are out of range, waves are not finite, or a model has no maps
            to show.
    """
    pixels, truth = np.asarray(image), np.asanyarray(mask)
    labels = {"truth": truth, **{model.title: model.prediction for model in models}}
    for name, label in labels.items():
        if label.shape != pixels.shape[1:]:
            raise ValueError(f"classes of {name!r} must be (height, width) = {pixels.shape[1:]}; got {label.shape}")
    first_row = PanelRow(
        label="",
        panels=[colour_image(pixels), *map(colour_masks, labels.values())],
        titles=["input", "truth", *(f"prediction\n{model.title}" for model in models)],
    )
    drawn = [first_row]
    for model in models:
        field = check_waves(model.field, pixels)
        drawn.append(states_row(field, model.times, label=f"{model.title}\nstates", extra_gap=True))
        for row in rows:
            if row == "spectrum":
                drawn.append(spectrum_row(field, model.bins, label="spectrum,\nperiod in steps"))
            elif model.maps is None:
                raise ValueError(f"{model.title} has no linear readout, whose learned maps could be shown")
            else:
                drawn.append(maps_row(model.maps, model.chosen_maps, label="readout,\na scale each"))
    return panel_figure(drawn, legend=class_legend(labels.values(), class_names), dpi=dpi)


def wave_strip(waves: npt.ArrayLike, image: npt.ArrayLike, *, times: Sequence[int], dpi: int = DPI) -> Figure:
    """Draw an image and one channel of the states at some steps, side by side, in one colour scale.

    Args:
        waves: one channel of a field, ``(time, height, width)``.
        image: the image ``(channel, height, width)`` in [0, 1].
        times: numbers of steps, from 1.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if shapes do not match, times are missing or out of range, or waves are not finite.
    """
    pixels = np.asarray(image)
    states = states_row(check_waves(waves, pixels), times)
    row = PanelRow(
        label="",
        panels=[colour_image(pixels), *states.panels],
        titles=["input", *states.titles],
        bar=states.bar,
    )
    return panel_figure([row], legend={}, dpi=dpi)


def default_times(steps: int) -> list[int]:
    """Return steps that are evenly spaced over a field, including the first and the last.

    >>> default_times(100)
    [1, 21, 41, 60, 80, 100]
    """
    return sorted({round(time) for time in np.linspace(1, steps, DEFAULT_PANELS).tolist()})


def default_bins(steps: int) -> list[int]:
    """Return frequency bins that are evenly spaced on a logarithmic scale, from the lowest to the highest, and 0.

    >>> default_bins(100)
    [0, 1, 3, 7, 19, 50]
    """
    if steps < 2:
        return [0]
    return [0, *sorted({round(k) for k in np.geomspace(1, steps // 2, DEFAULT_PANELS - 1).tolist()})]


def default_maps(maps_KHW: npt.NDArray[np.floating[Any]]) -> list[int]:
    """Return the numbers of the maps with the largest standard deviation over pixels, in order.

    >>> default_maps(np.arange(8)[:, None, None] * np.array([[0.0, 1.0]]))
    [2, 3, 4, 5, 6, 7]
    """
    spread = maps_KHW.std(axis=(1, 2))
    return sorted(np.argsort(spread)[-DEFAULT_PANELS:].tolist())
