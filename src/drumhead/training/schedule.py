"""The learning-rate schedule."""

from __future__ import annotations

import math

from drumhead.experiments import Recipe


def learning_rate(recipe: Recipe, progress: float) -> float:
    """Return the learning rate when a share ``progress`` (0 to 1) of the training is done.

    It rises linearly during the warm-up, then stays constant or falls to 0 along half a cosine.

    >>> from drumhead.experiments import Recipe
    >>> recipe = Recipe(learning_rate=1.0, schedule="cosine", warmup=0.5)
    >>> [round(learning_rate(recipe, progress), 3) for progress in (0.0, 0.25, 0.5, 0.75, 1.0)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if progress < recipe.warmup:
        return recipe.learning_rate * progress / recipe.warmup
    if recipe.schedule == "constant":
        return recipe.learning_rate
    decay = (progress - recipe.warmup) / (1 - recipe.warmup) if recipe.warmup < 1 else 1.0
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * min(decay, 1.0)))
