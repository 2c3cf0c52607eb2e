"""Fields of an experiment by dotted names, set from text as flags of ``drumhead train`` are."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError

from drumhead.config import Config
from drumhead.experiments import Experiment
from drumhead.renamed_fields import current_name_with_warning


def parse_fields(settings: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Values for fields from words ``FIELD=VALUE,VALUE``.

    Raises:
        ValueError: for a word of another form, or a field that is named twice.

    >>> parse_fields(["model.steps=50,100", "recipe.learning-rate=1e-3"])
    {'model.steps': ('50', '100'), 'recipe.learning_rate': ('1e-3',)}
    """
    fields: dict[str, tuple[str, ...]] = {}
    for word in settings:
        name, equals, values = word.partition("=")
        name = current_name_with_warning(name.strip().replace("-", "_"))
        texts = tuple(text.strip() for text in values.split(","))
        if not equals or not name or not all(texts):
            raise ValueError(f"--set takes FIELD=VALUE,VALUE such as model.steps=50,100; got {word!r}")
        if name in fields:
            raise ValueError(f"--set names {flag_name(name)} twice: give all its values at once, with commas")
        fields[name] = texts
    return fields


def with_fields(experiment: Experiment, texts: Mapping[str, str]) -> Experiment:
    """The experiment with some fields set, all at once: some go only together.

    Args:
        experiment: any.
        texts: values by dotted names; several numbers of one value have spaces between them, ``None`` is none.

    Raises:
        ValueError: if the experiment has no such field, or a field cannot have such a value.

    >>> from drumhead.experiments import find_experiment
    >>> with_fields(find_experiment("mnist-cnn-2"), {"recipe.clip": "0.5"}).recipe.clip
    0.5
    """
    values = experiment.model_dump()
    for name, text in texts.items():
        *path, last = name.split(".")
        config, inner = find_config(experiment, name), values
        for part in path:
            inner = inner[part]
        inner[last] = parsed(text, type(config).model_fields[last].annotation)
    try:
        return type(experiment).model_validate(values)
    except ValidationError as error:
        rules = "; ".join(f"{where(each['loc'])}: {each['msg']}" for each in error.errors())
        words = " ".join(f"--set {flag_name(name)}={text}" for name, text in texts.items())
        raise ValueError(f"{words}, for {experiment.name}: {rules}") from error


def find_config(experiment: Experiment, name: str) -> Config:
    """The part of an experiment that has a field of this dotted name.

    Raises:
        ValueError: if there is none, or the field is not one value, or not one to be set.
    """
    if name in ("name", "seed") or name.endswith(".name"):
        instead = "--seeds sets seeds" if name == "seed" else "another experiment is another name"
        raise ValueError(f"--set {flag_name(name)}: a sweep does not set this field; {instead}")
    config: Config = experiment
    path = name.split(".")
    for depth, part in enumerate(path):
        if part not in type(config).model_fields:
            prefix = "".join(f"{each}." for each in path[:depth])
            there = ", ".join(flag_name(prefix + each) for each in type(config).model_fields if each != "name")
            raise ValueError(f"--set {flag_name(name)}: {experiment.name} has no such field; it has {there}")
        inner = getattr(config, part)
        if depth == len(path) - 1:
            break
        if not isinstance(inner, Config):
            raise ValueError(f"--set {flag_name(name)}: {experiment.name} has no such field; {part} is one value")
        config = inner
    if isinstance(inner, Config):
        there = ", ".join(flag_name(f"{name}.{each}") for each in type(inner).model_fields if each != "name")
        raise ValueError(f"--set {flag_name(name)} is not one value: set one of {there}")
    return config


def field_text(experiment: Experiment, name: str) -> str:
    """A field's value as it stands in a folder's name.

    >>> from drumhead.experiments import find_experiment
    >>> field_text(find_experiment("mnist-cnn-2"), "recipe.learning_rate")
    '0.001'
    """
    value: Any = experiment
    for part in name.split("."):
        # A folder of data takes the place of the dataset; then none of its fields is in a name.
        value = getattr(value, part)
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)


def flag_name(name: str) -> str:
    """A field's name as flags have it.

    >>> flag_name("recipe.learning_rate")
    'recipe.learning-rate'
    """
    return name.replace("_", "-")


def parsed(text: str, annotation: Any) -> object:
    """What pydantic is to make a value of: text, none, or a list of texts where the field is a tuple."""
    options = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    if text == "None" and type(None) in options:
        return None
    return text.split() if any(get_origin(option) is tuple for option in options) else text


def where(location: tuple[int | str, ...]) -> str:
    """The field that pydantic finds fault with, without the names by which it tells kinds of models and datasets apart.

    >>> where(("model", "nwm", "learning_rate")), where(("recipe", "epochs"))
    ('model.learning-rate', 'recipe.epochs')
    """
    kinds = location[1:2] if location[0] in ("model", "dataset") else ()
    return flag_name(".".join(map(str, (location[0], *location[1 + len(kinds) :]))))
