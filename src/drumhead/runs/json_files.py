"""JSON files, whole or not there, with their own checksum."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from drumhead.checksums import add_json_checksum, verify_json_checksum, without_checksum
from drumhead.config import Config
from drumhead.files import atomic_replace, read_json

ConfigType = TypeVar("ConfigType", bound=Config)


def write_json(path: Path, content: object) -> None:
    """Write JSON, whole or not at all; numbers that are not finite are refused."""
    text = json_text(content)
    with atomic_replace(path) as temporary:
        temporary.write_text(text)


def json_text(content: object) -> str:
    """What a JSON file of this content is; numbers that are not finite are refused."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def json_with_checksum(config: Config) -> str:
    """What a JSON file of this configuration and its checksum is."""
    return json_text(add_json_checksum(config.model_dump(mode="json")))


def read_json_with_checksum(path: Path, kind: type[ConfigType]) -> ConfigType:
    """The configuration in a JSON file.

    Raises:
        ValueError: if the file holds no such configuration, or not the one that was written.
    """
    fields = read_json(path)
    values = without_checksum(fields) if isinstance(fields, dict) else fields
    config = kind.model_validate_json(json.dumps(values))  # first, as its errors are told by field
    verify_json_checksum(fields)
    return config
