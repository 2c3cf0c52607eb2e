"""Handwritten digits and their labels, as MNIST's files hold them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from drumhead.data.idx import read_idx
from drumhead.data.manifest import array_sha256
from drumhead.data.mnist_files import MNIST_FILES, find_mnist
from drumhead.data.split import DatasetError

DIGIT_CLASSES = ("background", *map(str, range(10)))
"""The classes of a dataset of digits: a digit's class number is the digit plus one."""

DIGIT_SIZE = 28
"""Side of MNIST's square images, in pixels."""

ORIGINAL_SHA256 = (
    "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
)
"""SHA-256 of the original arrays: training images and labels, test images and labels."""


@dataclass(frozen=True)
class Digits:
    """Images of digits and their labels."""

    images: npt.NDArray[np.uint8]
    """(digit, 28, 28), from 0 for paper to 255 for ink."""
    labels: npt.NDArray[np.uint8]
    """(digit,), 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: slice | npt.NDArray[Any]) -> Digits:
        """Return the digits at a slice or an array of indices."""
        return Digits(self.images[indices], self.labels[indices])


@dataclass(frozen=True)
class MNIST:
    """MNIST's training and test digits, or other digits in files of the same format."""

    train: Digits
    """The training digits; the original has 60,000."""
    test: Digits
    """The test digits; the original has 10,000."""

    def is_original(self) -> bool:
        """Return whether these are the original digits in their original order."""
        arrays = (self.train.images, self.train.labels, self.test.images, self.test.labels)
        return tuple(map(array_sha256, arrays)) == ORIGINAL_SHA256


def read_mnist(
    root: str | Path | None = None, *, original: bool = False, progress: Callable[[int, int], None] | None = None
) -> MNIST:
    """Read MNIST's digits from a folder or the user's cache, to which they are downloaded if neither has them.

    Args:
        root: a folder with the four IDX files; see :func:`find_mnist`.
        original: refuse other digits in files of the same names and format, such as Fashion-MNIST's.
        progress: called with the bytes downloaded and the total, if a download is needed.

    Raises:
        DatasetError: a file is missing or damaged, no mirror has it, or the digits are not the original ones.
    """
    files = find_mnist(root, progress=progress)
    train_images, train_labels, test_images, test_labels = (files[name] for name in MNIST_FILES)
    mnist = MNIST(_read_digits(train_images, train_labels), _read_digits(test_images, test_labels))
    if original and not mnist.is_original():
        raise DatasetError(
            f"{train_images.parent}: the published set is made of MNIST's original digits; these are others. "
            "Give a seed (a number) to make a set of them"
        )
    return mnist


def _read_digits(images_file: Path, labels_file: Path) -> Digits:
    images, labels = read_idx(images_file, axes=3), read_idx(labels_file, axes=1)
    if images.shape[1:] != (DIGIT_SIZE, DIGIT_SIZE):
        raise DatasetError(
            f"{images_file}: images must be {DIGIT_SIZE} x {DIGIT_SIZE}; got {images.shape[1]} x {images.shape[2]}"
        )
    if len(images) != len(labels):
        raise DatasetError(
            f"{labels_file}: there must be one label for each of the {len(images)} images in {images_file}; "
            f"got {len(labels)}"
        )
    if len(labels) and labels.max() > 9:
        raise DatasetError(f"{labels_file}: labels must be 0 to 9; got {labels.max()}")
    return Digits(images, labels)
