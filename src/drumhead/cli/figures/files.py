"""The files of a figure: checked before the work, written after it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from drumhead.cli.console import Console
from drumhead.files import check_writable
from drumhead.report.style import save_figure

DEFAULT_FOLDER = Path("figures")


def figure_files(folder: Path, name: str, *endings: str) -> list[Path]:
    """Return the files of a figure, by default a PDF and a PNG.

    Raises:
        OSError: if they cannot be written; it is raised before any work, so that none is lost.
    """
    files = [folder / f"{name}{ending}" for ending in endings or (".pdf", ".png")]
    check_writable(*files)
    return files


def write_figure(figure: Figure, files: Sequence[Path]) -> None:
    """Write a figure to files, and print their paths."""
    for path in save_figure(figure, *files):
        print_written(path)


def print_written(path: Path) -> None:
    """Print the path of a file that was written."""
    Console().print(f"wrote {path}", highlight=False, soft_wrap=True)
