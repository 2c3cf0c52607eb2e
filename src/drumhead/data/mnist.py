"""MNIST as segmentation: enlarged digits, whose ink is of the class of the digit.

A digit of 28 x 28 pixels, in [0, 1], is enlarged by bilinear interpolation (half-pixel centres, no antialiasing);
the mask has the digit's class where the enlarged image is above a threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from pydantic import Field, model_validator
from typing_extensions import Self

from drumhead.config import Config
from drumhead.data.digits import Digits, read_mnist
from drumhead.data.manifest import SplitManifest
from drumhead.data.reference_dataset import ReferenceDataset, Seed, check_published_unchanged
from drumhead.data.split import DatasetError, Split
from drumhead.data.streams import progress_counter

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
CHUNK = 1000  # digits enlarged at a time


class MNISTConfig(Config):
    """MNIST's digits enlarged: the published set, or one of your own seed, sizes and resolution.

    Images are float32, so the published set takes 1.1 GB on disk, and 1.7 GB of memory while it is made.
    """

    name: Literal["mnist"] = "mnist"
    """Which dataset this is."""
    size: int = Field(default=56, ge=1)
    """Side of the square image that a digit is enlarged to, in pixels."""
    threshold: float = Field(default=0.5, ge=0, lt=1)
    """A pixel is of the digit's class where the image, in [0, 1], is above this."""
    train: int = Field(default=51_000, ge=1)
    """Number of training images; with the validation images at most the 60,000 of MNIST's training digits."""
    val: int = Field(default=9_000, ge=1)
    """Number of validation images."""
    test: int = Field(default=10_000, ge=1, le=TEST_DIGITS)
    """Number of test images: the first so many of MNIST's test digits."""
    seed: Seed = "published"
    """Seed of a division into training and validation of your own, or "published" for the paper's, bit for bit."""

    @model_validator(mode="after")
    def _enough_digits(self) -> Self:
        if self.train + self.val > TRAINING_DIGITS:
            raise ValueError(
                f"train and val must be at most MNIST's {TRAINING_DIGITS} training digits together; "
                f"got {self.train} and {self.val}"
            )
        return self

    @model_validator(mode="after")
    def _published_is_fixed(self) -> Self:
        check_published_unchanged(self)
        return self


def make_mnist(
    config: MNISTConfig,
    *,
    mnist_root: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Split]:
    """The train, val and test splits that a config describes.

    A seed is of an order of the training digits. Training takes the first of them and validation the last, so the
    size of one changes nothing in the other.

    Args:
        config: which set.
        mnist_root: a folder with MNIST's four files; see :func:`find_mnist`.
        progress: called with the number done and the total: of bytes, if MNIST is downloaded, then of images.

    Raises:
        DatasetError: MNIST cannot be had, is damaged, or has too few digits.
    """
    mnist = read_mnist(mnist_root, original=config.seed == "published", progress=progress)
    _check_enough(config, mnist.train, mnist.test)
    order = training_order(config.seed, len(mnist.train))
    count = progress_counter(progress, total=config.train + config.val + config.test)
    chosen = {
        "train": mnist.train[order[: config.train]],
        "val": mnist.train[order[-config.val :]],
        "test": mnist.test[: config.test],
    }
    return {
        split: enlarge(digits, size=config.size, threshold=config.threshold, count=count)
        for split, digits in chosen.items()
    }


def training_order(seed: int | Literal["published"], length: int) -> npt.NDArray[np.int64]:
    """An order of the training digits.

    The published one is what ``torch.manual_seed(42)`` and ``random_split`` give.

    >>> training_order(0, 5).tolist() == training_order(0, 5).tolist() != training_order(1, 5).tolist()
    True
    """
    generator = torch.Generator().manual_seed(PUBLISHED_SEED if seed == "published" else seed)
    order: npt.NDArray[np.int64] = torch.randperm(length, generator=generator).numpy()
    return order


def enlarge(digits: Digits, *, size: int, threshold: float, count: Callable[[int], None]) -> Split:
    """Digits enlarged, and their masks; ``count`` is called with how many more are done.

    Returns:
        Images (digit, size, size, 1), float32 in [0, 1], and masks (digit, size, size).
    """
    images = np.empty((len(digits), size, size), np.float32)
    masks = np.empty((len(digits), size, size), np.uint8)
    for start in range(0, len(digits), CHUNK):
        here = slice(start, start + CHUNK)
        small = torch.from_numpy(np.divide(digits.images[here], 255, dtype=np.float32))
        large = torch.nn.functional.interpolate(small[:, None], (size, size), mode="bilinear", align_corners=False)
        images[here] = large[:, 0].numpy()
        classes = digits.labels[here] + np.uint8(1)
        masks[here] = np.where(images[here] > np.float32(threshold), classes[:, None, None], 0)
        count(len(classes))
    return Split(images[..., np.newaxis], masks)


def _check_enough(config: MNISTConfig, train: Digits, test: Digits) -> None:
    if config.train + config.val > len(train) or config.test > len(test):
        raise DatasetError(
            f"train and val must be at most the {len(train)} training digits together, and test at most the "
            f"{len(test)} test digits; got {config.train}, {config.val} and {config.test}"
        )
