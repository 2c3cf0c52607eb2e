"""Arrays of a dataset in a folder: train_images.npy, train_masks.npy, and the same for val and test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.split import SPLIT_NAMES, DatasetError
from drumhead.data.validation import RawSplit, require_splits
from drumhead.files import fsync


def array_file(folder: Path, split: str, kind: str) -> Path:
    """The file of a split's "images" or "masks"."""
    return folder / f"{split}_{kind}.npy"


def map_array(file: Path) -> npt.NDArray[Any]:
    """Map an array from disk, read-only; one of Python objects, which are pickles, is refused."""
    if not file.is_file():  # opening a pipe would wait for ever
        raise DatasetError(f"{file}: this array of the dataset is missing; restore it")
    try:
        array: npt.NDArray[Any] = np.lib.format.open_memmap(file, mode="r")
    except Exception as error:  # a header that is none of numpy's can make its parser raise anything
        raise DatasetError(f"{file}: must be a whole array as numpy.save writes it; {error}. Write it again") from error
    return array


def save_array(file: Path, array: npt.NDArray[Any]) -> None:
    """Write an array to the disk as numpy.save does; an error then tells what is wrong with the disk."""
    array = np.ascontiguousarray(array)
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        stream.write(array.data)
    fsync(file)


def has_arrays(folder: Path) -> bool:
    """Whether a folder holds arrays of a dataset, all or some."""
    return any(array_file(folder, split, kind).exists() for split in SPLIT_NAMES for kind in ("images", "masks"))


def read_arrays(folder: Path) -> dict[str, RawSplit]:
    """Map all arrays of a user's folder.

    Raises:
        DatasetError: an array is missing or damaged.
    """
    sources = {}
    for split in SPLIT_NAMES:
        images, masks = array_file(folder, split, "images"), array_file(folder, split, "masks")
        if images.exists() or masks.exists():
            sources[split] = RawSplit(map_array(images), map_array(masks), str(images), str(masks))
    require_splits(sources, where=str(folder), expected="NAME_images.npy and NAME_masks.npy for each")
    return sources
