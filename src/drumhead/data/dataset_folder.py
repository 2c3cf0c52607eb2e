"""Dataset folders: written atomically, opened with memory-mapped arrays, and verified by SHA-256."""

from __future__ import annotations

import json
import os
import reprlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from drumhead.checksums import add_json_checksum, verify_json_checksum, without_checksum
from drumhead.data.array_folder import array_file, save_array
from drumhead.data.dataset import Dataset
from drumhead.data.import_options import ImportOptions
from drumhead.data.manifest import MANIFEST_FILE, MANIFEST_FORMAT, Manifest, array_sha256, make_manifest
from drumhead.data.split import SPLIT_NAMES, DatasetError, Split
from drumhead.data.user_folder import read_user_folder
from drumhead.data.validation import (
    check_classes,
    check_pixel_range,
    check_same_format,
    check_sizes,
    require_splits,
    to_raw,
    to_split,
)
from drumhead.file_formats.npy_files import map_array
from drumhead.files import atomic_replace, check_writable, fsync, read_json
from drumhead.string_types import check_name
from drumhead.validation_errors import explain_validation_error


def write_dataset(
    folder: str | Path,
    splits: Mapping[str, Split],
    *,
    name: str,
    class_names: Sequence[str],
    recipe: Mapping[str, Any] | None = None,
    ignored_label: int | None = None,
    scale: float | None = None,
    relabel: Mapping[int, int] | None = None,
    import_options: ImportOptions | None = None,
) -> Dataset:
    """Write train, val and test splits as a dataset folder, atomically.

    Args:
        folder: a folder that does not exist yet, or is empty.
        splits: train, val and test; images are uint8 or float32 in [0, 1], masks hold class numbers.
        name: name of the dataset.
        class_names: name of each class, the background first.
        recipe: the configuration that the dataset was made from, stored in the manifest.
        ignored_label: the mask value of pixels that do not count, such as 255; None: all count.
        scale: the value in the original images that became 1.0, stored in the manifest.
        relabel: the class number of each label in the original masks, stored in the manifest.
        import_options: how the user's folder was read that the dataset is made from, stored in the manifest.

    Raises:
        FileExistsError: the folder is not empty.
        DatasetError: the splits break a rule.
    """
    check_new_folder(folder)
    folder = Path(folder).resolve()
    require_splits(splits, origin=name, expected="them to the mapping of splits")
    raw_splits = {key: to_raw(splits[key], f"{key} images", f"{key} masks") for key in SPLIT_NAMES}
    valid_splits = {key: to_split(raw) for key, raw in raw_splits.items()}
    check_same_format(raw_splits, valid_splits)
    for key, raw in raw_splits.items():
        check_pixel_range(raw)
        check_classes(raw, valid_splits[key], class_names, ignored_label=ignored_label)
        check_sizes(raw, ignored_label=ignored_label)
    manifest = make_manifest(
        valid_splits,
        name=name,
        class_names=class_names,
        recipe=recipe,
        ignored_label=ignored_label,
        scale=scale,
        relabel=relabel,
        import_options=import_options,
    )
    _write_folder(folder, valid_splits, manifest)
    return open_dataset(folder)


def open_dataset(folder: str | Path, options: ImportOptions | None = None) -> Dataset:
    """Open a dataset folder: one that Drumhead wrote, or a user's own with arrays or PNG pairs.

    Arrays are memory-mapped. If there is a manifest, the arrays must match its shapes and dtypes; a user's folder is
    read and validated in full, and its manifest is made in memory.

    Args:
        folder: the folder.
        options: how to read a user's folder; None: the defaults.

    Raises:
        DatasetError: the folder or a file in it breaks a rule; the message names it and the fix.
    """
    folder = Path(os.path.realpath(folder))  # Path.resolve raises RuntimeError for a link to itself
    if not folder.is_dir():
        raise DatasetError(f"{folder}: a dataset is a folder; this one is missing. Create it, or correct the path")
    if os.path.lexists(folder / MANIFEST_FILE):
        if options not in (None, ImportOptions()):
            raise DatasetError(
                f"{folder}: has a manifest, so its masks and images were converted when it was written; "
                "options for reading apply to a folder without one. Import the original folder again with them"
            )
        manifest = _read_manifest(folder / MANIFEST_FILE)
        return Dataset(folder, manifest, {name: _open_split(folder, name, manifest) for name in SPLIT_NAMES})
    try:
        check_name(folder.name)
    except ValueError as error:
        raise DatasetError(f"{folder}: a dataset has the name of its folder, and {error}. Rename the folder") from error
    options = options or ImportOptions()
    data = read_user_folder(folder, options)
    manifest = make_manifest(
        data.splits,
        name=folder.name,
        class_names=data.class_names,
        ignored_label=data.ignored_label,
        scale=options.scale,
        relabel=data.relabel,
        import_options=options,
    )
    return Dataset(folder, manifest, data.splits)


def check_dataset(folder: str | Path, options: ImportOptions | None = None) -> Dataset:
    """Open a dataset folder and check every pixel, every class number and every SHA-256.

    Args:
        folder: the folder.
        options: how to read a user's folder; None: the defaults.

    Raises:
        DatasetError: the folder or a file in it breaks a rule; the message names it and the fix.
    """
    dataset = open_dataset(folder, options)
    if not (dataset.folder / MANIFEST_FILE).exists():
        return dataset  # open_dataset has validated a user's folder in full
    check_hashes(dataset)
    for name, split in dataset.splits.items():
        images, masks = (str(array_file(dataset.folder, name, array_name)) for array_name in ("images", "masks"))
        check_pixel_range(to_raw(split, images, masks))
    return dataset


def check_hashes(dataset: Dataset, splits: Sequence[str] = SPLIT_NAMES) -> None:
    """Check that the memory-mapped arrays of a dataset match the SHA-256 in its manifest (about a second per gigabyte).

    A user's folder without a manifest has no hashes to compare with, and is skipped; so are arrays in memory that
    replace the memory-mapped ones.

    Raises:
        DatasetError: a file is damaged or changed; the message names it.
    """
    if not (dataset.folder / MANIFEST_FILE).exists():
        return
    for name in splits:
        expected = dataset.manifest.splits[name].hashes
        for array_name, array in dataset.splits[name].arrays.items():
            if getattr(array, "filename", None) is not None:  # a copy of a mapped array is a memmap without a file name
                _check_hash(array_file(dataset.folder, name, array_name), array_sha256(array), expected[array_name])


def import_dataset(source: str | Path, folder: str | Path, options: ImportOptions | None = None) -> Dataset:
    """Convert a user's folder of arrays or PNG pairs to a dataset folder with a manifest, which opens instantly.

    Args:
        source: the user's folder.
        folder: the dataset folder to write; it does not exist yet, or is empty.
        options: how to read the user's folder; None: the defaults.

    Raises:
        FileExistsError: the new folder is not empty.
        DatasetError: the source breaks a rule; the message names the file and the fix.
    """
    check_new_folder(folder)
    dataset = check_dataset(source, options)
    return write_dataset(
        folder,
        dataset.splits,
        name=dataset.name,
        class_names=dataset.class_names,
        recipe=dataset.manifest.recipe,
        ignored_label=dataset.ignored_label,
        scale=dataset.scale,
        relabel=dataset.relabel,
        import_options=dataset.manifest.import_options,
    )


def check_new_folder(folder: str | Path) -> None:
    """Check that a dataset can be written to a folder and overwrites nothing, before the work.

    Raises:
        FileExistsError: the folder is not empty, or is a file.
        OSError: the folder cannot be written.
    """
    folder = Path(folder)
    if os.path.lexists(folder) and (not folder.is_dir() or any(folder.iterdir())):  # a broken link exists too
        raise FileExistsError(
            f"{folder}: a dataset is written to a new or empty folder; this one is not empty. "
            "Choose another folder, or remove this one"
        )
    check_writable(folder, folders=True)


def _write_folder(folder: Path, splits: Mapping[str, Split], manifest: Manifest) -> None:
    with atomic_replace(folder, durable=True) as partial:
        partial.mkdir()
        for name in SPLIT_NAMES:
            for array_name, array in splits[name].arrays.items():
                save_array(array_file(partial, name, array_name), array)
        text = json.dumps(add_json_checksum(manifest.model_dump(mode="json")), indent=2, ensure_ascii=False)
        (partial / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")
        fsync(partial / MANIFEST_FILE)


def _read_manifest(file: Path) -> Manifest:
    try:
        values = read_json(file)
    except ValueError as error:
        raise DatasetError(f"{file}: damaged manifest; {error}. Make the dataset again") from error
    if isinstance(values, dict) and values.get("format") != MANIFEST_FORMAT:
        raise DatasetError(
            f"{file}: this version of Drumhead reads manifests of format {MANIFEST_FORMAT}; "
            f"got {reprlib.repr(values.get('format'))}. Update Drumhead, or make the dataset again"
        )
    try:
        manifest = Manifest.model_validate(without_checksum(values) if isinstance(values, dict) else values)
        verify_json_checksum(values)
    except ValidationError as error:
        raise DatasetError(
            f"{file}: damaged manifest; {explain_validation_error(error)}. Make the dataset again"
        ) from error
    except ValueError as error:
        raise DatasetError(f"{file}: damaged manifest; {error}. Otherwise make the dataset again") from error
    return manifest


def _open_split(folder: Path, name: str, manifest: Manifest) -> Split:
    files = {array_name: array_file(folder, name, array_name) for array_name in manifest.splits[name].hashes}
    split = Split(**{array_name: map_array(file) for array_name, file in files.items()})
    shape = (manifest.splits[name].count, manifest.height, manifest.width, manifest.channels)
    formats = {
        "images": (shape, np.dtype(manifest.image_dtype)),
        "masks": (shape[:3], np.dtype(np.uint8)),
        "sizes": ((shape[0], 2), np.dtype(np.int32)),
    }
    for array_name, array in split.arrays.items():
        expected = formats[array_name]
        if (array.shape, array.dtype) != expected:
            raise DatasetError(
                f"{files[array_name]}: must match the manifest, shape {expected[0]} {expected[1]}; "
                f"got {array.shape} {array.dtype}. Make the dataset again"
            )
    # Check class numbers before anything computes with them: compiled kernels use them as unchecked indices.
    raw = to_raw(split, str(files["images"]), str(files["masks"]))
    check_classes(raw, split, manifest.class_names, ignored_label=manifest.ignored_label)
    check_sizes(raw, ignored_label=manifest.ignored_label)
    return split


def _check_hash(file: Path, actual: str, expected: str) -> None:
    if actual != expected:
        raise DatasetError(
            f"{file}: damaged or changed; its SHA-256 must be {expected} as in the manifest; got {actual}. "
            "Make the dataset again"
        )
