"""Digits: matching pairs of files, and recognising MNIST's original digits."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from drumhead.data import DatasetError
from drumhead.data.digits import read_mnist


def rewrite(folder: Path, name: str, array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> None:
    """Replace one of the gzipped files with an uncompressed one."""
    (folder / f"{name}.gz").unlink()
    (folder / name).write_bytes(struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes())


@pytest.fixture
def mnist_copy(toy_mnist: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(toy_mnist, tmp_path / "copy"))


def test_images_and_labels_come_in_pairs(toy_mnist: Path) -> None:
    mnist = read_mnist(toy_mnist)
    assert (len(mnist.train), len(mnist.test)) == (60, 20)
    assert mnist.train.images.shape == (60, 28, 28)
    assert mnist.train[np.array([12, 3])].labels.tolist() == [2, 3]
    np.testing.assert_array_equal(mnist.test[5:7].images, mnist.test.images[5:7])


def test_uncompressed_files_are_read(mnist_copy: Path) -> None:
    before = read_mnist(mnist_copy)
    rewrite(mnist_copy, "t10k-images-idx3-ubyte", before.test.images)
    np.testing.assert_array_equal(read_mnist(mnist_copy).test.images, before.test.images)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("train-labels-idx1-ubyte", np.zeros(59, np.uint8), r"train-labels.* 60 images in .*train-images.* got 59"),
        ("t10k-labels-idx1-ubyte", np.full(20, 10, np.uint8), r"t10k-labels.* labels must be 0 to 9; got 10"),
        ("t10k-images-idx3-ubyte", np.zeros((20, 28, 20), np.uint8), r"t10k-images.* must be 28 x 28; got 28 x 20"),
    ],
    ids=["fewer labels", "a tenth digit", "small images"],
)
def test_files_that_do_not_match_are_named(
    name: str, array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], message: str, mnist_copy: Path
) -> None:
    rewrite(mnist_copy, name, array)
    with pytest.raises(DatasetError, match=message):
        read_mnist(mnist_copy)


def test_other_digits_are_not_the_original(toy_mnist: Path) -> None:
    assert not read_mnist(toy_mnist).is_original()
    with pytest.raises(DatasetError, match=r"MNIST's original digits; these are others\. Give a seed"):
        read_mnist(toy_mnist, original=True)


def test_the_original_is_recognised(real_mnist: Path) -> None:
    mnist = read_mnist(real_mnist, original=True)
    assert (len(mnist.train), len(mnist.test)) == (60_000, 10_000)
    assert mnist.train.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
