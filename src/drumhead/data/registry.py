"""The datasets that Drumhead makes: one list, from which all else follows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from drumhead.config import Config
from drumhead.data.dataset import Dataset
from drumhead.data.dataset_folder import check_new_folder, write_dataset
from drumhead.data.digits import DIGIT_CLASSES
from drumhead.data.mnist import PUBLISHED_MNIST, MNISTConfig, make_mnist
from drumhead.data.multi_mnist import PUBLISHED_MULTI_MNIST, MultiMNISTConfig, make_multi_mnist
from drumhead.data.polygons import POLYGON_CLASSES, REFERENCE_POLYGONS, PolygonConfig, make_polygons
from drumhead.data.reference_dataset import ReferenceDataset
from drumhead.data.split import Split
from drumhead.data.tetrominoes import PUBLISHED_TETROMINOES, TETROMINO_CLASSES, TetrominoConfig, make_tetrominoes

DatasetConfig = TetrominoConfig | MNISTConfig | MultiMNISTConfig | PolygonConfig
"""The configuration of any dataset; its ``name`` tells which, to pydantic as a discriminator too."""


class DatasetSpec(NamedTuple):
    """One kind of dataset: its configuration, what makes its splits, its classes, its channels, its known default."""

    config: type[Config]
    """Has a field ``name``, whose default is the name of the dataset."""
    make: Callable[..., dict[str, Split]]
    """Takes the configuration and the keyword ``progress``, and ``mnist_root`` if it needs MNIST; returns train, val
    and test."""
    class_names: tuple[str, ...]
    """Name of each class; the first is the background."""
    channels: int
    """Channels of its images."""
    reference: ReferenceDataset
    """What the default configuration makes."""
    needs_mnist: bool = False
    """Whether it is made of MNIST's digits."""


_KINDS = [
    DatasetSpec(TetrominoConfig, make_tetrominoes, TETROMINO_CLASSES, 3, PUBLISHED_TETROMINOES),
    DatasetSpec(MNISTConfig, make_mnist, DIGIT_CLASSES, 1, PUBLISHED_MNIST, needs_mnist=True),
    DatasetSpec(MultiMNISTConfig, make_multi_mnist, DIGIT_CLASSES, 1, PUBLISHED_MULTI_MNIST, needs_mnist=True),
    DatasetSpec(PolygonConfig, make_polygons, POLYGON_CLASSES, 1, REFERENCE_POLYGONS),
]

DATASETS: dict[str, DatasetSpec] = {kind.config.model_fields["name"].default: kind for kind in _KINDS}


def find_reference_dataset(dataset: Dataset) -> ReferenceDataset | None:
    """Which of the known sets a dataset is, bit for bit, by the fingerprints in its manifest.

    The manifest of a folder is only as good as the arrays beside it: :func:`drumhead.data.check_dataset`
    makes sure of both.
    """
    return next(
        (kind.reference for kind in DATASETS.values() if kind.reference.splits == dataset.manifest.splits), None
    )


def make_dataset(
    config: Config,
    folder: Path,
    *,
    mnist_root: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Make the dataset that a configuration describes, in a new folder.

    Args:
        config: of one of the kinds in ``DATASETS``.
        folder: a folder that does not exist yet, or is empty.
        mnist_root: a folder with MNIST's four files, for a set made of them; see :func:`find_mnist`.
        progress: called with the number done and the total: of bytes, if MNIST is downloaded, then of samples.

    Raises:
        FileExistsError: the folder has something in it.
        TypeError: no dataset is made from this configuration.
        ValueError: the dataset cannot be made so; a DatasetError if MNIST is needed and cannot be had.
    """
    check_new_folder(folder)
    name = next((name for name, kind in DATASETS.items() if isinstance(config, kind.config)), None)
    if name is None:
        raise TypeError(f"config must be of one of the datasets {', '.join(DATASETS)}; got {type(config).__name__}")
    kind = DATASETS[name]
    source = {"mnist_root": mnist_root} if kind.needs_mnist else {}
    splits = kind.make(config, progress=progress, **source)
    recipe: dict[str, Any] = config.model_dump(mode="json")
    return write_dataset(folder, splits, name=name, class_names=kind.class_names, recipe=recipe)
