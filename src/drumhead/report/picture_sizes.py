"""Pictures of different sizes side by side: white is added at the right and lower edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drumhead.report.colours import Pixels

WHITE = 255


def same_size(pictures: Sequence[Pixels]) -> list[Pixels]:
    """Return pictures ``(height, width, channel)`` with the largest height and width of them.

    >>> [picture.shape for picture in same_size([np.zeros((2, 5, 3), np.uint8), np.zeros((4, 1, 3), np.uint8)])]
    [(4, 5, 3), (4, 5, 3)]
    """
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    return [
        np.pad(
            picture,
            ((0, height - picture.shape[0]), (0, width - picture.shape[1]), (0, 0)),
            constant_values=WHITE,
        )
        for picture in pictures
    ]
