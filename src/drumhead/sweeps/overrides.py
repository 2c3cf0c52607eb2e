"""Overrides of an experiment's configuration: values given as text for dotted field names, as flags are."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError

from drumhead.config import Config, flatten
from drumhead.experiments import Experiment
from drumhead.renamed_fields import current_name_with_warning
from drumhead.suggestions import did_you_mean, nearest_flags
from drumhead.validation_errors import explain_validation_error


def parse_overrides(settings: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the values of each field from arguments of the form ``FIELD=VALUE,VALUE``.

    Raises:
        ValueError: for an argument of another form, or a field that is given twice.

    >>> parse_overrides(["model.steps=50,100", "recipe.learning-rate=1e-3"])
    {'model.steps': ('50', '100'), 'recipe.learning_rate': ('1e-3',)}
    """
    overrides: dict[str, tuple[str, ...]] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        name = current_name_with_warning(name.strip().replace("-", "_"))
        values = tuple(value.strip() for value in text.split(","))
        if not equals or not name or not all(values):
            raise ValueError(f"--set takes FIELD=VALUE,VALUE such as model.steps=50,100; got {setting!r}")
        if name in overrides:
            raise ValueError(f"--set has {flag_name(name)} twice: give all its values at once, separated by commas")
        overrides[name] = values
    return overrides


def with_overrides(experiment: Experiment, overrides: Mapping[str, str]) -> Experiment:
    """Return the experiment with some fields changed. All change at once, as some values are only valid together.

    Args:
        experiment: any experiment.
        overrides: values as text, by dotted field name. The items of a tuple are separated by spaces; ``None`` is
            None.

    Raises:
        ValueError: if the experiment has no such field, or the value is invalid.

    >>> from drumhead.experiments import find_experiment
    >>> with_overrides(find_experiment("mnist-cnn-2"), {"recipe.clip": "0.5"}).recipe.clip
    0.5
    """
    values = experiment.model_dump()
    for name, text in overrides.items():
        *path, last = name.split(".")
        config, inner = config_with_field(experiment, name), values
        for part in path:
            inner = inner[part]
        inner[last] = parse_value(text, type(config).model_fields[last].annotation)
    try:
        return type(experiment).model_validate(values)
    except ValidationError as error:
        flags = " ".join(f"--set {flag_name(name)}={text}" for name, text in overrides.items())
        raise ValueError(f"{flags}, for {experiment.name}: {explain_validation_error(error)}") from error


def config_with_field(experiment: Experiment, name: str) -> Config:
    """Return the part of an experiment's configuration that has the field with this dotted name.

    Raises:
        ValueError: if there is no such field, it is not a single value, or a sweep does not set it.
    """
    if name in ("name", "seed") or name.endswith(".name"):
        instead = "use --seeds" if name == "seed" else "choose another experiment"
        raise ValueError(f"--set {flag_name(name)}: a sweep does not set this field; {instead}")
    config: Config = experiment
    path = name.split(".")
    for depth, part in enumerate(path):
        if part not in type(config).model_fields:
            prefix = "".join(f"{parent}." for parent in path[:depth])
            fields = ", ".join(flag_name(prefix + field) for field in type(config).model_fields if field != "name")
            known = [flag_name(field) for field in flatten(experiment.model_dump()) if not field.endswith("name")]
            raise ValueError(
                f"--set {flag_name(name)}: {experiment.name} has no such field; "
                f"{did_you_mean(nearest_flags(flag_name(name), known))}It has {fields}"
            )
        inner = getattr(config, part)
        if depth == len(path) - 1:
            break
        if not isinstance(inner, Config):
            raise ValueError(f"--set {flag_name(name)}: {experiment.name} has no such field; {part} is a single value")
        config = inner
    if isinstance(inner, Config):
        fields = ", ".join(flag_name(f"{name}.{field}") for field in type(inner).model_fields if field != "name")
        raise ValueError(f"--set {flag_name(name)} is not a single value: set one of {fields}")
    return config


def format_field(experiment: Experiment, name: str) -> str:
    """Return a field's value as it is written in a folder's name.

    >>> from drumhead.experiments import find_experiment
    >>> format_field(find_experiment("mnist-cnn-2"), "recipe.learning_rate")
    '0.001'
    """
    value: Any = experiment
    for part in name.split("."):
        # The dataset is None if a folder of data replaces it, but then no field of the dataset can be overridden.
        value = getattr(value, part)
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)


def flag_name(name: str) -> str:
    """Return a field's name as it is written in flags.

    >>> flag_name("recipe.learning_rate")
    'recipe.learning-rate'
    """
    return name.replace("_", "-")


def parse_value(text: str, annotation: Any) -> object:
    """Return what pydantic converts to a field's value: the text, None, or a list of texts if the field is a tuple."""
    options = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    if text == "None" and type(None) in options:
        return None
    return text.split() if any(get_origin(option) is tuple for option in options) else text
