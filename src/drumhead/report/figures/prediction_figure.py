"""The figure of predictions: input, true classes, and the predictions of models, for samples side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from drumhead.report.colours import class_legend, colour_image, colour_masks
from drumhead.report.figures.panels import PanelRow, panel_figure
from drumhead.report.style import DPI


def predictions_figure(
    images: npt.ArrayLike,
    masks: npt.ArrayLike,
    predictions: Mapping[str, npt.ArrayLike],
    *,
    class_names: Sequence[str],
    titles: Sequence[str] = (),
    dpi: int = DPI,
) -> Figure:
    """Draw samples side by side: the input, the true classes, and one row per model.

    Args:
        images: the images ``(sample, channel, height, width)`` in [0, 1].
        masks: the true classes ``(sample, height, width)``; a masked array if some pixels are ignored.
        predictions: the predicted classes, with the shape of ``masks``, by the title of their row.
        class_names: the name of each class, background first; the legend lists those that occur.
        titles: the title of each sample; no titles by default.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if there are no samples or too many for a page, if shapes do not match, or if a class has no name.
    """
    inputs = np.asarray(images)
    labels = {"truth": np.asanyarray(masks), **{name: np.asarray(mask) for name, mask in predictions.items()}}
    for name, mask in labels.items():
        if not len(inputs) or mask.shape != (len(inputs), *inputs.shape[2:]):
            raise ValueError(
                f"masks of {name!r} must be (sample, height, width) like the images {inputs.shape}, "
                f"at least one sample; got {mask.shape}"
            )
    legend = class_legend(labels.values(), class_names)
    rows = [PanelRow(label="input", panels=[colour_image(image) for image in inputs], titles=titles)]
    rows += [PanelRow(label=name, panels=list(colour_masks(mask))) for name, mask in labels.items()]
    return panel_figure(rows, legend=legend, dpi=dpi)
