"""Every public function of drumhead.data that takes a path accepts a str as well as a Path."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import drumhead
from drumhead import data
from drumhead.data import MNISTConfig, MultiMNISTConfig, TetrominoConfig

SMALL = TetrominoConfig(canvas=12, cell=2, max_pieces=2, train=4, val=2, test=2, seed=0)
MNIST = MNISTConfig(seed=0, train=3, val=1, test=1)
MULTI_MNIST = MultiMNISTConfig(seed=0, train=3, val=1, test=1)

CALLS: dict[str, Callable[[str, str], object]] = {
    "check_dataset": lambda root, mnist: data.check_dataset(f"{root}/dataset"),
    "check_new_folder": lambda root, mnist: data.check_new_folder(f"{root}/new"),
    "default_folder": lambda root, mnist: data.default_folder(SMALL, root),
    "find_image_files": lambda root, mnist: data.find_image_files([f"{root}/image.npy"]),
    "find_local_mnist": lambda root, mnist: data.find_local_mnist(mnist),
    "find_mnist": lambda root, mnist: data.find_mnist(mnist),
    "import_dataset": lambda root, mnist: data.import_dataset(f"{root}/dataset", f"{root}/new"),
    "make_dataset": lambda root, mnist: data.make_dataset(MNIST, f"{root}/new", mnist_root=mnist),
    "make_mnist": lambda root, mnist: data.make_mnist(MNIST, mnist_root=mnist),
    "make_multi_mnist": lambda root, mnist: data.make_multi_mnist(MULTI_MNIST, mnist_root=mnist),
    "open_dataset": lambda root, mnist: data.open_dataset(f"{root}/dataset"),
    "prepare_dataset": lambda root, mnist: data.prepare_dataset(MNIST, f"{root}/prepared", mnist_root=mnist),
    "read_image": lambda root, mnist: data.read_image(f"{root}/image.npy", channels=1),
    "write_dataset": lambda root, mnist: data.write_dataset(
        f"{root}/new", data.make_tetrominoes(SMALL), name="toy", class_names=data.TETROMINO_CLASSES
    ),
}
"""A call of each function with a str for every path: the folder ``root`` and the folder with MNIST's files."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a dataset and an image."""
    data.make_dataset(SMALL, tmp_path / "dataset")
    np.save(tmp_path / "image.npy", np.zeros((4, 4), np.uint8))
    return tmp_path


def test_every_public_function_that_takes_a_path_is_listed() -> None:
    functions = {name: value for name in data.__all__ if inspect.isfunction(value := getattr(data, name))}
    parameters = {name: inspect.signature(function).parameters.values() for name, function in functions.items()}
    path_functions = {
        name for name, values in parameters.items() if any("Path" in str(value.annotation) for value in values)
    }
    assert path_functions == set(CALLS)


@pytest.mark.parametrize("name", CALLS)
def test_a_str_is_a_path(name: str, root: Path, toy_mnist: Path) -> None:
    CALLS[name](str(root), str(toy_mnist))


def test_a_relative_str_is_a_path(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    assert drumhead.open_dataset("dataset").folder == root.resolve() / "dataset"
    made = drumhead.prepare_dataset(SMALL, "prepared")
    assert made.folder == root.resolve() / "prepared" / data.default_folder(SMALL).name


@pytest.mark.parametrize("path_type", [str, Path])
def test_both_types_give_the_same_paths(path_type: Callable[[Any], Any], root: Path, toy_mnist: Path) -> None:
    assert data.default_folder(SMALL, path_type(root)) == root / data.default_folder(SMALL).name
    assert data.find_local_mnist(path_type(toy_mnist)) == toy_mnist
    assert data.find_image_files([path_type(root / "image.npy")]) == [root / "image.npy"]
    assert os.fspath(data.open_dataset(path_type(root / "dataset")).folder) == str(root.resolve() / "dataset")
