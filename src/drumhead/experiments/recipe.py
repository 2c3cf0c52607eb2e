"""How a model is trained: optimiser, schedule, batches, which weights are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt

from drumhead.config import Config

Precision = Literal["float32", "bf16", "auto"]
Share = Annotated[float, Field(ge=0, le=1)]


class Recipe(Config):
    """How a model is trained; the defaults are the paper's."""

    optimizer: Literal["adam", "adamw"] = "adam"
    """Adam, or Adam with decoupled weight decay."""
    learning_rate: PositiveFloat = 1e-3
    """Learning rate, at its peak."""
    weight_decay: NonNegativeFloat = 0.0
    """Weight decay."""
    schedule: Literal["constant", "cosine"] = "constant"
    """What the learning rate does after the warm-up: stay, or fall to 0 along a cosine."""
    warmup: Share = 0.0
    """Share of the training over which the learning rate rises from 0."""
    clip: PositiveFloat | None = None
    """Largest norm of the gradient; longer ones are shortened to it."""
    batch_size: PositiveInt = 64
    """Images per step; a last incomplete batch is dropped."""
    epochs: PositiveInt = 300
    """Passes through the training images, each followed by a validation."""
    steps_per_epoch: PositiveInt | None = None
    """End an epoch after this many steps, though images are left; each epoch draws anew from all of them."""
    seconds: PositiveFloat | None = None
    """End the training after this many seconds of training steps, though epochs are left."""
    precision: Precision = "float32"
    """Type of the matrix products in training: ``bf16`` keeps weights, states and sums in float32; ``auto`` takes it
    where the processor has instructions for it. Validation and test are in float32."""
    pixels: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Share of the pixels the loss looks at in each step, half of them foreground, without bias; 1 for all."""
    min_delta: NonNegativeFloat = 0.001
    """Weights are kept if their validation loss beats the best by more than this; 0 keeps the plain minimum."""
    validation_images: PositiveInt | None = None
    """Validate on the first so many images only; all by default."""
