"""The range of the pixels of a split, and a warning if they are so dark that their scale is wrong, most likely."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from drumhead.data.dataset import Dataset
from drumhead.data.padding import region_of
from drumhead.data.split import Split

DARK = 0.1
"""A split whose brightest pixel is below this is one with a wrong scale, most likely."""


def pixel_range(split: Split) -> tuple[float, float]:
    """Return the smallest and the largest pixel of a split without padding, from 0 to 1."""
    ranges = list(_image_ranges(split))
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def dark_images_warning(dataset: Dataset) -> str | None:
    """Return a warning if all pixels of a split are nearly black; None otherwise."""
    dark = {}
    for name, split in dataset.splits.items():
        if all(high < DARK for _, high in _image_ranges(split)):  # the first bright image ends the search
            dark[name] = pixel_range(split)[1]
    if not dark:
        return None
    return (
        f"no pixel of {', '.join(dark)} is above {max(dark.values()):.3g} of 1, so a network sees nearly black images. "
        "If the files use only some of their bits, as 12-bit cameras do in 16-bit files, import them with the number "
        "that becomes 1.0: drumhead data import FOLDER --out NEW --scale 4095"
    )


def _image_ranges(split: Split) -> Iterator[tuple[float, float]]:
    """Yield the smallest and the largest pixel of each image, from 0 to 1."""
    unit = 255 if split.images.dtype == np.uint8 else 1
    for sample, image in enumerate(split.images):
        pixels = image[region_of(split.sizes, sample)]
        yield float(pixels.min()) / unit, float(pixels.max()) / unit
