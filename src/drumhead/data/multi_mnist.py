"""Multi-MNIST: one to four handwritten digits, in black and white, on a large canvas.

A canvas is drawn as follows. The number of digits is uniform between two bounds. Each digit is drawn from a pool,
enlarged by Pillow's bilinear filter, and binarised. Its position is drawn again until none of its pixels overlaps
another digit, at most 200 times; a digit without a free position is omitted.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import Field, model_validator
from typing_extensions import Self

from drumhead.config import Config
from drumhead.data.digits import MNIST, Digits, read_mnist
from drumhead.data.manifest import SplitManifest
from drumhead.data.progress import progress_counter
from drumhead.data.random_streams import split_generators
from drumhead.data.reference_dataset import DatasetSeed, ReferenceDataset, check_published_unchanged
from drumhead.data.split import SPLIT_NAMES, DatasetError, Split

PUBLISHED_SEED = 50
PUBLISHED_MULTI_MNIST = ReferenceDataset(
    "the published Multi-MNIST set",
    {
        "train": SplitManifest(
            count=10_000,
            images_sha256="d3b7cf221f26e935cbc881efb3f8cf589532b3d618a0d46d57e7f2a7e8a59574",
            masks_sha256="c72b05e85dadb2798d98ee9723c0d00a983ba285c2a46ae0c7672c6d195c016a",
        ),
        "val": SplitManifest(
            count=1_000,
            images_sha256="4baace8bba70725c9518abfe4ab2420254879b86e3037248ce6b3aeb08224b93",
            masks_sha256="a02abbdadd1f0a154514927f5fa1ee2c2582d7a3bc1937475c613562bdd31237",
        ),
        "test": SplitManifest(
            count=1_000,
            images_sha256="bdaf9297e835c5f08c0257926ebadf94451f6ea65bb7bd29242290aff0cad920",
            masks_sha256="5184e8bfa5b6519a857dff08de7647912f195d397d03b4ab5d42614d81655009",
        ),
    },
)
INK_THRESHOLD = 50
"""A pixel of an enlarged digit, 0 to 255, is ink if it is above this value."""
MAX_TRIES = 200
"""Number of positions that are tried for a digit."""

DrawInteger = Callable[[int, int], int]
"""Draws a random integer between two bounds, both included."""


class MultiMNISTConfig(Config):
    """Canvases of handwritten digits: the published set, or a set with your own seed, sizes and number of digits."""

    name: Literal["multi_mnist"] = "multi_mnist"
    """Name of the dataset."""
    canvas: int = Field(default=128, ge=1)
    """Side of the square image, in pixels."""
    digit_size: int = Field(default=42, ge=1)
    """Side of the square that each digit is enlarged to, in pixels."""
    min_digits: int = Field(default=1, ge=0)
    """Smallest number of digits drawn for a canvas; digits without a free position are omitted."""
    max_digits: int = Field(default=4, ge=1)
    """Largest number of digits on a canvas; all numbers from the smallest to the largest are equally likely."""
    digits: Literal["shared", "disjoint"] = "shared"
    """Source of the digits. "shared", as published: all splits draw from all of MNIST's training digits.
    "disjoint": no digit is in two splits; training draws from the first five sixths of MNIST's training digits,
    validation from the rest, and test from MNIST's test digits."""
    train: int = Field(default=10_000, ge=1)
    """Number of training canvases."""
    val: int = Field(default=1_000, ge=1)
    """Number of validation canvases."""
    test: int = Field(default=1_000, ge=1)
    """Number of test canvases."""
    seed: DatasetSeed = "published"
    """Seed of your own set, or "published" for the paper's set, bit for bit."""

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        if self.digit_size > self.canvas:
            raise ValueError(f"digit_size must be at most canvas; got {self.digit_size} and {self.canvas}")
        if self.min_digits > self.max_digits:
            raise ValueError(f"min_digits must be at most max_digits; got {self.min_digits} and {self.max_digits}")
        return self

    @model_validator(mode="after")
    def _check_published_unchanged(self) -> Self:
        check_published_unchanged(self)
        return self


def make_multi_mnist(
    config: MultiMNISTConfig,
    *,
    mnist_root: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Split]:
    """Make the train, val and test splits that a configuration describes.

    With a seed, each split has its own random stream, so the size of one does not affect another.

    Args:
        config: the configuration of the dataset.
        mnist_root: a folder with MNIST's four files; see :func:`find_mnist`.
        progress: called with the number done and the total: of bytes while MNIST is downloaded, then of canvases.

    Raises:
        DatasetError: MNIST is not available, is damaged, or has too few digits.
    """
    mnist = read_mnist(mnist_root, original=config.seed == "published", progress=progress)
    pools = digit_pools(mnist, config.digits)
    sizes = {"train": config.train, "val": config.val, "test": config.test}
    streams = split_integer_streams(config.seed)
    update_progress = progress_counter(progress, total=sum(sizes.values()))
    return {
        split: draw_canvases(
            streams[split],
            pools[split],
            size,
            canvas=config.canvas,
            digit_size=config.digit_size,
            min_digits=config.min_digits,
            max_digits=config.max_digits,
            update_progress=update_progress,
        )
        for split, size in sizes.items()
    }


def split_integer_streams(seed: int | Literal["published"]) -> dict[str, DrawInteger]:
    """Return the source of random integers of each split; the published splits share one stream, in their order.

    >>> stream = split_integer_streams(0)["train"]
    >>> {stream(1, 3) for _ in range(30)}
    {1, 2, 3}
    """
    if seed == "published":
        return dict.fromkeys(SPLIT_NAMES, random.Random(PUBLISHED_SEED).randint)
    return {split: partial(_uniform_integer, generator) for split, generator in split_generators(seed).items()}


def digit_pools(mnist: MNIST, digits: Literal["shared", "disjoint"]) -> dict[str, Digits]:
    """Return the digits that each split draws from; see :class:`MultiMNISTConfig`.

    Raises:
        DatasetError: a pool is empty.
    """
    if digits == "shared":
        pools = dict.fromkeys(SPLIT_NAMES, mnist.train)
    else:
        boundary = len(mnist.train) * 5 // 6
        pools = {"train": mnist.train[:boundary], "val": mnist.train[boundary:], "test": mnist.test}
    if not all(map(len, pools.values())):
        raise DatasetError(
            f"each split needs digits to draw from; got {len(mnist.train)} training and {len(mnist.test)} test digits"
        )
    return pools


def draw_canvases(
    draw_integer: DrawInteger,
    pool: Digits,
    num_canvases: int,
    *,
    canvas: int,
    digit_size: int,
    min_digits: int,
    max_digits: int,
    update_progress: Callable[[int], None],
) -> Split:
    """Draw canvases of digits; the order and kind of each draw is part of the published recipe.

    Args:
        draw_integer: the source of random integers.
        pool: the digits to draw from.
        num_canvases: number of canvases.
        canvas: side of a canvas, in pixels.
        digit_size: side of the square that each digit is enlarged to, in pixels.
        min_digits: smallest number of digits.
        max_digits: largest number of digits.
        update_progress: called with 1 after each canvas.

    Returns:
        Images (num_canvases, canvas, canvas, 1), 0 or 255, and masks (num_canvases, canvas, canvas).
    """
    images = np.zeros((num_canvases, canvas, canvas), np.uint8)
    masks = np.zeros((num_canvases, canvas, canvas), np.uint8)
    max_offset = canvas - digit_size
    for image, mask in zip(images, masks, strict=True):
        for _ in range(draw_integer(min_digits, max_digits)):
            index = draw_integer(0, len(pool) - 1)
            ink = enlarged_ink_mask(pool.images[index], digit_size)
            for _ in range(MAX_TRIES):
                x, y = draw_integer(0, max_offset), draw_integer(0, max_offset)
                box = np.s_[y : y + digit_size, x : x + digit_size]
                if not mask[box][ink].any():
                    image[box][ink] = 255
                    mask[box][ink] = pool.labels[index] + 1
                    break
        update_progress(1)
    return Split(images[..., np.newaxis], masks)


def enlarged_ink_mask(digit: npt.NDArray[np.uint8], size: int) -> npt.NDArray[np.bool_]:
    """Enlarge a digit (28, 28) and return which of its pixels are ink: (size, size)."""
    enlarged = Image.fromarray(digit).resize((size, size), Image.Resampling.BILINEAR)
    return np.asarray(enlarged) > INK_THRESHOLD


def _uniform_integer(generator: np.random.Generator, low: int, high: int) -> int:
    return int(generator.integers(low, high, endpoint=True))
