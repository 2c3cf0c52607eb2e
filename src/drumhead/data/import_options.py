"""How a user's folder is read, where that differs from the defaults."""

from __future__ import annotations

from drumhead.config import Config


class ImportOptions(Config):
    """How the files of a user's folder are read; the same for ``drumhead data check`` and ``drumhead data import``."""

    ignore_labels: tuple[int, ...] = ()
    """Labels of pixels that do not count, such as 255; their pixels are stored as 255."""
    relabel: bool = False
    """Whether to number the labels that occur 0, 1, 2, ... in their order; 0 stays 0."""
