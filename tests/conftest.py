"""Fixtures for the tests of every subpackage: digits (the real ones if they are available), and fast processes."""

from __future__ import annotations

import gzip
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drumhead.data import MNIST_ROOT_VARIABLE

from .fork_server import ForkServer


@pytest.fixture(scope="session")
def real_mnist() -> Path:
    """The folder of MNIST's original files."""
    root = os.environ.get(MNIST_ROOT_VARIABLE)
    if not root:
        pytest.skip(f"needs MNIST's original files: name their folder in {MNIST_ROOT_VARIABLE}")
    return Path(root)


@pytest.fixture(scope="session")
def toy_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of files like MNIST's, with 60 and 20 images of random rectangles; image n has the label n modulo 10."""
    folder = tmp_path_factory.mktemp("mnist")
    generator = np.random.default_rng(0)
    for prefix, count in (("train", 60), ("t10k", 20)):
        images = np.zeros((count, 28, 28), np.uint8)
        for image, (row, column) in zip(images, generator.integers(4, 16, (count, 2)), strict=True):
            image[row : row + 8, column : column + 5] = generator.integers(60, 256, (8, 5))
        labels = (np.arange(count) % 10).astype(np.uint8)
        for name, array in ((f"{prefix}-images-idx3-ubyte.gz", images), (f"{prefix}-labels-idx1-ubyte.gz", labels)):
            header = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape)
            (folder / name).write_bytes(gzip.compress(header + array.tobytes()))
    return folder


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """A server that starts processes quickly."""
    server = ForkServer()
    yield server
    server.close()
