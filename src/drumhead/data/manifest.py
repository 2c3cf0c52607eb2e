"""The manifest of a dataset: its classes and shapes, the recipe it was made by, and the SHA-256 of every array."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from typing_extensions import Self

from drumhead.config import Config
from drumhead.data.import_options import ImportOptions
from drumhead.data.split import MAX_CLASSES, SPLIT_NAMES, Split
from drumhead.string_types import Name, SingleLine

MANIFEST_FILE = "manifest.json"
MANIFEST_FORMAT = 1


class SplitManifest(Config):
    """The size of a split, and the SHA-256 of the raw bytes of its arrays in C order."""

    count: int = Field(ge=1)
    """Number of samples."""
    images_sha256: SingleLine
    """SHA-256 of the images, (sample, height, width, channel)."""
    masks_sha256: SingleLine
    """SHA-256 of the masks, (sample, height, width), uint8."""
    sizes_sha256: SingleLine | None = None
    """SHA-256 of the sizes of the images, (sample, 2), int32, if images of different sizes were padded."""

    @property
    def hashes(self) -> dict[str, str]:
        """The SHA-256 of each array, by its name."""
        hashes = {"images": self.images_sha256, "masks": self.masks_sha256, "sizes": self.sizes_sha256}
        return {name: sha256 for name, sha256 in hashes.items() if sha256 is not None}


class Manifest(Config):
    """The description of a dataset. Two datasets with the same fingerprint hold the same images and masks."""

    format: Literal[1] = 1
    """Version of the manifest's format."""
    name: Name
    """Name of the dataset."""
    drumhead_version: SingleLine
    """Version of Drumhead that wrote the manifest."""
    recipe: dict[str, Any] | None = None
    """The configuration that the dataset was made from; null if Drumhead did not make it."""
    class_names: tuple[Name, ...] = Field(min_length=2, max_length=MAX_CLASSES)
    """Name of each class; the first is the background."""
    height: int = Field(ge=1)
    """Height of every image, in pixels, with padding."""
    width: int = Field(ge=1)
    """Width of every image, in pixels, with padding."""
    channels: int = Field(ge=1)
    """Number of channels of every image."""
    image_dtype: Literal["uint8", "float32"]
    """Pixels are 0 .. 255 in uint8 images and in [0, 1] in float32 images."""
    splits: dict[str, SplitManifest]
    """Sizes and SHA-256 of train, val and test."""
    fingerprint: str
    """SHA-256 over the SHA-256 of the arrays of all splits."""
    ignored_label: int | None = Field(default=None, ge=0, lt=MAX_CLASSES)
    """The mask value of pixels that do not count; null if all count."""
    scale: float | None = Field(default=None, gt=0)
    """The value in the original images that became 1.0; null if it was the largest of their dtype."""
    relabel: dict[int, int] | None = None
    """The class number of each label in the original masks; null if the labels were the class numbers."""
    import_options: ImportOptions | None = None
    """How the user's folder was read, with the random split; null if it was none, and in files of earlier versions."""

    @model_validator(mode="after")
    def _check_splits_and_fingerprint(self) -> Self:
        if set(self.splits) != set(SPLIT_NAMES):
            raise ValueError(f"splits must be {', '.join(SPLIT_NAMES)}; got {', '.join(self.splits)}")
        if self.fingerprint != combined_fingerprint(self.splits):
            raise ValueError("fingerprint must match the SHA-256 of the splits; the manifest was edited")
        if len({split.sizes_sha256 is None for split in self.splits.values()}) > 1:
            raise ValueError("sizes_sha256 must be that of all splits, or of none")
        if self.ignored_label is not None and self.ignored_label < len(self.class_names):
            raise ValueError(
                f"ignored_label must not be the number of one of the {len(self.class_names)} classes; "
                f"got {self.ignored_label}"
            )
        return self


def make_manifest(
    splits: Mapping[str, Split],
    *,
    name: str,
    class_names: Sequence[str],
    recipe: Mapping[str, Any] | None = None,
    ignored_label: int | None = None,
    scale: float | None = None,
    relabel: Mapping[int, int] | None = None,
    import_options: ImportOptions | None = None,
) -> Manifest:
    """Make the manifest of train, val and test splits that have been validated."""
    _, height, width, channels = splits["train"].images.shape
    split_manifests = {
        name: SplitManifest(
            count=len(splits[name].images),
            **{f"{array_name}_sha256": array_sha256(array) for array_name, array in splits[name].arrays.items()},
        )
        for name in SPLIT_NAMES
    }
    return Manifest(
        name=name,
        drumhead_version=version("drumhead"),
        recipe=None if recipe is None else dict(recipe),
        class_names=tuple(class_names),
        height=height,
        width=width,
        channels=channels,
        image_dtype="uint8" if splits["train"].images.dtype == np.uint8 else "float32",
        splits=split_manifests,
        fingerprint=combined_fingerprint(split_manifests),
        ignored_label=ignored_label,
        scale=scale,
        relabel=None if relabel is None else dict(relabel),
        import_options=import_options,
    )


def array_sha256(array: npt.NDArray[Any]) -> str:
    """Return the SHA-256 of an array's raw bytes in C order, in hexadecimal.

    Example:
        >>> array_sha256(np.zeros((2, 3), np.uint8)) == hashlib.sha256(bytes(6)).hexdigest()
        True
    """
    return hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()


def combined_fingerprint(splits: Mapping[str, SplitManifest]) -> str:
    """Return one SHA-256 of the SHA-256 of all arrays, in the order train, val, test, and images, masks, sizes."""
    hashes = [sha256 for name in SPLIT_NAMES for sha256 in splits[name].hashes.values()]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()
