"""Class weights of a recipe: a number for each class, or a rule by which they follow from the training masks."""

from __future__ import annotations

import math
from typing import Any, Literal

ClassWeights = tuple[float, ...] | Literal["balanced"]


def parse_class_weights(value: Any) -> ClassWeights | None:
    """Return class weights from numbers, ``balanced``, or a text with numbers between commas or spaces.

    Raises:
        ValueError: if they are neither ``balanced`` nor finite numbers of 0 or more, of which at least one is above 0.

    >>> parse_class_weights("1,4,0.5"), parse_class_weights("balanced"), parse_class_weights([1, 2])
    ((1.0, 4.0, 0.5), 'balanced', (1.0, 2.0))
    """
    items = value.replace(",", " ").split() if isinstance(value, str) else value
    if value is None or items in (["balanced"], ("balanced",)):
        return None if value is None else "balanced"
    try:
        weights = tuple(float(item) for item in items)
    except (TypeError, ValueError, OverflowError):
        weights = ()
    if not any(weights) or not all(math.isfinite(weight) and weight >= 0 for weight in weights):
        raise ValueError(
            "class_weights must be balanced, or a number of 0 or more for each class, not all 0, such as 1,4,2"
        )
    return weights
