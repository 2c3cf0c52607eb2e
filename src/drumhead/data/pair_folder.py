"""Images and masks of a user's folder, a file each: train/images/*, train/masks/*, and the same for val and test."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.import_options import ImportOptions
from drumhead.data.padding import Sizes, check_padding, pad_to, stack_padded
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
    return _pad_to_largest(raw_splits) if options.pad else raw_splits


def _read_split(folders: PairFolders, options: ImportOptions, read_mask: MaskReader) -> RawSplit:
    files = find_pairs(folders, options)
    images, image_sizes = _read_stack(files.images, read_image_pixels, pad=options.pad)
    masks, mask_sizes = _read_stack(files.masks, read_mask, pad=options.pad, labels=True)
    for index, (image_size, mask_size) in enumerate(zip(image_sizes.tolist(), mask_sizes.tolist(), strict=True)):
        if image_size != mask_size:
            raise DatasetError(
                f"{files.masks[index]}: must have the size of its image, {' x '.join(map(str, image_size))} pixels "
                f"(height x width); got {' x '.join(map(str, mask_size))}. Each pixel needs one class number"
            )
    return RawSplit(
        images, masks, str(folders.images), str(folders.masks), files.images, files.masks, files.names, image_sizes
    )


def _read_stack(
    files: Sequence[Path], read: Callable[[Path], Pixels], *, pad: bool, labels: bool = False
) -> tuple[Pixels, Sizes]:
    """Read files into one array with a first axis of samples; return it with the size of each.

    Args:
        files: the files.
        read: reads one.
        pad: whether the files may have different sizes; smaller ones are padded with 0.
        labels: whether the pixels are labels, which are the same in any integer type.

    Raises:
        DatasetError: a file is of another format than the first.
    """
    arrays: list[Pixels] = []
    for file in files:
        pixels = np.array(read(file))  # a copy, since each memory-mapped file would stay open
        first = arrays[0] if arrays else pixels
        if pixels.ndim < 2 or 0 in pixels.shape:
            raise DatasetError(f"{file}: must have (height, width) or (height, width, channel); got {pixels.shape}")
        other_size = pixels.shape[:2] != first.shape[:2] and not pad
        if other_size or pixels.shape[2:] != first.shape[2:] or (pixels.dtype != first.dtype and not labels):
            raise DatasetError(_other_format(file, pixels, files[0], first, pad=pad))
        arrays.append(pixels)
    check_padding([pixels.shape[:2] for pixels in arrays], str(files[0].parent))
    return stack_padded(arrays, dtype=np.result_type(*{pixels.dtype for pixels in arrays}))


def _other_format(file: Path, pixels: Pixels, first_file: Path, first: Pixels, *, pad: bool) -> str:
    same = "the same channels and type" if pad else "the same size and format"
    fix = "Convert them" if pad else "Crop, resize or convert them; without --no-pad, smaller images are padded"
    return (
        f"{file}: all files of a split must have {same}; got {_describe(pixels)}, "
        f"but {first_file.name} has {_describe(first)}. {fix}"
    )


def _describe(pixels: Pixels) -> str:
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    height, width = (*pixels.shape, 1, 1)[:2]
    return f"{height} x {width} pixels (height x width), {channels} channels, {pixels.dtype}"


def _pad_to_largest(raw_splits: dict[str, RawSplit]) -> dict[str, RawSplit]:
    """Return splits whose images all have the largest height and width; without sizes if none is padded.

    Raises:
        DatasetError: nearly all pixels would be padding.
    """
    sizes = np.concatenate([raw.sizes for raw in raw_splits.values() if raw.sizes is not None])
    height, width = sizes.max(axis=0).tolist()
    if (sizes == (height, width)).all():
        return {name: raw._replace(sizes=None) for name, raw in raw_splits.items()}
    check_padding(sizes.tolist(), next(iter(raw_splits.values())).images_origin)
    return {
        name: raw._replace(images=pad_to(raw.images, height, width), masks=pad_to(raw.masks, height, width))
        for name, raw in raw_splits.items()
    }


def _hex(colour: tuple[int, int, int]) -> str:
    return "#" + bytes(colour).hex()
