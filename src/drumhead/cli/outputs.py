"""The files that a command writes after its work; it shows its results even if they cannot be written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from drumhead.cli import print_error


class Unwritten:
    """The files that could not be written after the work, each reported once, on stderr."""

    def __init__(self) -> None:
        self.paths: set[Path] = set()

    def try_to(self, write: Callable[[], None], path: Path) -> None:
        """Write a file; if that is impossible, report it and go on."""
        try:
            write()
        except (OSError, ValueError) as error:
            if path not in self.paths:
                print_error(f"{path} is not written: {error}")
            self.paths.add(path)
