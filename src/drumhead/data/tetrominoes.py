"""The tetromino dataset: one to five pieces on a board; the class of a pixel is the shape of its piece."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from pydantic import Field, model_validator
from typing_extensions import Self

from drumhead.config import Config
from drumhead.data.manifest import SplitManifest
from drumhead.data.progress import progress_counter
from drumhead.data.random_streams import split_generators
from drumhead.data.reference_dataset import DatasetSeed, ReferenceDataset, check_published_unchanged
from drumhead.data.split import Split
from drumhead.data.tetromino_boards import draw_boards, draw_published_boards

TETROMINO_CLASSES = ("background", "I", "O", "T", "S/Z", "J/L")
PUBLISHED_SEED = 42
PUBLISHED_TETROMINOES = ReferenceDataset(
    "the published tetromino set",
    {
        "train": SplitManifest(
            count=10_000,
            images_sha256="540a65896f6a4a28bd1e89f350645ba9d21e1d673907174c4b5aa464b2851d9b",
            masks_sha256="239fd1a5219ecadb557688a90aa5c8e4578a4557b190956c8ed3a033b4c59886",
        ),
        "val": SplitManifest(
            count=1_000,
            images_sha256="d1ce4acf5ecdbafcdad5b54f1fc89b111553224d67fe17977d272cf90e41d654",
            masks_sha256="122580571f7c5e0cfb27b4ff6c8dc727ca42b0089dd07d92f8a7bd9e6bf68700",
        ),
        "test": SplitManifest(
            count=1_000,
            images_sha256="3d548459ed6b74a92cfd5b801e6d547220f2d86b1c002c7b0894fc872790ebea",
            masks_sha256="2719826ca161d157b50523718f993c257938312cc788dc4fdae1f83250fb0044",
        ),
    },
)


class TetrominoConfig(Config):
    """Tetromino boards: the published set, or a set with your own seed, sizes and number of pieces."""

    name: Literal["tetrominoes"] = "tetrominoes"
    """Name of the dataset."""
    canvas: int = Field(default=64, ge=5)
    """Side of the square image, in pixels; must be larger than four cells."""
    cell: int = Field(default=7, ge=1)
    """Side of one cell of a piece, in pixels."""
    min_pieces: int = Field(default=1, ge=0)
    """Smallest number of pieces on a board."""
    max_pieces: int = Field(default=5, ge=1)
    """Largest number of pieces on a board; all numbers from the smallest to the largest are equally likely."""
    train: int = Field(default=10_000, ge=1)
    """Number of training boards."""
    val: int = Field(default=1_000, ge=1)
    """Number of validation boards."""
    test: int = Field(default=1_000, ge=1)
    """Number of test boards."""
    seed: DatasetSeed = "published"
    """Seed of your own set, or "published" for the paper's set, bit for bit."""

    @model_validator(mode="after")
    def _check_sizes(self) -> Self:
        if self.canvas <= 4 * self.cell:
            raise ValueError(
                f"canvas must be larger than 4 cells of {self.cell} pixels, i.e. at least {4 * self.cell + 1}, "
                f"for the longest piece to fit; got {self.canvas}"
            )
        if self.min_pieces > self.max_pieces:
            raise ValueError(f"min_pieces must be at most max_pieces; got {self.min_pieces} and {self.max_pieces}")
        return self

    @model_validator(mode="after")
    def _check_published_unchanged(self) -> Self:
        check_published_unchanged(self)
        return self


def make_tetrominoes(
    config: TetrominoConfig, *, progress: Callable[[int, int], None] | None = None
) -> dict[str, Split]:
    """Make the train, val and test splits that a configuration describes.

    With a seed, each split has its own random stream, so the size of one does not affect another, and a smaller split
    is the beginning of a larger one.

    Args:
        config: the configuration of the dataset.
        progress: called after each board with the number done and the total.

    Raises:
        ValueError: no board with the number of pieces drawn was found; see :func:`draw_boards`.

    Example:
        >>> splits = make_tetrominoes(TetrominoConfig(seed=0, train=4, val=2, test=2))
        >>> splits["train"].images.shape, splits["train"].masks.shape
        ((4, 64, 64, 3), (4, 64, 64))
    """
    sizes = {"train": config.train, "val": config.val, "test": config.test}
    update_progress = progress_counter(progress, total=sum(sizes.values()))

    def on_board() -> None:
        update_progress(1)

    if config.seed == "published":
        stream = np.random.RandomState(PUBLISHED_SEED)
        return {split: Split(*draw_published_boards(stream, size, on_board)) for split, size in sizes.items()}
    generators = split_generators(config.seed)
    return {
        split: Split(
            *draw_boards(
                generators[split],
                size,
                canvas=config.canvas,
                cell=config.cell,
                min_pieces=config.min_pieces,
                max_pieces=config.max_pieces,
                on_board=on_board,
            )
        )
        for split, size in sizes.items()
    }
