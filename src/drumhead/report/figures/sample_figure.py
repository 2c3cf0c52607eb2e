"""Still pictures of samples: what went in, what is true, what models say, and moments of their waves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure

from drumhead.report.colours import WAVES, class_colours, colour_image, colour_masks, wave_limit
from drumhead.report.figures.panels import ColourBar, PanelRow, panel_figure
from drumhead.report.style import DPI, short


def predictions_figure(
    images: npt.ArrayLike,
    masks: npt.ArrayLike,
    predictions: Mapping[str, npt.ArrayLike],
    *,
    class_names: Sequence[str],
    titles: Sequence[str] = (),
    dpi: int = DPI,
) -> Figure:
    """Samples side by side: input, truth, and a row per model.

    Args:
        images: (sample, channel, height, width) in [0, 1].
        masks: (sample, height, width), the true classes.
        predictions: predicted classes, shaped like ``masks``, under the title of their row.
        class_names: one per class, background first; the legend has those that occur.
        titles: what stands above each sample; nothing by default.
        dpi: pixels to an inch.

    Raises:
        ValueError: no sample or too many for a page, shapes that do not fit, or a class without a name.
    """
    shown = np.asarray(images)
    labels = {"truth": np.asarray(masks), **{name: np.asarray(mask) for name, mask in predictions.items()}}
    for name, mask in labels.items():
        if not len(shown) or mask.shape != (len(shown), *shown.shape[2:]):
            raise ValueError(
                f"masks of {name!r} must be (sample, height, width) like the images {shown.shape}, "
                f"at least one sample; got {mask.shape}"
            )
    legend = class_legend(labels.values(), class_names)
    rows = [PanelRow(label="input", panels=[colour_image(image) for image in shown], titles=titles)]
    rows += [PanelRow(label=name, panels=list(colour_masks(mask))) for name, mask in labels.items()]
    return panel_figure(rows, legend=legend, dpi=dpi)


def wave_strip(waves: npt.ArrayLike, image: npt.ArrayLike, *, times: Sequence[int], dpi: int = DPI) -> Figure:
    """An image and a few moments of one channel's waves, side by side, in one colour scale.

    Args:
        waves: (time, height, width), one channel of a field.
        image: (channel, height, width) in [0, 1].
        times: numbers of steps, from 1.
        dpi: pixels to an inch.

    Raises:
        ValueError: shapes that do not fit, no times, a time out of range, or waves that are not finite.
    """
    picture = np.asarray(image)
    moments = states_row(check_waves(waves, picture), times)
    row = PanelRow(
        label="",
        panels=[colour_image(picture), *moments.panels],
        titles=["input", *moments.titles],
        bar=moments.bar,
    )
    return panel_figure([row], legend={}, dpi=dpi)


def states_row(
    waves_THW: npt.NDArray[np.floating[Any]], times: Sequence[int], *, label: str = "", apart: bool = False
) -> PanelRow:
    """Waves after these numbers of steps; colours run from minus to plus :func:`wave_limit` over all time."""
    if not times or min(times) < 1 or max(times) > len(waves_THW):
        raise ValueError(f"times must be some of 1 to {len(waves_THW)} (steps of the network); got {list(times)}")
    limit = wave_limit(waves_THW)
    colours = ScalarMappable(Normalize(-limit, limit), WAVES)
    return PanelRow(
        label=label,
        panels=[colours.to_rgba(waves_THW[time - 1], bytes=True) for time in times],
        titles=[f"step {time}" for time in times],
        bar=ColourBar(colours=colours, ticks={level: short(level) for level in (-limit, 0, limit)}),
        apart=apart,
    )


def check_waves(waves: npt.ArrayLike, image: npt.NDArray[Any]) -> npt.NDArray[np.floating[Any]]:
    """The waves (time, height, width) as an array, if they are on the grid of the image (channel, height, width)."""
    field = np.asarray(waves)
    if field.ndim != 3 or field.shape[1:] != image.shape[1:]:
        raise ValueError(
            f"waves must be (time, height, width) on the grid of the image {image.shape}; got {field.shape}"
        )
    return field


def class_legend(masks: Iterable[npt.NDArray[Any]], class_names: Sequence[str]) -> dict[str, str]:
    """Name and colour of each class that occurs.

    Raises:
        ValueError: for a class without a name.
    """
    occurring = np.unique(np.concatenate([np.unique(mask) for mask in masks]))
    if occurring[0] < 0 or occurring[-1] >= len(class_names):
        raise ValueError(
            f"class_names must name every class of the masks, 0 to {occurring[-1]}; got {list(class_names)}"
        )
    colours = class_colours(len(class_names)) / 255
    return {class_names[label]: to_hex(colours[label]) for label in occurring.tolist()}
