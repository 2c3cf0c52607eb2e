"""The rules every split meets, whatever it was read from; each error names the file or sample at fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.data.split import MAX_CLASSES, SPLIT_NAMES, DatasetError, Split


class RawSplit(NamedTuple):
    """Images and masks as they were found, and where, so that an error can name the place."""

    images: npt.NDArray[Any]
    """(sample, height, width, channel), or (sample, height, width) for one channel."""
    masks: npt.NDArray[Any]
    """(sample, height, width), any integers."""
    images_origin: str
    """The file, or whatever else the images came from."""
    masks_origin: str
    """The same for the masks."""
    image_files: Sequence[Path] | None = None
    """One file a sample, if they came so."""
    mask_files: Sequence[Path] | None = None
    """The same for the masks."""

    def locate_image(self, sample: int) -> str:
        """Where one image came from."""
        return str(self.image_files[sample]) if self.image_files else f"{self.images_origin}, sample {sample}"

    def locate_mask(self, sample: int) -> str:
        """Where one mask came from."""
        return str(self.mask_files[sample]) if self.mask_files else f"{self.masks_origin}, sample {sample}"


def require_splits(found: Mapping[str, object], *, where: str, expected: str) -> None:
    """Every one of train, val and test must be there."""
    missing = [name for name in SPLIT_NAMES if name not in found]
    if missing:
        raise DatasetError(
            f"{where}: a dataset has the splits train, val and test; {' and '.join(missing)} missing. Add {expected}"
        )


def to_split(source: RawSplit) -> Split:
    """A split in the form all of Drumhead uses, if shapes, kinds and counts allow it.

    Images get a channel axis if they have none; masks of any integer kind become uint8.
    """
    images, masks = source.images, source.masks
    if images.ndim not in (3, 4) or 0 in images.shape[1:]:
        raise DatasetError(
            f"{source.images_origin}: images must be (sample, height, width) or (sample, height, width, "
            f"channel); got shape {images.shape}. Put the channels last"
        )
    if images.dtype not in (np.uint8, np.float32):
        raise DatasetError(
            f"{source.images_origin}: images must be uint8 in 0 .. 255 or float32 in [0, 1]; got {images.dtype}. "
            "Convert them, e.g. images.astype(np.float32)"
        )
    if masks.dtype.kind not in "biu":
        raise DatasetError(
            f"{source.masks_origin}: masks must be whole class numbers, best uint8; got {masks.dtype}. "
            "Convert them, e.g. masks.astype(np.uint8)"
        )
    if len(images) == 0:
        raise DatasetError(f"{source.images_origin}: a split must have at least one image; got none. Add some")
    if masks.shape != images.shape[:3]:
        raise DatasetError(
            f"{source.masks_origin}: masks must have the sample, height and width of {source.images_origin}, "
            f"{images.shape[:3]} of {images.shape}; got {masks.shape}. "
            "One class number for each pixel; images have their channels last"
        )
    return Split(images if images.ndim == 4 else images[..., np.newaxis], _uint8(source))


def check_same_format(sources: Mapping[str, RawSplit], splits: Mapping[str, Split]) -> None:
    """All splits must have one image size, one number of channels and one kind of number."""
    first = splits["train"].images
    for name in SPLIT_NAMES:
        images = splits[name].images
        if images.shape[1:] != first.shape[1:] or images.dtype != first.dtype:
            raise DatasetError(
                f"{sources[name].images_origin}: images must have the height, width, channels and dtype of "
                f"train, {first.shape[1:]} {first.dtype}; got {images.shape[1:]} {images.dtype}. "
                "Crop, resize or convert them to one"
            )


def check_pixel_range(source: RawSplit) -> None:
    """Every float32 pixel must be a number in [0, 1]."""
    if source.images.dtype == np.uint8:
        return
    for sample, image in enumerate(source.images):
        low, high = image.min(), image.max()
        if not np.isfinite(low) or not np.isfinite(high):
            raise DatasetError(
                f"{source.locate_image(sample)}: pixels must be numbers in [0, 1]; got NaN or infinity. "
                "Replace them, e.g. by numpy.nan_to_num"
            )
        if low < 0 or high > 1:
            raise DatasetError(
                f"{source.locate_image(sample)}: float32 pixels must be in [0, 1]; got {low:g} to {high:g}. "
                "Divide by the greatest value they can have (255 for 8 bits), or save them as uint8"
            )


def check_classes(source: RawSplit, split: Split, class_names: Sequence[str]) -> None:
    """Every mask value must be the number of a class."""
    highest = split.masks.max(axis=(1, 2))
    wrong = np.flatnonzero(highest >= len(class_names))
    if wrong.size:
        sample = int(wrong[0])
        raise DatasetError(
            f"{source.locate_mask(sample)}: mask values must be class numbers, 0 to {len(class_names) - 1} "
            f"({', '.join(class_names)}); got {highest[sample]}. Correct the mask, or give the class a name"
        )


def _uint8(source: RawSplit) -> npt.NDArray[np.uint8]:
    if source.masks.dtype == np.uint8:
        return source.masks
    for sample, mask in enumerate(source.masks):
        low, high = int(mask.min()), int(mask.max())
        if low < 0 or high >= MAX_CLASSES:
            raise DatasetError(
                f"{source.locate_mask(sample)}: mask values must be class numbers, 0 to {MAX_CLASSES - 1}; "
                f"got {low if low < 0 else high}. Give pixels without a class a class of their own, or 0"
            )
    return source.masks.astype(np.uint8)
