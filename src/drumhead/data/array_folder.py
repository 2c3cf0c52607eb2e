"""Dataset arrays in a folder: train_images.npy and train_masks.npy, and the same for val and test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.import_options import ImportOptions
from drumhead.data.split import SPLIT_NAMES
from drumhead.data.validation import RawSplit, require_splits
from drumhead.file_formats.npy_files import map_array
from drumhead.files import fsync


def array_file(folder: Path, split: str, array_name: str) -> Path:
    """Return the path of a split's array; ``array_name`` is "images", "masks" or "sizes"."""
    return folder / f"{split}_{array_name}.npy"


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
