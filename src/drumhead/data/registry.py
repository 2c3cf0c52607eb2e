"""The datasets that Drumhead makes: one list, from which all else follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from drumhead.config import Config
from drumhead.data.dataset import Dataset
from drumhead.data.split import Split
from drumhead.data.store import check_new_folder, write_dataset
from drumhead.data.tetrominoes import TETROMINO_CLASSES, TetrominoConfig, make_tetrominoes


class DatasetKind(NamedTuple):
    """One kind of dataset: its configuration, what makes its splits, and its classes."""

    config: type[Config]
    """Has a field ``name``, whose default is the name of the dataset."""
    make: Callable[..., dict[str, Split]]
    """Takes the configuration and the keyword ``progress``; returns train, val and test."""
    class_names: tuple[str, ...]
    """Name of each class; the first is the background."""


_KINDS = [
    DatasetKind(TetrominoConfig, make_tetrominoes, TETROMINO_CLASSES),
]

DATASETS: dict[str, DatasetKind] = {kind.config.model_fields["name"].default: kind for kind in _KINDS}


def make_dataset(config: Config, folder: Path, *, progress: Callable[[int, int], None] | None = None) -> Dataset:
    """Make the dataset that a configuration describes, in a new folder.

    Args:
        config: of one of the kinds in ``DATASETS``.
        folder: a folder that does not exist yet, or is empty.
        progress: called with the number of samples made and the total.

    Raises:
        FileExistsError: the folder has something in it.
        TypeError: no dataset is made from this configuration.
    """
    check_new_folder(folder)
    name = next((name for name, kind in DATASETS.items() if isinstance(config, kind.config)), None)
    if name is None:
        raise TypeError(f"config must be of one of the datasets {', '.join(DATASETS)}; got {type(config).__name__}")
    kind = DATASETS[name]
    splits = kind.make(config, progress=progress)
    recipe: dict[str, Any] = config.model_dump(mode="json")
    return write_dataset(folder, splits, name=name, class_names=kind.class_names, recipe=recipe)
