"""What commands say about a user's data before they work with it."""

from __future__ import annotations

import numpy as np

from drumhead.cli import print_error
from drumhead.cli.console import Console
from drumhead.data import Dataset, dark_images_warning


def describe_own_data(dataset: Dataset, console: Console) -> None:
    """Print what is particular about a user's data: padding, and images that are nearly black."""
    if padding := describe_padding(dataset):
        console.print(f"{dataset.name}: {padding}", highlight=False)
    if not console.quiet and (warning := dark_images_warning(dataset)):
        print_error(f"warning: {warning}")


def describe_padding(dataset: Dataset) -> str | None:
    """Return what the sizes of images are, and the share of padding; None if no image is padded."""
    sizes = dataset.sizes
    if sizes is None:
        return None
    (low_height, low_width), (high_height, high_width) = sizes.min(axis=0).tolist(), sizes.max(axis=0).tolist()
    different = len({tuple(size) for size in sizes.tolist()})
    padding = 1 - sizes.prod(axis=1, dtype=np.int64).sum() / (len(sizes) * dataset.height * dataset.width)
    return (
        f"{different:,} sizes of images, heights {low_height} to {high_height}, widths {low_width} to {high_width}: "
        f"smaller images are padded ({padding:.1%} of all pixels), and the padding does not count"
    )
