"""The training recipe: optimiser, schedule, batches, and which weights are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, NonNegativeFloat, PositiveFloat, PositiveInt

from drumhead.config import Config
from drumhead.experiments.class_weights import ClassWeights, parse_class_weights

Precision = Literal["float32", "bf16", "auto"]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Recipe(Config):
    """A training recipe; the defaults are the paper's."""

    optimizer: Literal["adam", "adamw"] = "adam"
    """The optimiser: Adam, or AdamW, which decouples weight decay."""
    learning_rate: PositiveFloat = 1e-3
    """The peak learning rate."""
    weight_decay: NonNegativeFloat = 0.0
    """Weight decay, 0 or more."""
    schedule: Literal["constant", "cosine"] = "constant"
    """Learning rate after the warm-up: constant, or decaying to 0 along a cosine."""
    warmup: Fraction = 0.0
    """Fraction of the training, from 0 to 1, over which the learning rate rises linearly from 0."""
    clip: PositiveFloat | None = None
    """Maximum norm of the gradient (gradient clipping). None: no clipping."""
    batch_size: PositiveInt = 64
    """Images per step. The last batch of an epoch is dropped if it is incomplete."""
    epochs: PositiveInt = 300
    """Epochs, each followed by a validation."""
    steps_per_epoch: PositiveInt | None = None
    """Maximum steps per epoch; each epoch then uses a new random subset of the images. None: all images."""
    seconds: PositiveFloat | None = None
    """Time limit in seconds, counting only training steps. None: no limit."""
    precision: Precision = "float32"
    """Precision of matrix products in training. With bf16, weights, states and sums stay in float32. auto: bf16 where
    the processor has instructions for it, else float32. Validation and test always use float32."""
    cuda_graph: bool = True
    """On a GPU, record a training step and replay it (CUDA graph). The numbers are the same. Training on several
    devices, with class weights or ignored pixels, and of U-Nets does without."""
    pixels: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Fraction of the pixels sampled for the loss in each step, above 0 and at most 1. Half of the samples are
    foreground pixels; weights keep the loss unbiased."""
    class_weights: Annotated[ClassWeights | None, BeforeValidator(parse_class_weights)] = None
    """Weight of each class in the training loss, in the order of the classes, such as 1,4,2. balanced: in inverse
    proportion to the number of training pixels of the class. None: equal. Other losses and scores are not weighted."""
    horizontal_flip: Fraction = 0.0
    """Probability, from 0 to 1, that a training image is mirrored left to right, with its mask (augmentation)."""
    vertical_flip: Fraction = 0.0
    """Probability, from 0 to 1, that a training image is mirrored top to bottom, with its mask."""
    quarter_turns: Fraction = 0.0
    """Probability, from 0 to 1, that a training image is turned by 90, 180 or 270 degrees, with its mask; by 180
    degrees if it is not square."""
    shift: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Largest shift of a training image with its mask, as a fraction of its height and width, from 0 to below 1.
    Pixels that leave at one side return at the other if the model's boundary is circular; otherwise the loss ignores
    the free pixels."""
    crop: PositiveInt | None = None
    """Train on random squares of N x N pixels of each image. Smaller images are padded, and the loss ignores the
    padding. None: whole images."""
    brightness: Fraction = 0.0
    """Training images are multiplied by a random factor from 1 - N to 1 + N and limited to 1, N from 0 to 1."""
    min_delta: NonNegativeFloat = 0.001
    """Least improvement of the validation loss for new weights to be kept, 0 or more."""
    patience: PositiveInt | None = None
    """Stop after N epochs in a row without such an improvement (early stopping). None: train all epochs."""
    validation_images: PositiveInt | None = None
    """Validate on the first N images only. None: all of them."""
    scored_training_images: PositiveInt | None = None
    """After each epoch, also score the first N training images, for metrics.csv. None: do not score them."""
