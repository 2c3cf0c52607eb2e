"""The folders of the trained networks."""

from __future__ import annotations

from pathlib import Path

PRETRAINED_FOLDER = Path(__file__).resolve().parents[1] / "pretrained"
"""The folder of all trained networks, inside the package."""


def pretrained_names() -> list[str]:
    """Return the names of all trained networks, in alphabetical order."""
    return sorted(path.parent.name for path in PRETRAINED_FOLDER.glob("[!.]*/config.json"))


def pretrained_folder(name: str) -> Path | None:
    """Return the folder of a trained network; None if there is none with this name."""
    return PRETRAINED_FOLDER / name if name in pretrained_names() else None


def is_pretrained(folder: str | Path) -> bool:
    """Return whether a run folder is that of a trained network of the package."""
    return Path(folder).resolve().parent == PRETRAINED_FOLDER
