"""Images and masks of a user's folder, a file each: train/images/*, train/masks/*, and the same for val and test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.import_options import ImportOptions
from drumhead.data.labels import PADDING_LABEL
from drumhead.data.pair_files import PairFolders, find_pair_folders, find_pairs
from drumhead.data.pictures import read_image_pixels, read_mask_labels
from drumhead.data.split import DatasetError
from drumhead.data.validation import RawSplit, require_splits

Pixels = npt.NDArray[Any]


class MaskReader:
    """Reads mask files, and remembers in which colour each label was shown.

    Raises:
        DatasetError: a file shows a label in another colour than a file before it: their numbers mean other things.
    """

    def __init__(self) -> None:
        self._colours: dict[int, tuple[tuple[int, int, int], Path]] = {}

    def __call__(self, file: Path) -> Pixels:
        labels, colours = read_mask_labels(file)
        for label, colour in colours.items():
            known, first = self._colours.setdefault(label, (colour, file))
            if known != colour:
                raise DatasetError(
                    f"{file}: palette masks must show each number in the same colour; {label} is {_hex(colour)} here "
                    f"and {_hex(known)} in {first}. The palettes were reordered, so the numbers are not labels: "
                    "write the masks as greyscale PNGs, or with one palette for all"
                )
        return labels


def read_pairs(folder: Path, options: ImportOptions) -> dict[str, RawSplit]:
    """Read all pairs into memory, in the order of their names.

    Returns:
        The splits; or one under the name "all" if the options say how to split it.

    Raises:
        DatasetError: a file is missing, unreadable, of another format, or of another size than the others.
    """
    folders = find_pair_folders(folder, options)
    if options.split is None:
        expected = f"NAME/{options.image_folder}/*.png and NAME/{options.mask_folder}/*.png for each"
        require_splits(folders, origin=str(folder), expected=expected)
    read_mask = MaskReader()
    raw_splits = {name: _read_split(pair, options, read_mask) for name, pair in folders.items()}
    if options.pad:
        height, width = (max(raw.masks.shape[axis] for raw in raw_splits.values()) for axis in (1, 2))
        raw_splits = {name: _pad_split(raw, height, width) for name, raw in raw_splits.items()}
    return raw_splits


def _read_split(folders: PairFolders, options: ImportOptions, read_mask: MaskReader) -> RawSplit:
    files = find_pairs(folders, options)
    stack = _stack_padded if options.pad else _stack
    return RawSplit(
        stack(files.images, read_image_pixels, 0),
        stack(files.masks, read_mask, PADDING_LABEL),
        str(folders.images),
        str(folders.masks),
        files.images,
        files.masks,
        files.names,
    )


def _stack(files: Sequence[Path], read: Callable[[Path], Pixels], padding: int) -> Pixels:
    """Read files into one array with a first axis of samples."""
    first = read(files[0])
    stack = np.empty((len(files), *first.shape), first.dtype)
    for index, file in enumerate(files):
        pixels = read(file)
        if pixels.shape != first.shape or _differ(pixels, first, padding):
            raise DatasetError(_other_format(file, pixels, files[0], first))
        if not np.can_cast(pixels.dtype, stack.dtype):
            stack = stack.astype(np.promote_types(stack.dtype, pixels.dtype))
        stack[index] = pixels
    return stack


def _stack_padded(files: Sequence[Path], read: Callable[[Path], Pixels], padding: int) -> Pixels:
    """Read files into one array as large as the largest, with a value at the right and lower edges of smaller ones."""
    arrays = [read(file) for file in files]
    for file, pixels in zip(files, arrays, strict=True):
        if pixels.shape[2:] != arrays[0].shape[2:] or _differ(pixels, arrays[0], padding):
            raise DatasetError(_other_format(file, pixels, files[0], arrays[0]))
    size = tuple(np.max([pixels.shape[:2] for pixels in arrays], axis=0))
    dtype = np.result_type(*{pixels.dtype for pixels in arrays}, *([np.int32] if padding else []))
    stack = np.full((len(files), *size, *arrays[0].shape[2:]), padding, dtype)
    for target, pixels in zip(stack, arrays, strict=True):
        target[: pixels.shape[0], : pixels.shape[1]] = pixels
    return stack


def _differ(pixels: Pixels, first: Pixels, padding: int) -> bool:
    """Return whether images have different dtypes; labels of different integers are the same labels."""
    return padding == 0 and pixels.dtype != first.dtype


def _other_format(file: Path, pixels: Pixels, first_file: Path, first: Pixels) -> str:
    return (
        f"{file}: all files of a split must have the same size and format; got {_describe(pixels)}, "
        f"but {first_file.name} has {_describe(first)}. Crop, resize or convert them; images of different sizes can be "
        "padded to the largest on import by --pad"
    )


def _describe(pixels: Pixels) -> str:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    height, width = (*pixels.shape, 1, 1)[:2]
    return f"{height} x {width} pixels (height x width), {channels} channels, {pixels.dtype}"


def _pad_split(raw: RawSplit, height: int, width: int) -> RawSplit:
    """Return a split with padding at the right and lower edges, up to a height and width."""
    rows, columns = height - raw.masks.shape[1], width - raw.masks.shape[2]
    widths = [(0, 0), (0, rows), (0, columns)]
    channels = [(0, 0)] * (raw.images.ndim - 3)
    return raw._replace(
        images=np.pad(raw.images, [*widths, *channels]),
        masks=np.pad(raw.masks, widths, constant_values=PADDING_LABEL),
    )


def _hex(colour: tuple[int, int, int]) -> str:
    return "#" + bytes(colour).hex()
