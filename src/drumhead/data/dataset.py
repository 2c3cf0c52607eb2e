"""An open dataset: its splits and its manifest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from drumhead.data.manifest import Manifest
from drumhead.data.padding import Sizes
from drumhead.data.split import Split

if TYPE_CHECKING:
    from drumhead.data.torch_split import TorchSplit


@dataclass(frozen=True)
class Dataset:
    """Train, val and test splits with their manifest."""

    folder: Path
    """The folder that the dataset was opened from."""
    manifest: Manifest
    """The description of the dataset."""
    splits: dict[str, Split]
    """The train, val and test splits."""

    @property
    def train(self) -> TorchSplit:
        """The training samples as a dataset of PyTorch, for ``torch.utils.data.DataLoader``."""
        return self._torch_split("train")

    @property
    def val(self) -> TorchSplit:
        """The validation samples as a dataset of PyTorch."""
        return self._torch_split("val")

    @property
    def test(self) -> TorchSplit:
        """The test samples as a dataset of PyTorch."""
        return self._torch_split("test")

    def _torch_split(self, name: str) -> TorchSplit:
        from drumhead.data.torch_split import TorchSplit  # only here, because the import of torch takes seconds

        return TorchSplit(self.splits[name])

    @property
    def name(self) -> str:
        """Name of the dataset."""
        return self.manifest.name

    @property
    def class_names(self) -> tuple[str, ...]:
        """Name of each class; the first is the background."""
        return self.manifest.class_names

    @property
    def classes(self) -> int:
        """Number of classes, including the background."""
        return len(self.manifest.class_names)

    @property
    def channels(self) -> int:
        """Number of channels of every image."""
        return self.manifest.channels

    @property
    def height(self) -> int:
        """Height of every image, in pixels; of the largest, if smaller ones are padded."""
        return self.manifest.height

    @property
    def width(self) -> int:
        """Width of every image, in pixels; of the largest, if smaller ones are padded."""
        return self.manifest.width

    @property
    def sizes(self) -> Sizes | None:
        """The height and width of each image of train, val and test without padding, or None if none is padded."""
        sizes = [split.sizes for split in self.splits.values() if split.sizes is not None]
        return np.concatenate(sizes) if sizes else None

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all images and masks: equal for equal data."""
        return self.manifest.fingerprint

    @property
    def ignored_label(self) -> int | None:
        """The mask value of pixels that do not count, or None."""
        return self.manifest.ignored_label

    @property
    def scale(self) -> float | None:
        """The value in the original images that became 1.0; None if it was the largest of their dtype."""
        return self.manifest.scale

    @property
    def relabel(self) -> dict[int, int] | None:
        """The class number of each label in the original masks; None if the labels were the class numbers."""
        return self.manifest.relabel

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {len(split.images)}" for name, split in self.splits.items())
        return (
            f"Dataset({self.name!r}, {sizes}, {self.channels} x {self.height} x {self.width}, "
            f"{self.classes} classes, {str(self.folder)!r})"
        )
