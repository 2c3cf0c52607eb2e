"""Dataset arrays in a folder: train_images.npy and train_masks.npy, and the same for val and test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.import_options import ImportOptions
from drumhead.data.split import SPLIT_NAMES, DatasetError
from drumhead.data.validation import RawSplit, require_splits
from drumhead.files import fsync


def array_file(folder: Path, split: str, array_name: str) -> Path:
    """Return the path of a split's array; ``array_name`` is "images" or "masks"."""
    return folder / f"{split}_{array_name}.npy"


def map_array(file: Path) -> npt.NDArray[Any]:
    """Memory-map an array, read-only.

    Raises:
        DatasetError: the file is missing or damaged, or holds Python objects, which only a pickle can store.
    """
    if not file.is_file():  # opening a named pipe would block for ever
        raise DatasetError(f"{file}: this array of the dataset is missing; restore it")
    try:
        array: npt.NDArray[Any] = np.lib.format.open_memmap(file, mode="r")
    except Exception as error:  # NumPy's parser can raise any exception for an invalid header
        raise DatasetError(f"{file}: must be a whole array as numpy.save writes it; {error}. Write it again") from error
    return array


def save_array(file: Path, array: npt.NDArray[Any]) -> None:
    """Write an array to disk in the format of numpy.save; errors of the disk are raised with the system's reason."""
    array = np.ascontiguousarray(array)
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(array))
        stream.write(array.data)
    fsync(file)


def has_arrays(folder: Path, options: ImportOptions) -> bool:
    """Return whether a folder holds at least one array of a dataset."""
    return any(file.exists() for files in _array_files(folder, options).values() for file in files)


def read_arrays(folder: Path, options: ImportOptions) -> dict[str, RawSplit]:
    """Memory-map all arrays of a user's folder.

    Returns:
        The splits; or one under the name "all", of images.npy and masks.npy, if the options say how to split it.

    Raises:
        DatasetError: an array is missing or damaged.
    """
    raw_splits = {}
    for split, (images, masks) in _array_files(folder, options).items():
        if images.exists() or masks.exists():
            raw_splits[split] = RawSplit(map_array(images), map_array(masks), str(images), str(masks))
    if options.split is None:
        require_splits(raw_splits, origin=str(folder), expected="NAME_images.npy and NAME_masks.npy for each")
    return raw_splits


def _array_files(folder: Path, options: ImportOptions) -> dict[str, tuple[Path, Path]]:
    if options.split is not None:
        return {"all": (folder / "images.npy", folder / "masks.npy")}
    return {name: (array_file(folder, name, "images"), array_file(folder, name, "masks")) for name in SPLIT_NAMES}
