"""Errors of configurations say field, rule and value, and nothing of pydantic."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from drumhead.experiments import Experiment, Recipe, find_experiment
from drumhead.models import build
from drumhead.validation_errors import explain_validation_error


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"learning_rate": -3}, "learning_rate must be greater than 0; got -3"),
        ({"epochs": "many"}, "epochs must be a valid integer; got 'many'"),
        ({"warmup": 2}, "warmup must be less than or equal to 1; got 2"),
        ({"optimizer": "sgd"}, "optimizer must be 'adam' or 'adamw'; got 'sgd'"),
        ({"momentum": 0.9}, "momentum is not a field here; got 0.9"),
        (
            {"clip": float("nan"), "epochs": 0},
            "clip must be a finite number; got nan; epochs must be greater than 0; got 0",
        ),
    ],
)
def test_each_fault_is_one_clause(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Recipe(**fields)
    assert explain_validation_error(raised.value).startswith(message)


def test_nested_fields_have_their_full_names() -> None:
    values = find_experiment("tetrominoes-nwm-linear").model_dump()
    values["model"]["steps"] = 0
    del values["name"]
    with pytest.raises(ValidationError) as raised:
        Experiment.model_validate(values)
    assert explain_validation_error(raised.value) == "name is missing; model.steps must be greater than 0; got 0"


def test_build_says_what_is_wrong_in_plain_words() -> None:
    with pytest.raises(ValueError, match=r"^model nwm: steps must be greater than 0; got 0$"):
        build("nwm", in_channels=1, classes=2, steps=0)
    for name, count in (("classes", 0), ("classes", 2.5), ("in_channels", 0)):
        counts: dict[str, Any] = {"in_channels": 1, "classes": 2, name: count}
        with pytest.raises(ValueError, match=rf"{name} must be a whole number, at least 1; got {count}"):
            build("cnn", **counts)
