"""JSON files, whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

from drumhead.files import replacing


def write_json(path: Path, content: object) -> None:
    """Write JSON, whole or not at all; numbers that are not finite are refused."""
    text = json_text(content)
    with replacing(path) as temporary:
        temporary.write_text(text)


def json_text(content: object) -> str:
    """What a JSON file of this content is; numbers that are not finite are refused."""
    return json.dumps(content, indent=2, allow_nan=False) + "\n"
