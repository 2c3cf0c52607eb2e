"""A user's own dataset: arrays or PNG pairs, without a manifest; class names are optional."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from drumhead.data.array_folder import has_arrays, read_arrays
from drumhead.data.png_folder import has_pairs, read_pairs
from drumhead.data.split import MAX_CLASSES, DatasetError, Split
from drumhead.data.validation import RawSplit, check_classes, check_pixel_range, check_same_format, to_split
from drumhead.files import read_small_file
from drumhead.string_types import check_name

CLASSES_FILE = "classes.txt"


def read_user_folder(folder: Path) -> tuple[dict[str, Split], tuple[str, ...]]:
    """Read and validate a user's folder in full.

    Returns:
        Its train, val and test splits, and its class names: the lines of classes.txt if that exists, otherwise
        "background", "class 1", ... up to the largest number in the training masks.

    Raises:
        DatasetError: the folder or a file in it breaks a rule; the message names it and the fix.
    """
    raw_splits = _read(folder)
    splits = {name: to_split(raw) for name, raw in raw_splits.items()}
    check_same_format(raw_splits, splits)
    class_names = _class_names(folder, raw_splits["train"], splits["train"].masks)
    for name, raw in raw_splits.items():
        check_pixel_range(raw)
        check_classes(raw, splits[name], class_names)
    return splits, class_names


def _read(folder: Path) -> dict[str, RawSplit]:
    if has_arrays(folder):
        return read_arrays(folder)
    if has_pairs(folder):
        return read_pairs(folder)
    raise DatasetError(
        f"{folder}: no dataset found. A dataset is a folder with manifest.json as Drumhead writes it, or "
        "with train_images.npy and train_masks.npy, or with train/images/*.png and train/masks/*.png "
        "(and the same for val and test)"
    )


def _class_names(folder: Path, raw: RawSplit, train_masks: npt.NDArray[np.uint8]) -> tuple[str, ...]:
    file = folder / CLASSES_FILE
    if file.exists():
        return _read_class_names(file)
    present = np.flatnonzero(sum(np.bincount(mask.ravel(), minlength=MAX_CLASSES) for mask in train_masks))
    largest = int(present[-1])
    if largest == 0:
        raise DatasetError(
            f"{raw.masks_origin}: training masks must hold a class other than background; got 0 everywhere. "
            f"Label some pixels 1 or more, or name the classes in {file}, one per line"
        )
    if len(present) <= largest:
        shown = ", ".join(map(str, present[:20])) + (", ..." if len(present) > 20 else "")
        raise DatasetError(
            f"{raw.masks_origin}: training masks must hold each class number from 0 to the largest, {largest}; "
            f"got {shown}. Renumber them 0, 1, 2, ... "
            f"(0/255 masks: divide by 255), or name all classes in {file}, one per line"
        )
    return ("background", *(f"class {number}" for number in range(1, largest + 1)))


def _read_class_names(file: Path) -> tuple[str, ...]:
    try:
        text = read_small_file(file).decode()
    except ValueError as error:
        raise DatasetError(f"{file}: must be UTF-8 text, one class name per line; {error}") from error
    names = tuple(line.strip() for line in text.strip().splitlines())
    if not 2 <= len(names) <= MAX_CLASSES or "" in names or len(set(names)) != len(names):
        raise DatasetError(
            f"{file}: must have 2 to {MAX_CLASSES} different class names, one per line, the background first; "
            f"got {len(names)}: {', '.join(names[:20])}"
        )
    for name in names:
        try:
            check_name(name)
        except ValueError as error:
            raise DatasetError(f"{file}: {error}. Rename the class") from error
    return names
