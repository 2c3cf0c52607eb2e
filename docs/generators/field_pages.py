"""The pages of configurations: every field with its type, its default and its meaning."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Literal, TypeGuard, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from drumhead.config import Config
from drumhead.data import ImportOptions
from drumhead.experiments import Experiment
from drumhead.sweeps import ClusterSettings
from drumhead.training import Devices, WandbOptions
from generators.public_names import public_packages
from generators.text import code, escape, without_roles

FOLDER = "reference/fields"
"""The folder of the pages in the site."""
SETTINGS: tuple[type[Config], ...] = (Experiment, Devices, WandbOptions, ImportOptions, ClusterSettings)
"""What users set: these configurations and those in their fields. All others are what Drumhead writes to files."""


def field_pages() -> dict[str, str]:
    """Return the two pages by their paths: what users set, and what files hold."""
    settings = list(dict.fromkeys(each for root in SETTINGS for each in with_parts(root)))
    records = [each for each in public_configs() if each not in settings]
    return {
        f"{FOLDER}/settings.md": "\n".join(
            [
                "# Settings",
                "",
                "All fields that you can set, in Python and in YAML files. Fields of an experiment have a flag of the",
                "same name in `drumhead train`; a heading names the flags in brackets.",
                "",
                *(line for each in settings for line in config_lines(each, flag_prefix(each))),
            ]
        ),
        f"{FOLDER}/records.md": "\n".join(
            [
                "# Files that Drumhead writes",
                "",
                "The fields of the JSON and CSV files in run folders, dataset folders and results.",
                "",
                *(line for each in records for line in config_lines(each, None)),
            ]
        ),
    }


@cache
def public_configs() -> tuple[type[Config], ...]:
    """Return the configurations that the public packages offer, and those in their fields."""
    found: dict[type[Config], None] = {}
    for package, names in public_packages().items():
        for name in names:
            value = getattr(import_module(package), name.path.rpartition(".")[2])
            if is_config(value):
                found |= dict.fromkeys(with_parts(value))
    return tuple(found)


def with_parts(config: type[Config]) -> Iterator[type[Config]]:
    """Yield a configuration, and those that are the values of its fields, at any depth."""
    yield config
    for field in config.model_fields.values():
        for part in configs_in(field.annotation):
            yield from with_parts(part)


def is_config(value: object) -> TypeGuard[type[Config]]:
    """Return whether a value is a class of configurations. In Python 3.10, ``tuple[int, ...]`` counts as a type."""
    return isinstance(value, type) and get_origin(value) is None and issubclass(value, Config)


def configs_in(annotation: Any) -> Iterator[type[Config]]:
    """Yield the configurations in a type, such as those of a union."""
    if is_config(annotation):
        yield annotation
    for part in get_args(annotation):
        yield from configs_in(part)


def flag_prefix(config: type[Config]) -> str | None:
    """Return how the flags of a configuration begin in ``drumhead train``; None if that command has no flags for it.

    >>> from drumhead.models import NWMConfig
    >>> flag_prefix(Experiment), flag_prefix(NWMConfig), flag_prefix(ClusterSettings)
    ('--', '--model.', None)
    """
    if config is Experiment:
        return "--"
    for name, field in Experiment.model_fields.items():
        if config in configs_in(field.annotation):
            return f"--{name}."
    return None


def config_lines(config: type[Config], prefix: str | None) -> list[str]:
    """Return the lines of a configuration: its docstring and its fields."""
    flags = f" ({code(f'{prefix}FIELD')})" if prefix not in (None, "--") else ""
    lines = [f"## {config.__name__}{flags}", "", *escape(without_roles(inspect.getdoc(config) or "")).split("\n"), ""]
    for name, field in config.model_fields.items():
        default = "" if field.is_required() else f", default {code(default_text(field)) or 'empty'}"
        lines += [f"{code(name)}{{ .field }} {code(type_text(field.annotation))}{default}"]
        lines += [f":   {escape(without_roles(field.description or ''))}", ""]
    return lines


def default_text(field: FieldInfo) -> str:
    """Return the default of a field as text; for one that is a configuration, the call that makes it."""
    default = field.get_default(call_default_factory=True, validated_data={})
    assert default is not PydanticUndefined, "only fields with a default are asked for it"
    return f"{type(default).__name__}()" if isinstance(default, Config) else repr(default)


def type_text(annotation: Any) -> str:
    """Return a type as it is written in Python, without the rules that pydantic checks.

    >>> type_text(tuple[int, ...] | None), type_text(Literal["a", 1])
    ('tuple[int, ...] | None', "'a' | 1")
    """
    origin, args = get_origin(annotation), get_args(annotation)
    if annotation in (None, type(None)):
        return "None"
    if annotation is Ellipsis:
        return "..."
    if origin is Annotated:
        return type_text(args[0])
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(map(type_text, args)))
    if origin is Literal:
        return " | ".join(map(repr, args))
    if origin is not None:
        return f"{type_text(origin)}[{', '.join(map(type_text, args))}]"
    return getattr(annotation, "__name__", None) or str(annotation)
