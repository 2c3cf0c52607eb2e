"""Every configuration: frozen, checked, documented field by field."""

from __future__ import annotations

import pytest
from pydantic import PositiveInt, ValidationError

from drumhead.config import Config, flatten
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
    assert Sizes.model_fields["height"].description == "Rows."


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
