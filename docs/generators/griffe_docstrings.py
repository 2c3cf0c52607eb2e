"""An extension of griffe, which reads docstrings for mkdocstrings: roles become links, examples code blocks."""

from __future__ import annotations

from typing import Any

import griffe

from generators.public_names import primary_paths
from generators.text import docstring_to_markdown


class Docstrings(griffe.Extension):  # type: ignore[misc]  # griffe is not installed where types are checked
    """Turns the docstrings of the package into Markdown."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Replace the docstring of an object."""
        if obj.docstring is not None:
            obj.docstring.value = docstring_to_markdown(obj.docstring.value, lambda name: find_public(obj, name))


def find_public(obj: Any, name: str) -> str | None:
    """Return the path of a name, used in an object's docstring, in the reference; None if the reference lacks it."""
    scopes, scope = [], obj
    while scope is not None:
        scopes.append(f"{scope.path}.{name}")
        scope = scope.parent
    return next((primary_paths()[path] for path in [name, *scopes] if path in primary_paths()), None)
