"""Errors of configurations in plain words, without the terms of pydantic."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

STARTS = {"Input should ": "must ", "Input tag ": "has the tag "}
"""The first words of pydantic's rules, and those here, which follow the name of the field."""


def explain_validation_error(error: ValidationError) -> str:
    """Return the fields, rules and values of an error in one line.

    >>> from drumhead.config import Config
    >>> class Size(Config):
    ...     height: int
    >>> try:
    ...     Size.model_validate({"height": "tall", "depth": 3})
    ... except ValidationError as error:
    ...     print(explain_validation_error(error))
    height must be a valid integer; got 'tall'; depth is not a field here; got 3
    """
    return "; ".join(explain_each(error))


def explain_each(error: ValidationError) -> list[str]:
    """Return each fault of an error: the field, the rule and the value."""
    return [_explain_one(dict(each)) for each in error.errors()]


def _explain_one(details: dict[str, Any]) -> str:
    name = field_path(details["loc"]) or "the value"
    if details["type"] == "missing":
        return f"{name} is missing"
    if details["type"] == "extra_forbidden":
        return f"{name} is not a field here; got {_shortened(details['input'])}"
    rule = re.sub(r", unable to parse .*|, got a number with a fractional part", "", details["msg"])
    if details["type"] == "value_error":
        rule = rule.removeprefix("Value error, ")
        if not details["loc"]:
            return rule  # a rule about several fields, which it names
    start = next((start for start in STARTS if rule.startswith(start)), None)
    clause = f": {rule}" if start is None else f" {STARTS[start]}{rule.removeprefix(start)}"
    value = "" if isinstance(details["input"], dict | BaseModel) else f"; got {_shortened(details['input'])}"
    return f"{name}{clause}{value}"


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def field_path(location: tuple[int | str, ...]) -> str:
    """Return the dotted name of the field in a pydantic error, without the discriminators of models and datasets.

    >>> field_path(("model", "nwm", "learning_rate")), field_path(("recipe", "epochs"))
    ('model.learning_rate', 'recipe.epochs')
    """
    parts = [str(part) for part in location]
    for parent in ("model", "dataset"):
        if parent in parts[:-1]:
            del parts[parts.index(parent) + 1]
    return ".".join(parts)
