"""Where a dataset that Drumhead makes is kept, and making it when it is not there yet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from drumhead.config import Config
from drumhead.data.dataset import Dataset
from drumhead.data.dataset_folder import open_dataset
from drumhead.data.registry import make_dataset
from drumhead.data.split import DatasetError


def default_folder(config: Config, root: Path = Path("data")) -> Path:
    """The folder of a dataset with this configuration: its name, and a digest of what differs from the default.

    >>> from drumhead.data import TetrominoConfig
    >>> default_folder(TetrominoConfig()).as_posix()
    'data/tetrominoes'
    >>> default_folder(TetrominoConfig(seed=1)).as_posix()
    'data/tetrominoes-fbe47f6d'
    """
    name: str = type(config).model_fields["name"].default
    changes = config.model_dump_json(exclude_defaults=True)
    if changes == "{}":
        return root / name
    return root / f"{name}-{hashlib.sha256(changes.encode()).hexdigest()[:8]}"


def prepare_dataset(
    config: Config,
    root: Path = Path("data"),
    *,
    mnist_root: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Open the dataset of this configuration, or make it, as :func:`make_dataset` does, if its folder is not there.

    Of several processes that ask at once, one makes it and the others wait.

    Raises:
        DatasetError: if the folder holds something else or is damaged.
    """
    folder = default_folder(config, root)
    if not folder.exists():
        root.mkdir(parents=True, exist_ok=True)
        with FileLock(root / f".{folder.name}.lock"):
            if not folder.exists():
                return make_dataset(config, folder, mnist_root=mnist_root, progress=progress)
    dataset = open_dataset(folder)
    if dataset.manifest.recipe != config.model_dump(mode="json"):
        raise DatasetError(f"{folder}: was not made by this version's recipe. Remove the folder to have it made again")
    return dataset
