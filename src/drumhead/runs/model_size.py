"""How large a model a file may ask for: its configuration is a few numbers, its weights may be more than any memory."""

from __future__ import annotations

from functools import cache

import torch

from drumhead.models import ModelConfig, build
from drumhead.runs.errors import RunError

MAX_SIZE = 4096
"""Of a number of channels, features or layers."""
MAX_STEPS = 100_000
"""Of a number of steps in time."""
MAX_WEIGHTS = 250_000_000
"""Of all weights of a model, which then take a gigabyte."""


@cache
def check_model_size(model: ModelConfig, *, in_channels: int, classes: int) -> None:
    """Raise ``RunError`` if a model is larger than any that is trained here; no memory is taken to tell."""
    for name, value in (*model, ("channels of the images", in_channels)):
        sizes = (len(value), *value) if isinstance(value, tuple) else (value,)
        greatest = max((size for size in sizes if isinstance(size, int)), default=0)
        most = MAX_STEPS if name in ("steps", "chunk_steps") else MAX_SIZE
        if greatest > most:
            raise RunError(f"{name.replace('_', ' ')} of a model must be at most {most}; got {greatest}")
    with torch.device("meta"):  # shapes without numbers
        numbers = build(model, in_channels=in_channels, classes=classes).parameter_count
    if numbers > MAX_WEIGHTS:
        raise RunError(f"a model must have at most {MAX_WEIGHTS:,} weights; this one has {numbers:,}")
