"""A user's own dataset: arrays or PNG pairs, without a manifest; class names are optional."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.data.array_folder import has_arrays, read_arrays
from drumhead.data.import_options import ImportOptions
from drumhead.data.labels import IGNORED_LABEL, convert_labels, describe_labels, number_labels
from drumhead.data.pair_files import find_pair_folders
from drumhead.data.pair_folder import read_pairs
from drumhead.data.pixel_scale import scale_images
from drumhead.data.split import MAX_CLASSES, DatasetError, Split
from drumhead.data.splitting import split_samples
from drumhead.data.validation import (
    RawSplit,
    check_arrays,
    check_classes,
    check_pixel_range,
    check_same_format,
    import_flag,
    to_split,
)
from drumhead.files import read_small_file
from drumhead.string_types import check_name

CLASSES_FILE = "classes.txt"


class UserData(NamedTuple):
    """A user's folder after it was read and validated."""

    splits: dict[str, Split]
    """Its train, val and test splits."""
    class_names: tuple[str, ...]
    """The lines of classes.txt if that exists, otherwise "background", "class 1", ..."""
    ignored_label: int | None
    """The mask value of pixels that do not count, or None."""
    relabel: dict[int, int] | None
    """The class number of each label in the files; None if the labels are the class numbers."""


def read_user_folder(folder: Path, options: ImportOptions) -> UserData:
    """Read and validate a user's folder in full.

    Raises:
        DatasetError: the folder or a file in it breaks a rule; the message names it and the fix.
    """
    raw_splits = {name: scale_images(raw, options.scale) for name, raw in _read(folder, options).items()}
    for raw in raw_splits.values():
        check_arrays(raw)
    ignored = options.ignore_labels
    is_padded = any(raw.sizes is not None for raw in raw_splits.values())
    relabel = number_labels(raw_splits, ignored=ignored) if options.relabel else None
    if options.relabel or ignored or is_padded:
        raw_splits = {name: convert_labels(raw, ignored=ignored, relabel=relabel) for name, raw in raw_splits.items()}
    ignored_label = IGNORED_LABEL if ignored or is_padded else None
    splits = {name: to_split(raw) for name, raw in raw_splits.items()}
    check_same_format(raw_splits, splits)
    class_names = _class_names(folder, raw_splits["train"], splits["train"].masks, ignored_label, relabel)
    for name, raw in raw_splits.items():
        check_pixel_range(raw)
        check_classes(raw, splits[name], class_names, ignored_label=ignored_label)
    return UserData(splits, class_names, ignored_label, relabel)


def _read(folder: Path, options: ImportOptions) -> dict[str, RawSplit]:
    if has_arrays(folder, options):
        raw_splits = read_arrays(folder, options)
    elif find_pair_folders(folder, options):
        raw_splits = read_pairs(folder, options)
    else:
        raise DatasetError(f"{folder}: no dataset found. {_expected(options)}")
    if options.split is None:
        return raw_splits
    return split_samples(raw_splits["all"], options.split, seed=options.seed, groups=options.groups)


def _expected(options: ImportOptions) -> str:
    images, masks = options.image_folder, options.mask_folder
    if options.split is not None:
        return (
            "A folder to split is one with images.npy and masks.npy, or with "
            f"{images}/*.png and {masks}/*.png (or TIFF, or JPEG images); name other folders by --image-folder and "
            "--mask-folder"
        )
    return (
        "A dataset is a folder with manifest.json as Drumhead writes it, or with train_images.npy and "
        f"train_masks.npy, or with train/{images}/*.png and train/{masks}/*.png (or TIFF, or JPEG images; and the same "
        "for val and test). Other names: --image-folder and --mask-folder; one set without splits: --split 80,10,10; "
        "both are flags of `drumhead data import`"
    )


def _class_names(
    folder: Path,
    raw: RawSplit,
    train_masks: npt.NDArray[np.uint8],
    ignored_label: int | None,
    relabel: Mapping[int, int] | None,
) -> tuple[str, ...]:
    file = folder / CLASSES_FILE
    if file.exists():
        names = _read_class_names(file)
        if relabel is not None and len(names) != 1 + max(relabel.values(), default=0):
            raise DatasetError(
                f"{file}: must have one name for each class after renumbering ({describe_labels(relabel)}), "
                f"{1 + max(relabel.values(), default=0)} in all with the background; got {len(names)}"
            )
        return names
    present = [number for number in _present(train_masks).tolist() if number != ignored_label]
    largest = max(present, default=0)
    if largest == 0:
        raise DatasetError(
            f"{raw.masks_origin}: training masks must hold a class other than background; got 0 everywhere. "
            f"Label some pixels 1 or more, or name the classes in {file}, one per line"
        )
    if relabel is not None:
        return ("background", *(f"class {label}" for label, number in relabel.items() if number != 0))
    if len(present) <= largest:
        shown = ", ".join(map(str, present[:20])) + (", ..." if len(present) > 20 else "")
        unlabelled = f"If the pixels of {largest} do not count: {import_flag(f'--ignore-label {largest}')}. "
        raise DatasetError(
            f"{raw.masks_origin}: training masks must hold each class number from 0 to the largest, {largest}; "
            f"got {shown}. To renumber the labels 0, 1, 2, ... in their order: {import_flag('--relabel')}. "
            f"{unlabelled if largest == IGNORED_LABEL else ''}"
            f"If some classes occur in no training mask: name all classes in {file}, one per line"
        )
    return ("background", *(f"class {number}" for number in range(1, largest + 1)))


def _present(masks: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Return the numbers that occur in masks."""
    return np.flatnonzero(sum(np.bincount(mask.ravel(), minlength=MAX_CLASSES) for mask in masks))


def _read_class_names(file: Path) -> tuple[str, ...]:
    try:
        text = read_small_file(file).decode("utf-8-sig")
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
