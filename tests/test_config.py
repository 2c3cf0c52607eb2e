"""Every configuration: frozen, checked, documented field by field."""

from __future__ import annotations

import re

import pytest
from pydantic import PositiveInt, ValidationError

from drumhead.config import Config, describe_range, flatten
from drumhead.data import DATASETS
from drumhead.experiments import Experiment, Recipe
from drumhead.models import FAMILIES


class Sizes(Config):
    """For the tests below."""

    height: PositiveInt = 3
    """Rows."""
    width: PositiveInt = 4


def test_fields_cannot_be_set() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Sizes().height = 5


def test_unknown_names_and_wrong_values_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="heigth"):
        Sizes(heigth=5)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match=r"width[\s\S]*greater than 0[\s\S]*input_value=-1"):
        Sizes(width=-1)


def test_a_changed_copy_is_checked_like_a_new_one() -> None:
    sizes = Sizes()
    assert sizes.replace(height=5) == Sizes(height=5)
    assert sizes == Sizes()
    with pytest.raises(ValidationError, match="height"):
        sizes.replace(height=0)
    with pytest.raises(ValidationError, match="depth"):
        sizes.replace(depth=1)


def test_a_part_is_changed_as_a_whole() -> None:
    experiment = Experiment(name="one", model={"name": "nwm", "steps": 5})  # type: ignore[arg-type]
    changed = experiment.replace(recipe=experiment.recipe.replace(epochs=2))
    assert changed.recipe == Recipe(epochs=2)
    assert changed.model == experiment.model


def test_equal_configurations_are_one_key() -> None:
    assert len({Sizes(), Sizes(height=3), Sizes(height=5)}) == 2


def test_a_docstring_below_a_field_is_its_description() -> None:
    assert Sizes.model_fields["height"].description == "Rows. 1 or more."


def test_a_description_is_one_paragraph_of_plain_text() -> None:
    class Window(Config):
        name: str = "hann"
        """The window:
        ``hann`` or ``none``."""

    assert Window.model_fields["name"].description == "The window: hann or none."


@pytest.mark.parametrize("config", [*FAMILIES, Recipe, Experiment, *(kind.config for kind in DATASETS.values())])
def test_every_field_a_user_can_set_is_described(config: type[Config]) -> None:
    assert [name for name, field in config.model_fields.items() if not field.description] == []


def test_flatten_names_nested_fields_by_their_path() -> None:
    assert flatten({"a": 1, "b": {"c": 2, "d": {"e": 3}}}) == {"a": 1, "b.c": 2, "b.d.e": 3}


def test_help_says_the_range_of_every_number() -> None:
    configs: list[type[Config]] = [Recipe, *FAMILIES]
    for config in configs:
        for name, field in config.model_fields.items():
            if limits := describe_range(field):
                assert field.description is not None
                assert re.search(r"(?i)above|at least|at most|or more|from -?\d", field.description), (name, limits)
    ranges = {name: describe_range(field) for name, field in Recipe.model_fields.items()}
    assert ranges["epochs"] == ranges["steps_per_epoch"] == "1 or more"
    assert (ranges["learning_rate"], ranges["clip"], ranges["warmup"]) == ("above 0", "above 0", "from 0 to 1")
    assert (ranges["pixels"], ranges["min_delta"], ranges["optimizer"]) == ("above 0 and at most 1", "0 or more", "")
