"""How a user's folder is read, where that differs from the defaults."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from drumhead.config import Config


class ImportOptions(Config):
    """How the files of a user's folder are read; the same for ``drumhead data check`` and ``drumhead data import``."""

    ignore_labels: tuple[int, ...] = ()
    """Labels of pixels that do not count, such as 255; their pixels are stored as 255."""
    relabel: bool = False
    """Whether to number the labels that occur 0, 1, 2, ... in their order; 0 stays 0."""
    scale: float | None = Field(default=None, gt=0)
    """The number in the images that becomes 1.0, such as 4095; None: the largest of 8 or 16 bits, 1 for float."""
    image_folder: str = "images"
    """Name of the folders with images."""
    mask_folder: str = "masks"
    """Name of the folders with masks."""
    image_suffix: str = ""
    """The end of the names of images before the dot; other files are left out."""
    mask_suffix: str = ""
    """The end of the names of masks before the dot; other files are left out."""
    skip_unlabelled: bool = False
    """Whether to leave out images without a mask."""
    split: tuple[float, float, float] | None = None
    """The sizes of train, val and test, in any unit, to split one set at random; None: the folder has these splits."""
    seed: int = Field(default=0, ge=0)
    """The seed of the random split."""
    groups: Path | None = None
    """A CSV file with lines NAME,GROUP; images of one group go to the same split."""
    pad: bool = True
    """Whether images may have different sizes; the smaller ones are padded, and the added pixels do not count."""

    @field_validator("split")
    @classmethod
    def _check_split(cls, split: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
        if split is not None and min(split) <= 0:
            raise ValueError("must be three numbers above 0")
        return split

    @model_validator(mode="after")
    def _check_groups(self) -> Self:
        if self.groups is not None and self.split is None:
            raise ValueError("groups need a split: give both --split 80,10,10 and --groups FILE")
        return self
