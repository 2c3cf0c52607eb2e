"""Class weights of a recipe, as numbers, as text, and by rule."""

from __future__ import annotations

from typing import Any

import pytest

from drumhead.experiments import Recipe


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ("balanced", "balanced"),
        ("1,4,2", (1, 4, 2)),
        ("1, 0.5 2", (1, 0.5, 2)),
        ((0, 1), (0, 1)),
        (["1", "2"], (1, 2)),
        (["balanced"], "balanced"),
    ],
)
def test_class_weights(given: Any, expected: Any) -> None:
    recipe = Recipe(class_weights=given)
    assert recipe.class_weights == expected
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize(
    "given", ["even", "", "1,x", (), (0, 0), (1, -1), (1, float("nan")), (1, float("inf")), 3, (10**400,)]
)
def test_other_values_are_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="class_weights must be balanced, or a number of 0 or more for each class"):
        Recipe(class_weights=given)
