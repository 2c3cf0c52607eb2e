"""Pairs of PNG images and masks in a folder: train/images/*.png, train/masks/*.png, and the same for val and test."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.split import SPLIT_NAMES, DatasetError
from drumhead.data.untrusted_images import open_untrusted_image
from drumhead.data.validation import RawSplit, require_splits

Pixels = npt.NDArray[Any]

EIGHT_BIT_MODES = ("L", "RGB", "RGBA")
SIXTEEN_BIT_MODES = ("I;16", "I")  # Pillow's present and former names for 16-bit greyscale
MASK_MODES = ("1", "L", "P", *SIXTEEN_BIT_MODES)


def has_pairs(folder: Path) -> bool:
    """Return whether a folder has a subfolder named after a split."""
    return any((folder / split).is_dir() for split in SPLIT_NAMES)


def read_pairs(folder: Path) -> dict[str, RawSplit]:
    """Read all pairs into memory, in the order of their names.

    Images are 8-bit greyscale, RGB or RGBA (uint8), or 16-bit greyscale (float32, divided by 65535). Masks have
    one channel or a palette, and hold class numbers.

    Raises:
        DatasetError: a file is missing, unreadable, of another format, or of another size than the others.
    """
    split_folders = {split: folder / split for split in SPLIT_NAMES if (folder / split).is_dir()}
    require_splits(split_folders, origin=str(folder), expected="NAME/images/*.png and NAME/masks/*.png for each")
    return {split: _read_split(path) for split, path in split_folders.items()}


def _read_split(folder: Path) -> RawSplit:
    images, masks = _png_files(folder / "images"), _png_files(folder / "masks")
    _require_partners(images, masks, partner="mask")
    _require_partners(masks, images, partner="image")
    if not images:
        raise DatasetError(f"{folder}: a split must have at least one pair; got none. Add images and masks")
    image_files = list(images.values())
    mask_files = [masks[name] for name in images]
    return RawSplit(
        _stack(image_files, _read_image_pixels),
        _stack(mask_files, _read_mask_pixels),
        str(folder / "images"),
        str(folder / "masks"),
        image_files,
        mask_files,
    )


def _png_files(folder: Path) -> dict[str, Path]:
    """Return the PNG files of a folder by name without suffix, sorted by name."""
    if not folder.is_dir():
        raise DatasetError(f"{folder}: a split has the folders images and masks; this one is missing. Add it")
    return {file.stem: file for file in sorted(folder.iterdir()) if file.suffix.lower() == ".png"}


def _require_partners(files: Mapping[str, Path], partners: Mapping[str, Path], *, partner: str) -> None:
    """Raise DatasetError unless every file has a partner ("image" or "mask") of the same name."""
    unpaired = sorted(files.keys() - partners.keys())
    if unpaired:
        file = files[unpaired[0]]
        raise DatasetError(
            f"{file}: every image needs a mask of the same name, and vice versa; the {partner} is missing "
            f"({len(unpaired)} of {len(files)} files have none). "
            f"Add {file.parent.parent / (partner + 's') / file.name}, or remove this file"
        )


def _stack(files: Sequence[Path], read: Callable[[Path], Pixels]) -> Pixels:
    """Read files into one array with a first axis of samples."""
    first = read(files[0])
    stack = np.empty((len(files), *first.shape), first.dtype)
    for index, file in enumerate(files):
        pixels = read(file)
        if pixels.shape != first.shape or pixels.dtype != first.dtype:
            raise DatasetError(
                f"{file}: all files of a split must have the same size and format; got {_describe(pixels)}, "
                f"but {files[0].name} has {_describe(first)}. Crop, resize or convert them"
            )
        stack[index] = pixels
    return stack


def _describe(pixels: Pixels) -> str:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    return f"{pixels.shape[0]} x {pixels.shape[1]} pixels (height x width), {channels} channels, {pixels.dtype}"


def _read_image_pixels(file: Path) -> Pixels:
    mode, pixels = _open(file)
    if mode in EIGHT_BIT_MODES:
        return pixels
    if mode in SIXTEEN_BIT_MODES:
        return np.divide(pixels, 65535, dtype=np.float32)
    raise DatasetError(
        f"{file}: images must be 8-bit greyscale, RGB or RGBA, or 16-bit greyscale; got the Pillow mode "
        f"{mode!r}. Convert it, e.g. with Pillow's image.convert('RGB')"
    )


def _read_mask_pixels(file: Path) -> Pixels:
    mode, pixels = _open(file)
    if mode not in MASK_MODES:
        raise DatasetError(
            f"{file}: masks must have one channel or a palette, and hold class numbers; got the Pillow mode "
            f"{mode!r}. Save a class number for each pixel, not a colour"
        )
    return pixels.astype(np.int32)


def _open(file: Path) -> tuple[str, Pixels]:
    """Return the Pillow mode and the pixels of a PNG file."""
    with open_untrusted_image(file, "PNG") as image:
        return image.mode, np.asarray(image)
