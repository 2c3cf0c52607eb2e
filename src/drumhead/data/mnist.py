"""MNIST as a segmentation dataset: enlarged digits, whose ink pixels have the class of the digit.

A digit of 28 x 28 pixels, in [0, 1], is enlarged by bilinear interpolation (half-pixel centres, no antialiasing);
the mask is the digit's class where the enlarged image is above a threshold, and background elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator
from typing_extensions import Self

from drumhead.config import Config
from drumhead.data.digits import Digits, read_mnist
from drumhead.data.manifest import SplitManifest
from drumhead.data.progress import progress_counter
from drumhead.data.reference_dataset import DatasetSeed, ReferenceDataset, check_published_unchanged
from drumhead.data.split import DatasetError, Split

PUBLISHED_SEED = 42
PUBLISHED_MNIST = ReferenceDataset(
    "the published MNIST set",
    {
        "train": SplitManifest(
            count=51_000,
            images_sha256="1fb16423f21901069bb678197c90bc6d2c91ecd11bf6e04a0c9bc5198c865ae5",
            masks_sha256="37e1889952e5343b3827f3b7b2e2972faf354a22c98b71120cbc9ea79f917948",
        ),
        "val": SplitManifest(
            count=9_000,
            images_sha256="2156f9a5f7dd037e8819aba4939a1a8e28050902532549de2d27b10eedcb9075",
            masks_sha256="0ef2fd47050141bdf2877f2b10137fcb7487a744fff6da85189b35d53ba774fc",
        ),
        "test": SplitManifest(
            count=10_000,
            images_sha256="a4a91309cee4fe9948c257df839f6a394f1c6ad5f25f3742f26fec5523bb16f8",
            masks_sha256="a97a78f7994016762983cb3ccfca97b3813bbf30c3ffb2d43818e945d6d21784",
        ),
    },
)
TRAINING_DIGITS, TEST_DIGITS = 60_000, 10_000
CHUNK = 1000  # number of digits enlarged at a time


class MNISTConfig(Config):
    """MNIST's digits enlarged: the published set, or a set with your own seed, sizes and resolution.

    Images are float32: the published set takes 1.1 GB on disk, and 1.7 GB of memory while it is made.
    """

    name: Literal["mnist"] = "mnist"
    """Name of the dataset."""
    size: int = Field(default=56, ge=1)
    """Side of the square image that each digit is enlarged to, in pixels."""
    threshold: float = Field(default=0.5, ge=0, lt=1)
    """A pixel has the digit's class where the image, in [0, 1], is above this value."""
    train: int = Field(default=51_000, ge=1)
    """Number of training images; training and validation images together are at most MNIST's 60,000 training digits."""
    val: int = Field(default=9_000, ge=1)
    """Number of validation images."""
    test: int = Field(default=10_000, ge=1, le=TEST_DIGITS)
    """Number of test images, N: the first N of MNIST's test digits."""
    seed: DatasetSeed = "published"
    """Seed of your own split into training and validation, or "published" for the paper's set, bit for bit."""

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        if self.train + self.val > TRAINING_DIGITS:
            raise ValueError(
                f"train and val together must be at most MNIST's {TRAINING_DIGITS} training digits; "
                f"got {self.train} and {self.val}"
            )
        return self

    @model_validator(mode="after")
    def _check_published_unchanged(self) -> Self:
        check_published_unchanged(self)
        return self


def make_mnist(
    config: MNISTConfig,
    *,
    mnist_root: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Split]:
    """Make the train, val and test splits that a configuration describes.

    The seed determines an order of the training digits. Training takes the first of them and validation the last, so
    the size of one does not affect the other.

    Args:
        config: the configuration of the dataset.
        mnist_root: a folder with MNIST's four files; see :func:`find_mnist`.
        progress: called with the number done and the total: of bytes while MNIST is downloaded, then of images.

    Raises:
        DatasetError: MNIST is not available, is damaged, or has too few digits.
    """
    mnist = read_mnist(mnist_root, original=config.seed == "published", progress=progress)
    _check_number_of_digits(config, mnist.train, mnist.test)
    order = training_order(config.seed, len(mnist.train))
    update_progress = progress_counter(progress, total=config.train + config.val + config.test)
    split_digits = {
        "train": mnist.train[order[: config.train]],
        "val": mnist.train[order[-config.val :]],
        "test": mnist.test[: config.test],
    }
    return {
        split: enlarge(digits, size=config.size, threshold=config.threshold, update_progress=update_progress)
        for split, digits in split_digits.items()
    }


def training_order(seed: int | Literal["published"], length: int) -> npt.NDArray[np.int64]:
    """Return the order of the training digits, (length,).

    The published order is that of ``torch.manual_seed(42)`` and ``random_split``.

    >>> training_order(0, 5).tolist() == training_order(0, 5).tolist() != training_order(1, 5).tolist()
    True
    """
    import torch  # only here, because the import takes seconds

    generator = torch.Generator().manual_seed(PUBLISHED_SEED if seed == "published" else seed)
    order: npt.NDArray[np.int64] = torch.randperm(length, generator=generator).numpy()
    return order


def enlarge(digits: Digits, *, size: int, threshold: float, update_progress: Callable[[int], None]) -> Split:
    """Enlarge digits and make their masks.

    Args:
        digits: the digits.
        size: side of the enlarged image, in pixels.
        threshold: a pixel has the digit's class where the enlarged image is above this value.
        update_progress: called with the number of digits in each chunk after it is done.

    Returns:
        Images (digit, size, size, 1), float32 in [0, 1], and masks (digit, size, size).
    """
    import torch

    images = np.empty((len(digits), size, size), np.float32)
    masks = np.empty((len(digits), size, size), np.uint8)
    for start in range(0, len(digits), CHUNK):
        chunk = slice(start, start + CHUNK)
        small = torch.from_numpy(np.divide(digits.images[chunk], 255, dtype=np.float32))
        large = torch.nn.functional.interpolate(small[:, None], (size, size), mode="bilinear", align_corners=False)
        images[chunk] = large[:, 0].numpy()
        classes = digits.labels[chunk] + np.uint8(1)
        masks[chunk] = np.where(images[chunk] > np.float32(threshold), classes[:, None, None], 0)
        update_progress(len(classes))
    return Split(images[..., np.newaxis], masks)


def _check_number_of_digits(config: MNISTConfig, train: Digits, test: Digits) -> None:
    if config.train + config.val > len(train) or config.test > len(test):
        raise DatasetError(
            f"train and val together must be at most the {len(train)} training digits, and test at most the "
            f"{len(test)} test digits; got {config.train}, {config.val} and {config.test}"
        )
