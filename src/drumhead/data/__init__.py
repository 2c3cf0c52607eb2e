"""Images and masks: datasets that Drumhead makes, dataset folders on disk, and batches of tensors."""

from __future__ import annotations

from drumhead.data.dataset import Dataset
from drumhead.data.images import image_files, read_image
from drumhead.data.loader import Shuffle, image_loader, to_tensors
from drumhead.data.manifest import Manifest, SplitManifest
from drumhead.data.registry import DATASETS, DatasetKind, make_dataset
from drumhead.data.split import SPLIT_NAMES, DatasetError, Split
from drumhead.data.standard import prepare_dataset, standard_folder
from drumhead.data.store import check_dataset, check_new_folder, import_dataset, open_dataset, write_dataset
from drumhead.data.tetromino_boards import draw_boards
from drumhead.data.tetrominoes import (
    PUBLISHED_FINGERPRINTS,
    TETROMINO_CLASSES,
    TetrominoConfig,
    is_published_tetrominoes,
    make_tetrominoes,
)

__all__ = [
    "DATASETS",
    "PUBLISHED_FINGERPRINTS",
    "SPLIT_NAMES",
    "TETROMINO_CLASSES",
    "Dataset",
    "DatasetError",
    "DatasetKind",
    "Manifest",
    "Shuffle",
    "Split",
    "SplitManifest",
    "TetrominoConfig",
    "check_dataset",
    "check_new_folder",
    "draw_boards",
    "image_files",
    "image_loader",
    "import_dataset",
    "is_published_tetrominoes",
    "make_dataset",
    "make_tetrominoes",
    "open_dataset",
    "prepare_dataset",
    "read_image",
    "standard_folder",
    "to_tensors",
    "write_dataset",
]
