"""Finding the image and mask files of a user's folder, and which mask belongs to which image."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from drumhead.data.import_options import ImportOptions
from drumhead.data.pictures import IMAGE_SUFFIXES
from drumhead.data.split import SPLIT_NAMES, DatasetError


class PairFolders(NamedTuple):
    """The two folders with the images and the masks of a split."""

    images: Path
    masks: Path


class PairFiles(NamedTuple):
    """The files of a split, in the same order."""

    names: list[str]
    """The name of each pair: its path in the folder, without suffix."""
    images: list[Path]
    masks: list[Path]


def find_pair_folders(folder: Path, options: ImportOptions) -> dict[str, PairFolders]:
    """Return the folders of each split that there is: train/images and train/masks, or images/train and masks/train.

    If the options say how to split one set, it is that of the folders images and masks, under the name "all".
    """
    images, masks = options.image_folder, options.mask_folder
    if options.split is not None:
        whole = PairFolders(folder / images, folder / masks)
        return {"all": whole} if whole.images.is_dir() or whole.masks.is_dir() else {}
    found = {}
    for split in SPLIT_NAMES:
        inside, outside = folder / split, PairFolders(folder / images / split, folder / masks / split)
        if inside.is_dir():
            found[split] = PairFolders(inside / images, inside / masks)
        elif outside.images.is_dir() or outside.masks.is_dir():
            found[split] = outside
    return found


def find_pairs(folders: PairFolders, options: ImportOptions) -> PairFiles:
    """Return the images and masks in two folders and their subfolders, in the order of the names of the images.

    Raises:
        DatasetError: a file has no partner, or two files have the same name.
    """
    images = _find_files(folders.images, options.image_suffix, options)
    masks = _find_files(folders.masks, options.mask_suffix, options)
    if options.skip_unlabelled:
        images = {name: file for name, file in images.items() if name in masks}
    _require_partners(images, masks, "mask", folders.masks, options.mask_suffix)
    _require_partners(masks, images, "image", folders.images, options.image_suffix)
    if not images:
        raise DatasetError(
            f"{folders.images.parent}: a split must have at least one pair; got none of "
            f"{folders.images.name}/*{options.image_suffix}{{{','.join(IMAGE_SUFFIXES)}}} and "
            f"{folders.masks.name}/*{options.mask_suffix}.png. Add images and masks, or name their folders and "
            "suffixes by --image-folder, --mask-folder, --image-suffix and --mask-suffix"
        )
    return PairFiles(list(images), list(images.values()), [masks[name] for name in images])


def _find_files(folder: Path, suffix: str, options: ImportOptions) -> dict[str, Path]:
    """Return the files of a folder and its subfolders by their names, sorted; hidden ones are left out."""
    if not folder.is_dir():
        raise DatasetError(
            f"{folder}: a split has the folders {options.image_folder} and {options.mask_folder}; this one is "
            "missing. Add it, or name the folders by --image-folder and --mask-folder"
        )
    found: dict[str, Path] = {}
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in folders:
            if Path(parent, name).is_symlink():
                raise DatasetError(
                    f"{Path(parent, name)}: a subfolder must not be a link, which could lead back. Move the folder here"
                )
        for file in (Path(parent, name) for name in files if not name.startswith(".")):
            if file.suffix.lower() in IMAGE_SUFFIXES and file.stem.endswith(suffix):
                name = file.relative_to(folder).with_name(file.stem.removesuffix(suffix)).as_posix()
                if name in found:
                    first, second = sorted([found[name], file])
                    raise DatasetError(f"{first} and {second.name}: two files have the same name. Remove or rename one")
                found[name] = file
    return dict(sorted(found.items(), key=lambda item: item[1]))


def _require_partners(
    files: Mapping[str, Path], partners: Mapping[str, Path], partner: str, folder: Path, suffix: str
) -> None:
    """Raise DatasetError unless every file has a partner ("image" or "mask") of the same name in a folder."""
    unpaired = [name for name in files if name not in partners]
    if unpaired:
        name = unpaired[0]
        raise DatasetError(
            f"{files[name]}: every image needs a mask of the same name, and vice versa; the {partner} is missing "
            f"({len(unpaired)} of {len(files)} files have none). "
            f"Add {folder / (name + suffix + files[name].suffix)}, or remove this file. If image and mask have names "
            "with different ends, give them by --image-suffix and --mask-suffix; --skip-unlabelled leaves out images "
            "without a mask"
        )
