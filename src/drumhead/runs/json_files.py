"""JSON files, replaced atomically; those of configurations hold their own checksum."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from drumhead.checksums import add_json_checksum, verify_json_checksum, without_checksum
from drumhead.config import Config
from drumhead.files import atomic_replace, read_json
from drumhead.validation_errors import explain_validation_error

ConfigType = TypeVar("ConfigType", bound=Config)


def write_json(path: str | Path, content: object) -> None:
    """Write a JSON file, replacing it atomically.

    Raises:
        ValueError: if a number is not finite.
    """
    text = json_text(content)
    with atomic_replace(Path(path)) as temporary:
        temporary.write_text(text)


def json_text(content: object) -> str:
    """Return the text of a JSON file; raise ``ValueError`` if a number is not finite."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def json_with_checksum(config: Config) -> str:
    """Return the text of a JSON file with a configuration and its checksum."""
    return json_text(add_json_checksum(config.model_dump(mode="json")))


def read_json_with_checksum(path: Path, config_class: type[ConfigType]) -> ConfigType:
    """Return the configuration in a JSON file.

    Raises:
        ValueError: if the file holds no configuration of this class, or its checksum does not match.
    """
    fields = read_json(path)
    values = without_checksum(fields) if isinstance(fields, dict) else fields
    try:
        config = config_class.model_validate_json(json.dumps(values))  # before the checksum: its errors name the field
    except ValidationError as error:
        raise ValueError(explain_validation_error(error)) from error
    verify_json_checksum(fields)
    return config
