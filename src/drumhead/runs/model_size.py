"""Limits on the size of models: a few numbers in a configuration file can define more weights than fit in memory."""

from __future__ import annotations

from functools import cache

from drumhead.models import ModelConfig
from drumhead.runs.errors import RunError

MAX_SIZE = 4096
"""Maximum number of channels, features or layers."""
MAX_STEPS = 100_000
"""Maximum number of time steps."""
MAX_WEIGHTS = 250_000_000
"""Maximum number of weights of a model; they take 1 GB."""


@cache
def check_model_size(model: ModelConfig, *, in_channels: int, classes: int) -> None:
    """Raise ``RunError`` if a model exceeds the limits; no memory is allocated for its weights."""
    import torch  # only here, because the import takes seconds

    from drumhead.models import build

    for name, value in (*model, ("channels of the images", in_channels)):
        sizes = (len(value), *value) if isinstance(value, tuple) else (value,)
        largest = max((size for size in sizes if isinstance(size, int)), default=0)
        limit = MAX_STEPS if name in ("steps", "chunk_steps") else MAX_SIZE
        if largest > limit:
            raise RunError(f"{name.replace('_', ' ')} of a model must be at most {limit}; got {largest}")
    with torch.device("meta"):  # shapes without values
        weights = build(model, in_channels=in_channels, classes=classes).parameter_count
    if weights > MAX_WEIGHTS:
        raise RunError(f"a model must have at most {MAX_WEIGHTS:,} weights; this one has {weights:,}")
