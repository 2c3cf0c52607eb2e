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
"""Classes where digits are to be found: a digit's class is one more than the digit."""

SIDE = 28

ORIGINAL_SHA256 = (
    "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
)
"""SHA-256 of the original's arrays: training images and labels, test images and labels."""


@dataclass(frozen=True)
class Digits:
    """Some digits."""

    images: npt.NDArray[np.uint8]
    """(digit, 28, 28), 0 for paper to 255 for ink."""
    labels: npt.NDArray[np.uint8]
    """(digit,), 0 to 9."""

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: slice | npt.NDArray[Any]) -> Digits:
        """Those of a slice or an array of numbers."""
        return Digits(self.images[chosen], self.labels[chosen])


@dataclass(frozen=True)
class MNIST:
    """MNIST's two sets of digits, or other digits in files of the same form."""

    train: Digits
    """60,000 digits in the original."""
    test: Digits
    """10,000 in the original."""

    def is_original(self) -> bool:
        """Whether these are the original digits in their original order."""
        arrays = (self.train.images, self.train.labels, self.test.images, self.test.labels)
        return tuple(map(array_sha256, arrays)) == ORIGINAL_SHA256


def read_mnist(
    root: Path | None = None, *, original: bool = False, progress: Callable[[int, int], None] | None = None
) -> MNIST:
    """MNIST's digits, from a folder or the user's cache; downloaded where there is neither.

    Args:
        root: a folder with the four IDX files; see :func:`find_mnist`.
        original: refuse other digits in files of the same names and form, as Fashion-MNIST's are.
        progress: called with the bytes downloaded and the total, if there is something to download.

    Raises:
        DatasetError: a file is missing or damaged, or no mirror has it; or the digits are not the original ones.
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
    if images.shape[1:] != (SIDE, SIDE):
        raise DatasetError(f"{images_file}: images must be {SIDE} x {SIDE}; got {images.shape[1]} x {images.shape[2]}")
    if len(images) != len(labels):
        raise DatasetError(
            f"{labels_file}: there must be one label for each of the {len(images)} images in {images_file}; "
            f"got {len(labels)}"
        )
    if len(labels) and labels.max() > 9:
        raise DatasetError(f"{labels_file}: labels must be 0 to 9; got {labels.max()}")
    return Digits(images, labels)
