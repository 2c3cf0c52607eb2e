"""A split of a dataset: images and masks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from drumhead.dataset_error import DatasetError as DatasetError
from drumhead.short_repr import short_repr

SPLIT_NAMES = ("train", "val", "test")
MAX_CLASSES = 256


@short_repr
class Split(NamedTuple):
    """The images of one split and the class of each of their pixels; arrays in memory or mapped from disk."""

    images: npt.NDArray[Any]
    """(sample, height, width, channel), uint8 in 0 .. 255 or float32 in [0, 1]."""
    masks: npt.NDArray[np.uint8]
    """(sample, height, width), uint8 class numbers; 0 is background."""
    sizes: npt.NDArray[np.int32] | None = None
    """(sample, 2), the height and width of each image before images of different sizes were padded at the right and
    lower edges, with 0 and the ignored label; None: no image is padded."""

    @property
    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """The arrays that there are, by name."""
        return {name: array for name, array in self._asdict().items() if array is not None}
