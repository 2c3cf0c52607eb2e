"""The figure of predictions: input, true classes, and the predictions of models, for samples side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from drumhead.report.colours import class_legend, colour_image, colour_masks
from drumhead.report.figures.panels import PanelRow, panel_figure
from drumhead.report.picture_sizes import same_size
from drumhead.report.style import DPI


def predictions_figure(
    images: Iterable[npt.ArrayLike],
    masks: Iterable[npt.ArrayLike],
    predictions: Mapping[str, Iterable[npt.ArrayLike]],
    *,
    class_names: Sequence[str],
    titles: Sequence[str] = (),
    dpi: int = DPI,
) -> Figure:
    """Draw samples side by side: the input, the true classes, and one row per model.

    Args:
        images: the images, each ``(channel, height, width)`` in [0, 1]; their sizes may differ.
        masks: the true classes of each, ``(height, width)``; masked arrays if some pixels are ignored.
        predictions: the predicted classes, with the shapes of ``masks``, by the title of their row.
        class_names: the name of each class, background first; the legend lists those that occur.
        titles: the title of each sample; no titles by default.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if there are no samples or too many for a page, if shapes do not match, or if a class has no name.
    """
    inputs = [np.asarray(image) for image in images]
    labels = {name: [np.asanyarray(mask) for mask in each] for name, each in {"truth": masks, **predictions}.items()}
    sizes = [image.shape[1:] for image in inputs]
    for name, each in labels.items():
        shapes = [mask.shape for mask in each]
        if not inputs or shapes != sizes:
            raise ValueError(
                f"masks of {name!r} must be (sample, height, width) like the images, (height, width) = {sizes}, "
                f"at least one sample; got {shapes}"
            )
    legend = class_legend([mask for each in labels.values() for mask in each], class_names)
    rows = [PanelRow(label="input", panels=same_size([colour_image(image) for image in inputs]), titles=titles)]
    rows += [
        PanelRow(label=name, panels=same_size([colour_masks(mask) for mask in each])) for name, each in labels.items()
    ]
    return panel_figure(rows, legend=legend, dpi=dpi)
