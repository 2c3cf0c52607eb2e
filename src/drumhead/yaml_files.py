"""Bounded reading of untrusted YAML files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from drumhead.files import is_nested_too_deep, read_small_file


class NoAliasLoader(yaml.SafeLoader):  # type: ignore[misc]
    """Loads plain YAML without aliases, with which a few lines can expand beyond any memory."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError(f"found an alias; {self.peek_event().start_mark}")
        return super().compose_node(parent, index)


def read_yaml_mapping(path: str | Path) -> dict[str, Any]:
    """Return the names and values in a YAML file; JSON is YAML too.

    Raises:
        ValueError: if the file is not plain YAML, or not a mapping, or is nested too deeply; or as in
            :func:`drumhead.files.read_small_file`.
        OSError: if the file is missing or cannot be read.
    """
    content = read_small_file(path)
    try:
        values = yaml.load(content, NoAliasLoader)
    except Exception as error:  # the parser can raise any exception for a malformed number or date
        raise ValueError(f"{path} is not plain YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict) or not all(isinstance(name, str) for name in values):
        raise ValueError(f"{path} must contain names with values, such as `seed: 3`")
    if is_nested_too_deep(values):
        raise ValueError(f"{path} is nested too deeply")
    return values
