"""Images and masks: datasets that Drumhead makes, dataset folders on disk, and batches of tensors."""

from __future__ import annotations

from drumhead.data.dataset import Dataset
from drumhead.data.digits import DIGIT_CLASSES
from drumhead.data.images import image_files, read_image
from drumhead.data.known_set import KnownSet
from drumhead.data.loader import Shuffle, image_loader, to_tensors
from drumhead.data.manifest import Manifest, SplitManifest
from drumhead.data.mnist import MNISTConfig, make_mnist
from drumhead.data.mnist_files import MNIST_ROOT_VARIABLE, find_mnist, mnist_at_hand
from drumhead.data.multi_mnist import MultiMNISTConfig, make_multi_mnist
from drumhead.data.polygon_images import Polygon
from drumhead.data.polygons import POLYGON_CLASSES, PolygonConfig, make_polygons
from drumhead.data.registry import DATASETS, DatasetConfig, DatasetKind, known_set, make_dataset
from drumhead.data.split import MAX_CLASSES, SPLIT_NAMES, DatasetError, Split
from drumhead.data.standard import prepare_dataset, standard_folder
from drumhead.data.store import (
    check_dataset,
    check_hashes,
    check_new_folder,
    import_dataset,
    open_dataset,
    write_dataset,
)
from drumhead.data.tetromino_boards import draw_boards
from drumhead.data.tetrominoes import TETROMINO_CLASSES, TetrominoConfig, make_tetrominoes

__all__ = [
    "DATASETS",
    "DIGIT_CLASSES",
    "MAX_CLASSES",
    "MNIST_ROOT_VARIABLE",
    "POLYGON_CLASSES",
    "SPLIT_NAMES",
    "TETROMINO_CLASSES",
    "Dataset",
    "DatasetConfig",
    "DatasetError",
    "DatasetKind",
    "KnownSet",
    "MNISTConfig",
    "Manifest",
    "MultiMNISTConfig",
    "Polygon",
    "PolygonConfig",
    "Shuffle",
    "Split",
    "SplitManifest",
    "TetrominoConfig",
    "check_dataset",
    "check_hashes",
    "check_new_folder",
    "draw_boards",
    "find_mnist",
    "image_files",
    "image_loader",
    "import_dataset",
    "known_set",
    "make_dataset",
    "make_mnist",
    "make_multi_mnist",
    "make_polygons",
    "make_tetrominoes",
    "mnist_at_hand",
    "open_dataset",
    "prepare_dataset",
    "read_image",
    "standard_folder",
    "to_tensors",
    "write_dataset",
]
