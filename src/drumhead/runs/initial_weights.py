"""The record of the weights that a training started from, in place of random ones (fine-tuning)."""

from __future__ import annotations

from drumhead.config import Config
from drumhead.string_types import SingleLine


class InitialWeights(Config):
    """The weights that a training started from, in ``config.json``."""

    source: SingleLine
    """The name of a trained network of the package, or the absolute path of a run folder."""
    sha256: SingleLine
    """The digest of those weights, see :func:`drumhead.checksums.tensor_digest`."""
    new_layers: tuple[SingleLine, ...] = ()
    """The layers of the model that started with random weights, because theirs have another shape in the source."""
