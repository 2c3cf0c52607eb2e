"""Packages that only some formats need."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def require(package: str, *, need: str, extra: str) -> Any:
    """Import a package that an extra of Drumhead brings.

    Raises:
        ValueError: if it is not installed, with the command that installs it.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise ValueError(
            f"{need} needs {package}, which comes with the extra `{extra}`: pip install 'drumhead[{extra}]'"
        ) from error
