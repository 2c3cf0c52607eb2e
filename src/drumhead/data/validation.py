"""The rules that every split must meet, whatever it was read from; each error names the file or sample at fault."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.data.padding import region_of
from drumhead.data.split import MAX_CLASSES, SPLIT_NAMES, DatasetError, Split


class RawSplit(NamedTuple):
    """The images and masks of a split as they were read, and their origin for error messages."""

    images: npt.NDArray[Any]
    """(sample, height, width, channel), or (sample, height, width) for one channel."""
    masks: npt.NDArray[Any]
    """(sample, height, width), any integers."""
    images_origin: str
    """The file or other origin of the images."""
    masks_origin: str
    """The file or other origin of the masks."""
    image_files: Sequence[Path] | None = None
    """The file of each image, if each has its own."""
    mask_files: Sequence[Path] | None = None
    """The file of each mask, if each has its own."""
    names: Sequence[str] | None = None
    """The name of each sample, if its files have one."""
    sizes: npt.NDArray[np.int32] | None = None
    """(sample, 2), the height and width of each image, if images of different sizes were padded; see :class:`Split`."""

    @property
    def unpadded_masks(self) -> Iterator[npt.NDArray[Any]]:
        """The mask of each sample without its padding."""
        return (self.masks[sample][region_of(self.sizes, sample)] for sample in range(len(self.masks)))

    def locate_image(self, sample: int) -> str:
        """Return the origin of one image."""
        return str(self.image_files[sample]) if self.image_files else f"{self.images_origin}, sample {sample}"

    def locate_mask(self, sample: int) -> str:
        """Return the origin of one mask."""
        return str(self.mask_files[sample]) if self.mask_files else f"{self.masks_origin}, sample {sample}"


def require_splits(splits: Mapping[str, object], *, origin: str, expected: str) -> None:
    """Raise DatasetError unless train, val and test are all present."""
    missing = [name for name in SPLIT_NAMES if name not in splits]
    if missing:
        raise DatasetError(
            f"{origin}: a dataset has the splits train, val and test; missing: {', '.join(missing)}. Add {expected}"
        )


def check_arrays(raw: RawSplit) -> None:
    """Raise DatasetError if the shapes, dtypes or number of samples of a split are invalid."""
    images, masks = raw.images, raw.masks
    if images.ndim not in (3, 4) or 0 in images.shape[1:]:
        raise DatasetError(
            f"{raw.images_origin}: images must be (sample, height, width) or (sample, height, width, "
            f"channel); got shape {images.shape}. Put the channels last"
        )
    if images.dtype not in (np.uint8, np.float32):
        raise DatasetError(
            f"{raw.images_origin}: images must be uint8 in 0 .. 255 or float32 in [0, 1]; got {images.dtype}. "
            "Convert them, e.g. images.astype(np.float32)"
        )
    if masks.dtype.kind not in "biu":
        raise DatasetError(
            f"{raw.masks_origin}: masks must be integer class numbers, preferably uint8; got {masks.dtype}. "
            "Convert them, e.g. masks.astype(np.uint8)"
        )
    if len(images) == 0:
        raise DatasetError(f"{raw.images_origin}: a split must have at least one image; got none. Add some")
    if masks.shape != images.shape[:3]:
        raise DatasetError(
            f"{raw.masks_origin}: masks must have the sample, height and width axes of {raw.images_origin}, "
            f"{images.shape[:3]} of {images.shape}; got {masks.shape}. "
            "Each pixel needs one class number; images have their channels last"
        )


def to_raw(split: Split, images_origin: str, masks_origin: str) -> RawSplit:
    """Return a split with the origins of its arrays."""
    return RawSplit(split.images, split.masks, images_origin, masks_origin, sizes=split.sizes)


def to_split(raw: RawSplit) -> Split:
    """Convert a raw split to the form that all of Drumhead uses.

    Images get a channel axis if they have none; masks of any integer dtype become uint8.

    Raises:
        DatasetError: as in :func:`check_arrays`, or a mask value does not fit into uint8.
    """
    check_arrays(raw)
    images = raw.images
    # In C order, because torch sums in the order of memory: other weights would follow from the same numbers.
    images = np.ascontiguousarray(images if images.ndim == 4 else images[..., np.newaxis])
    return Split(images, np.ascontiguousarray(_masks_as_uint8(raw)), raw.sizes)


def check_same_format(raw_splits: Mapping[str, RawSplit], splits: Mapping[str, Split]) -> None:
    """Raise DatasetError unless all splits have the same image size, number of channels and dtype."""
    first = splits["train"].images
    for name in SPLIT_NAMES:
        images = splits[name].images
        if images.shape[1:] != first.shape[1:] or images.dtype != first.dtype:
            raise DatasetError(
                f"{raw_splits[name].images_origin}: images must have the height, width, channels and dtype of "
                f"train, {first.shape[1:]} {first.dtype}; got {images.shape[1:]} {images.dtype}. "
                "Crop, resize or convert them"
            )


def check_sizes(raw: RawSplit, *, ignored_label: int | None = None) -> None:
    """Raise DatasetError unless the sizes of padded images fit the arrays, and all padding has the ignored label."""
    sizes, masks = raw.sizes, raw.masks
    if sizes is None:
        return
    origin = f"{raw.images_origin}: the sizes of its images"
    if ignored_label is None:
        raise DatasetError(f"{origin} need an ignored label, for the padding; give ignored_label, such as 255")
    if sizes.shape != (len(masks), 2) or sizes.dtype != np.int32:
        raise DatasetError(f"{origin} must be int32 of shape ({len(masks)}, 2); got {sizes.dtype} {sizes.shape}")
    if (sizes < 1).any() or (sizes > masks.shape[1:]).any():
        raise DatasetError(
            f"{origin} must be from 1 x 1 to {masks.shape[1]} x {masks.shape[2]} (height x width), that of the arrays; "
            f"got {sizes.min(axis=0).tolist()} to {sizes.max(axis=0).tolist()}"
        )
    for sample, (height, width) in enumerate(sizes.tolist()):
        mask = masks[sample]
        if (mask[height:] != ignored_label).any() or (mask[:, width:] != ignored_label).any():
            raise DatasetError(
                f"{raw.locate_mask(sample)}: pixels beyond its {height} x {width} pixels (height x width) are padding "
                f"and must be {ignored_label}, the ignored label; got other values"
            )


def check_pixel_range(raw: RawSplit) -> None:
    """Raise DatasetError unless every float32 pixel is a number in [0, 1]."""
    if raw.images.dtype == np.uint8:
        return
    for sample, image in enumerate(raw.images):
        low, high = image.min(), image.max()
        if not np.isfinite(low) or not np.isfinite(high):
            raise DatasetError(
                f"{raw.locate_image(sample)}: pixels must be numbers in [0, 1]; got NaN or infinity. "
                "Replace them, e.g. with numpy.nan_to_num"
            )
        if low < 0 or high > 1:
            raise DatasetError(
                f"{raw.locate_image(sample)}: float32 pixels must be in [0, 1]; got {low:g} to {high:g}. "
                "Save them as uint8, or give the largest possible value on import, e.g. --scale 255"
            )


def check_classes(raw: RawSplit, split: Split, class_names: Sequence[str], *, ignored_label: int | None = None) -> None:
    """Raise DatasetError unless every mask value is the number of a class, or the ignored label."""
    for sample, mask in enumerate(split.masks):
        if mask.max() < len(class_names):
            continue
        invalid = mask[(mask >= len(class_names)) & (mask != (-1 if ignored_label is None else ignored_label))]
        if invalid.size:
            raise DatasetError(
                f"{raw.locate_mask(sample)}: mask values must be class numbers, 0 to {len(class_names) - 1} "
                f"({', '.join(class_names)}){'' if ignored_label is None else f', or {ignored_label} (ignored)'}; "
                f"got {invalid.max()}. Correct the mask, or give the class a name. If these pixels do not count: "
                f"{import_flag(f'--ignore-label {invalid.max()}')}; if the labels have gaps: --relabel"
            )


def import_flag(flag: str) -> str:
    """Return the command that reads a user's folder with a flag.

    >>> import_flag("--relabel")
    '`drumhead data import FOLDER --out NEW --relabel`'
    """
    return f"`drumhead data import FOLDER --out NEW {flag}`"


def _masks_as_uint8(raw: RawSplit) -> npt.NDArray[np.uint8]:
    if raw.masks.dtype == np.uint8:
        return raw.masks
    for sample, mask in enumerate(raw.masks):
        low, high = int(mask.min()), int(mask.max())
        if low < 0 or high >= MAX_CLASSES:
            raise DatasetError(
                f"{raw.locate_mask(sample)}: mask values must be class numbers, 0 to {MAX_CLASSES - 1}; "
                f"got {low if low < 0 else high}. If these pixels do not count: "
                f"{import_flag(f'--ignore-label {low if low < 0 else high}')}; if the labels have gaps: --relabel"
            )
    return raw.masks.astype(np.uint8)
