"""Images and masks: datasets that Drumhead makes, dataset folders on disk, and batches of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drumhead.data.brightness import dark_images_warning, pixel_range
from drumhead.data.dataset import Dataset
from drumhead.data.dataset_folder import (
    check_dataset,
    check_hashes,
    check_new_folder,
    import_dataset,
    open_dataset,
    write_dataset,
)
from drumhead.data.digits import DIGIT_CLASSES
from drumhead.data.image_files import find_image_files, read_image
from drumhead.data.import_options import ImportOptions
from drumhead.data.labels import IGNORED_LABEL
from drumhead.data.manifest import Manifest, SplitManifest
from drumhead.data.mnist import MNISTConfig, make_mnist
from drumhead.data.mnist_files import MNIST_ROOT_VARIABLE, find_local_mnist, find_mnist
from drumhead.data.multi_mnist import MultiMNISTConfig, make_multi_mnist
from drumhead.data.polygon_images import Polygon
from drumhead.data.polygons import POLYGON_345_CLASSES, POLYGON_CLASSES, Polygon345Config, PolygonConfig, make_polygons
from drumhead.data.prepare import default_folder, prepare_dataset
from drumhead.data.reference_dataset import ReferenceDataset
from drumhead.data.registry import DATASETS, DatasetConfig, DatasetSpec, find_reference_dataset, make_dataset
from drumhead.data.split import MAX_CLASSES, SPLIT_NAMES, DatasetError, Split
from drumhead.data.tetromino_boards import draw_boards
from drumhead.data.tetrominoes import TETROMINO_CLASSES, TetrominoConfig, make_tetrominoes
from drumhead.lazy_imports import lazy_imports

if TYPE_CHECKING:
    from drumhead.data.loader import ShuffleSampler, image_loader, to_tensors, unpadded_loader
    from drumhead.data.torch_split import TorchSplit
else:
    __getattr__, __dir__ = lazy_imports(
        __name__,
        {
            "loader": ["ShuffleSampler", "image_loader", "to_tensors", "unpadded_loader"],
            "torch_split": ["TorchSplit"],
        },
    )

__all__ = [
    "DATASETS",
    "DIGIT_CLASSES",
    "IGNORED_LABEL",
    "MAX_CLASSES",
    "MNIST_ROOT_VARIABLE",
    "POLYGON_345_CLASSES",
    "POLYGON_CLASSES",
    "SPLIT_NAMES",
    "TETROMINO_CLASSES",
    "Dataset",
    "DatasetConfig",
    "DatasetError",
    "DatasetSpec",
    "ImportOptions",
    "MNISTConfig",
    "Manifest",
    "MultiMNISTConfig",
    "Polygon",
    "Polygon345Config",
    "PolygonConfig",
    "ReferenceDataset",
    "ShuffleSampler",
    "Split",
    "SplitManifest",
    "TetrominoConfig",
    "TorchSplit",
    "check_dataset",
    "check_hashes",
    "check_new_folder",
    "dark_images_warning",
    "default_folder",
    "draw_boards",
    "find_image_files",
    "find_local_mnist",
    "find_mnist",
    "find_reference_dataset",
    "image_loader",
    "import_dataset",
    "make_dataset",
    "make_mnist",
    "make_multi_mnist",
    "make_polygons",
    "make_tetrominoes",
    "open_dataset",
    "pixel_range",
    "prepare_dataset",
    "read_image",
    "to_tensors",
    "unpadded_loader",
    "write_dataset",
]
