"""The registry of the datasets that Drumhead makes."""

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
from drumhead.data.polygons import (
    POLYGON_345_CLASSES,
    POLYGON_CLASSES,
    REFERENCE_POLYGONS,
    REFERENCE_POLYGONS_345,
    Polygon345Config,
    PolygonConfig,
    make_polygons,
)
from drumhead.data.reference_dataset import ReferenceDataset
from drumhead.data.split import Split
from drumhead.data.tetrominoes import PUBLISHED_TETROMINOES, TETROMINO_CLASSES, TetrominoConfig, make_tetrominoes

DatasetConfig = TetrominoConfig | MNISTConfig | MultiMNISTConfig | PolygonConfig | Polygon345Config
"""The configuration of any dataset; the field ``name`` is the discriminator."""


class DatasetSpec(NamedTuple):
    """An entry of the registry: how to configure and make a dataset, and what it holds."""

    config: type[Config]
    """Its configuration class, with a field ``name`` whose default is the name of the dataset."""
    make: Callable[..., dict[str, Split]]
    """The function that makes its train, val and test splits. It takes the configuration and the keyword ``progress``,
    and ``mnist_root`` if it needs MNIST."""
    class_names: tuple[str, ...]
    """Name of each class; the first is the background."""
    channels: int
    """Number of channels of its images."""
    reference: ReferenceDataset
    """The dataset that the default configuration makes."""
    needs_mnist: bool = False
    """Whether it is made of MNIST's digits."""


_SPECS = [
    DatasetSpec(TetrominoConfig, make_tetrominoes, TETROMINO_CLASSES, 3, PUBLISHED_TETROMINOES),
    DatasetSpec(MNISTConfig, make_mnist, DIGIT_CLASSES, 1, PUBLISHED_MNIST, needs_mnist=True),
    DatasetSpec(MultiMNISTConfig, make_multi_mnist, DIGIT_CLASSES, 1, PUBLISHED_MULTI_MNIST, needs_mnist=True),
    DatasetSpec(PolygonConfig, make_polygons, POLYGON_CLASSES, 1, REFERENCE_POLYGONS),
    DatasetSpec(Polygon345Config, make_polygons, POLYGON_345_CLASSES, 1, REFERENCE_POLYGONS_345),
]

DATASETS: dict[str, DatasetSpec] = {spec.config.model_fields["name"].default: spec for spec in _SPECS}


def find_reference_dataset(dataset: Dataset) -> ReferenceDataset | None:
    """Return the reference dataset that a dataset is identical to, by the fingerprints in its manifest, or None.

    This does not read the arrays: :func:`drumhead.data.check_dataset` verifies that they match the manifest.
    """
    return next(
        (spec.reference for spec in DATASETS.values() if spec.reference.splits == dataset.manifest.splits), None
    )


def make_dataset(
    config: Config,
    folder: str | Path,
    *,
    mnist_root: str | Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Make the dataset that a configuration describes, in a new folder.

    Args:
        config: the configuration of one of the datasets in ``DATASETS``.
        folder: a folder that does not exist yet, or is empty.
        mnist_root: a folder with MNIST's four files, for a dataset made of them; see :func:`find_mnist`.
        progress: called with the number done and the total: of bytes while MNIST is downloaded, then of samples.

    Raises:
        FileExistsError: the folder is not empty.
        TypeError: the configuration is of no dataset in ``DATASETS``.
        ValueError: the configuration cannot be satisfied; a DatasetError if MNIST is needed and not available.
    """
    check_new_folder(folder)
    name = next((name for name, spec in DATASETS.items() if isinstance(config, spec.config)), None)
    if name is None:
        raise TypeError(
            f"config must be that of one of the datasets {', '.join(DATASETS)}; got {type(config).__name__}"
        )
    spec = DATASETS[name]
    mnist_options = {"mnist_root": mnist_root} if spec.needs_mnist else {}
    splits = spec.make(config, progress=progress, **mnist_options)
    recipe: dict[str, Any] = config.model_dump(mode="json")
    return write_dataset(folder, splits, name=name, class_names=spec.class_names, recipe=recipe)
