"""JSON files, whole or not there."""

from __future__ import annotations

import json
from pathlib import Path

from drumhead.files import replacing


def write_json(path: Path, content: object) -> None:
    """Write JSON, whole or not at all; numbers that are not finite are refused."""
    text = json.dumps(content, indent=2, allow_nan=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n")
