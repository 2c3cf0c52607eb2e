"""Fields of an experiment by dotted names, set from text as flags of ``drumhead train`` are."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence
from typing import Any, Union, get_args, get_origin

from pydantic import ValidationError

from drumhead.config import Config
from drumhead.experiments import Experiment


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
        name = name.strip().replace("-", "_")
        texts = tuple(text.strip() for text in values.split(","))
        if not equals or not name or not all(texts):
            raise ValueError(f"--set takes FIELD=VALUE,VALUE such as model.steps=50,100; got {word!r}")
        if name in fields:
            raise ValueError(f"--set names {flag_name(name)} twice: give all its values at once, with commas")
        fields[name] = texts
    return fields


def with_field(experiment: Experiment, name: str, text: str) -> Experiment:
    """The experiment with one field set.

    Args:
        experiment: any.
        name: the field's dotted name.
        text: its value; several numbers have spaces between them, ``None`` is none.

    Raises:
        ValueError: if the experiment has no such field, or the field cannot have such a value.

    >>> from drumhead.experiments import find_experiment
    >>> with_field(find_experiment("mnist-cnn-2"), "recipe.clip", "0.5").recipe.clip
    0.5
    """
    if name in ("name", "seed") or name.endswith(".name"):
        instead = "--seeds sets seeds" if name == "seed" else "another experiment is another name"
        raise ValueError(f"--set {flag_name(name)}: a sweep does not set this field; {instead}")
    changed: Experiment = _set(experiment, name.split("."), text, experiment, name)
    return changed


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


def missing_field(experiments: Sequence[Experiment], names: Sequence[str]) -> str | None:
    """What to say of fields that some experiments do not have, all of them at once; None if all have all."""
    for name in names:
        lacking = [each.name for each in experiments if not _has(each, name.split("."))]
        if lacking:
            return f"--set {flag_name(name)}: {_listed(lacking)} no such field{_instead(experiments, lacking, name)}"
    return None


def _set(config: Config, path: Sequence[str], text: str, experiment: Experiment, name: str) -> Any:
    if not _has(config, path[:1]):
        raise ValueError(missing_field([experiment], [name]))
    head, *rest = path
    if rest:
        inner = getattr(config, head)
        if not isinstance(inner, Config):
            raise ValueError(missing_field([experiment], [name]))
        return config.replace(**{head: _set(inner, rest, text, experiment, name)})
    if isinstance(getattr(config, head), Config):
        inside = ", ".join(flag_name(f"{name}.{each}") for each in type(getattr(config, head)).model_fields)
        raise ValueError(f"--set {flag_name(name)} is not one value: set one of {inside}")
    try:
        return config.replace(**{head: _parsed(text, type(config).model_fields[head].annotation)})
    except ValidationError as error:
        rules = "; ".join(str(each["msg"]) for each in error.errors())
        raise ValueError(f"--set {flag_name(name)}={text}, for {experiment.name}: {rules}; got {text!r}") from error


def _parsed(text: str, annotation: Any) -> object:
    """What pydantic is to make a value of: text, none, or a list of texts where the field is a tuple."""
    options = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    if text == "None" and type(None) in options:
        return None
    return text.split() if any(get_origin(option) is tuple for option in options) else text


def _has(config: object, path: Sequence[str]) -> bool:
    """Whether there is a field of this dotted name."""
    for part in path:
        if not isinstance(config, Config) or part not in type(config).model_fields:
            return False
        config = getattr(config, part)
    return True


def _listed(names: Sequence[str], most: int = 5) -> str:
    """Some names, and how many more."""
    shown = ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return f"{shown} {'has' if len(names) == 1 else 'have'}"


def _instead(experiments: Sequence[Experiment], lacking: Sequence[str], name: str) -> str:
    """Which fields the first that lacks one has in its place."""
    config: Any = next(each for each in experiments if each.name == lacking[0])
    path = name.split(".")
    while len(path) > 1 and _has(config, path[:1]) and isinstance(getattr(config, path[0]), Config):
        config, path = getattr(config, path[0]), path[1:]
    prefix = name.removesuffix(".".join(path))
    names: Mapping[str, object] = type(config).model_fields
    return f"; {lacking[0]} has {', '.join(flag_name(prefix + each) for each in names if each != 'name')}"
