"""A sample, and what a recurrent model made of it: what movies and figures of waves show."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt


class Heard(NamedTuple):
    """One sample: what went in, what is true, what was said, and the waves between."""

    title: str
    """What it is called."""
    image: npt.NDArray[np.floating[Any]]
    """(channel, height, width) in [0, 1]."""
    mask: npt.NDArray[np.integer[Any]] | None
    """(height, width), the true classes; None if they are unknown."""
    prediction: npt.NDArray[np.integer[Any]]
    """(height, width), the predicted classes."""
    field: npt.NDArray[np.floating[Any]]
    """(time, channel, height, width), some or all channels of the field."""

    @property
    def masks(self) -> dict[str, npt.NDArray[np.integer[Any]]]:
        """Truth, if it is known, and prediction, by name."""
        return ({} if self.mask is None else {"truth": self.mask}) | {"prediction": self.prediction}
