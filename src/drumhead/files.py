"""Files read with care, and written so that a reader finds the old content or the new, never half of it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MOST_BYTES = 64_000_000
"""Of a file that is read whole: a description, a table, scores. No honest one has nearly as many."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path near ``path``, of the same name, which takes its place if the block succeeds.

    Missing folders are made. If the block raises, nothing is left and a former ``path`` stays as it was. A link is
    replaced, not followed.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "new" / "notes.txt"
    >>> with replacing(target) as temporary:
    ...     _ = temporary.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
        temporary = Path(folder) / path.name
        yield temporary
        temporary.replace(path)


def read_small(path: Path) -> bytes:
    """All of a file that is not large.

    Raises:
        ValueError: if it has more than 64 MB, or is no plain file: a pipe or a device may never end.
        OSError: if it is not there or cannot be read.
    """
    path.stat()  # tells what is not there from what is no file
    if not path.is_file():
        raise ValueError(f"{path} is no plain file")
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path} has more than {MOST_BYTES // 10**6} MB, which no file of its kind needs")
    return content


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        ValueError: if it holds something else, or brackets nested as deep as nobody writes them; or as of
            :func:`read_small`.
        OSError: if it is not there or cannot be read.
    """
    content = read_small(path)
    try:
        return json.loads(content)
    except RecursionError as error:
        raise ValueError("brackets are nested too deep") from error
