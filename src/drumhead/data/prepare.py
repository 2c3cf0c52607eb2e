"""The default folder of each dataset that Drumhead makes, and making the dataset if the folder does not exist."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock
from pydantic import ValidationError

from drumhead.config import Config
from drumhead.data.dataset import Dataset
from drumhead.data.dataset_folder import open_dataset
from drumhead.data.registry import make_dataset
from drumhead.data.split import DatasetError


def default_folder(config: Config, root: str | Path = "data") -> Path:
    """Return the default folder of a dataset: its name, with a hash of the fields that differ from the defaults.

    >>> from drumhead.data import TetrominoConfig
    >>> default_folder(TetrominoConfig()).as_posix()
    'data/tetrominoes'
    >>> default_folder(TetrominoConfig(seed=1)).as_posix()
    'data/tetrominoes-fbe47f6d'
    """
    name: str = type(config).model_fields["name"].default
    changes = config.model_dump_json(exclude_defaults=True)
    if changes == "{}":
        return Path(root, name)
    return Path(root, f"{name}-{hashlib.sha256(changes.encode()).hexdigest()[:8]}")


def prepare_dataset(
    config: Config,
    root: str | Path = "data",
    *,
    mnist_root: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Open the dataset of this configuration; first make it with :func:`make_dataset` if its folder does not exist.

    If several processes call this at once, one makes the dataset and the others wait.

    Args:
        config: the configuration of the dataset.
        root: the parent of the dataset's folder, see :func:`default_folder`; created if missing.
        mnist_root: a folder with MNIST's four files, for a dataset made of them; see :func:`find_mnist`.
        progress: called with the number done and the total; see :func:`make_dataset`.

    Raises:
        DatasetError: the folder holds something else or is damaged, or MNIST is needed and not available.
    """
    root = Path(root)
    folder = default_folder(config, root)
    if not folder.exists():
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{folder.name}.lock"):
            if not folder.exists():
                return make_dataset(config, folder, mnist_root=mnist_root, progress=progress)
    dataset = open_dataset(folder)
    if not is_made_by(dataset.manifest.recipe, config):
        raise DatasetError(f"{folder}: was not made with this version's recipe. Remove the folder to make it again")
    return dataset


def is_made_by(recipe: Mapping[str, Any] | None, config: Config) -> bool:
    """Return whether a recipe in a manifest is this configuration; a field that the recipe lacks has its default.

    >>> from drumhead.data import PolygonConfig
    >>> is_made_by({"name": "polygons", "seed": 1}, PolygonConfig(seed=1)), is_made_by({"seed": 2}, PolygonConfig())
    (True, False)
    """
    try:
        return type(config).model_validate(recipe) == config
    except ValidationError:
        return False
