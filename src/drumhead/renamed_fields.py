"""Fields of experiments that had another name in an earlier version: the one place that knows the old names.

The old names are in files that users have: in the ``config.json`` of a run, in a file of results, in the names of the
folders that sweeps made; and in commands that users have written down.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

RENAMED_FIELDS = {
    "model.stretch": "model.chunk_steps",
    "recipe.keep_margin": "recipe.min_delta",
}
"""The new name of each field, by its old one; both are dotted names, as ``drumhead.config.flatten`` makes them."""


def current_name(name: str) -> str:
    """Return the present name of a field, which may be given by an old one, as a dotted name or as a flag.

    >>> current_name("model.stretch"), current_name("--recipe.keep-margin"), current_name("seed")
    ('model.chunk_steps', '--recipe.min-delta', 'seed')
    """
    prefix, field = ("--", name[2:]) if name.startswith("--") else ("", name)
    for old, new in RENAMED_FIELDS.items():
        if field in (old, _as_flag(old)):
            return prefix + (_as_flag(new) if prefix or field != old else new)
    return name


def current_flags(arguments: Sequence[str]) -> list[str]:
    """Return command-line arguments with the present names of flags; warn of each old one.

    >>> current_flags(["--seed", "3", "--model.chunk-steps=5"])
    ['--seed', '3', '--model.chunk-steps=5']
    """
    return [_current_flag(argument) for argument in arguments]


def _current_flag(argument: str) -> str:
    flag, equals, value = argument.partition("=")
    return current_name_with_warning(flag) + equals + value if flag.startswith("--") else argument


def current_name_with_warning(name: str) -> str:
    """Return the present name of a field as :func:`current_name` does; warn if it is not the given one."""
    current = current_name(name)
    if current != name:
        warnings.warn(f"{name} is now called {current}; the old name still works", FutureWarning, stacklevel=2)
    return current


def with_current_names(experiment: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested fields of an experiment under their present names.

    A field that is given by both names keeps its old one, so that the configuration refuses it.

    >>> with_current_names({"model": {"name": "nwm", "stretch": 5}})
    {'model': {'name': 'nwm', 'chunk_steps': 5}}
    """
    fields = dict(experiment)
    for part in ("model", "recipe"):
        values = fields.get(part)
        if isinstance(values, Mapping):
            fields[part] = {
                name if (new := current_name(f"{part}.{name}").partition(".")[2]) in values else new: value
                for name, value in values.items()
            }
    return fields


def with_current_phrases(text: str) -> str:
    """Return the description of a recipe, as files of results have it, with the present names of fields.

    >>> with_current_phrases("lite, epochs 3, keep margin 0.01")
    'lite, epochs 3, min delta 0.01'
    """
    for old, new in RENAMED_FIELDS.items():
        text = re.sub(rf"(?<=, ){_as_phrase(old)} (?=[^,]+(,|$))", f"{_as_phrase(new)} ", text)
    return text


def with_old_names(folder_name: str) -> str:
    """Return the name that an earlier version of ``drumhead sweep`` gave to the folder of a run.

    >>> with_old_names("tetrominoes-nwm-linear-model.chunk-steps=5-seed0")
    'tetrominoes-nwm-linear-model.stretch=5-seed0'
    """
    for old, new in RENAMED_FIELDS.items():
        folder_name = folder_name.replace(f"-{_as_flag(new)}=", f"-{_as_flag(old)}=")
    return folder_name


def _as_flag(name: str) -> str:
    return name.replace("_", "-")


def _as_phrase(name: str) -> str:
    """A field's own name in words, without the part of the experiment that it belongs to."""
    return name.rpartition(".")[2].replace("_", " ")
