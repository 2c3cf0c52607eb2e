"""The figure of a dataset: a gallery of images and their true classes."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from drumhead.data import Dataset, to_tensors
from drumhead.report.colours import class_legend, colour_image, colour_masks, mark_ignored
from drumhead.report.figures.panels import PanelRow, panel_figure
from drumhead.report.picture_sizes import same_size
from drumhead.report.samples import check_samples
from drumhead.report.style import DPI

COLUMNS = 8
"""The number of samples side by side."""


def dataset_figure(
    dataset: Dataset, *, split: str, samples: Sequence[int], columns: int = COLUMNS, dpi: int = DPI
) -> Figure:
    """Draw samples of a dataset in rows: the images, and below them their true classes.

    Args:
        dataset: the dataset.
        split: the split of the samples.
        samples: the numbers of the samples, from 0.
        columns: the number of samples side by side, at least one.
        dpi: the resolution in pixels per inch.

    Raises:
        ValueError: if there are no such samples, or too many side by side for a page.
    """
    check_samples(dataset, split, samples)
    if columns < 1:
        raise ValueError(f"columns must be 1 or more; got {columns}")
    batches = [to_tensors(dataset.splits[split], [sample]) for sample in samples]  # their sizes may differ
    labels = [mark_ignored(masks[0].numpy(), dataset.ignored_label) for _, masks in batches]
    inputs = same_size([colour_image(images[0].numpy()) for images, _ in batches])
    truth = same_size([colour_masks(mask) for mask in labels])
    rows = []
    for start in range(0, len(samples), columns):
        chosen = slice(start, start + columns)
        titles = [str(sample) for sample in samples[chosen]]
        rows.append(PanelRow(label="input", panels=inputs[chosen], titles=titles, extra_gap=start > 0))
        rows.append(PanelRow(label="truth", panels=truth[chosen]))
    return panel_figure(rows, legend=class_legend(labels, dataset.class_names), dpi=dpi)
