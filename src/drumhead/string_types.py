"""Validated string types for names that appear in tables, pages, spreadsheets and paths."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

MAX_NAME_LENGTH = 100
MAX_LINE_LENGTH = 1000


def check_single_line(text: str) -> str:
    """Return the text if it is one line of printable characters.

    Raises:
        ValueError: if it is not, or if it has more than 1000 characters.
    """
    if not text.isprintable():
        raise ValueError(f"must be one line of printable characters; got {text[:MAX_NAME_LENGTH]!r}")
    if len(text) > MAX_LINE_LENGTH:
        raise ValueError(f"must have at most {MAX_LINE_LENGTH} characters; got {len(text)}")
    return text


def check_name(text: str) -> str:
    """Return the text if it is a valid name.

    Raises:
        ValueError: if it is empty, has more than 100 characters or unprintable ones, or begins with one of = + - @,
            which a spreadsheet would interpret as a formula.
    """
    if not 1 <= len(text) <= MAX_NAME_LENGTH or text != text.strip():
        raise ValueError(
            f"a name must have 1 to {MAX_NAME_LENGTH} characters, without spaces at its ends; "
            f"got {len(text)}: {text[:MAX_NAME_LENGTH]!r}"
        )
    if text[0] in "=+-@":
        raise ValueError(f"a name must not begin with one of = + - @; got {text!r}")
    return check_single_line(text)


def check_file_name(text: str) -> str:
    """Return the text if it is a valid name and can be part of the name of a file or folder.

    Raises:
        ValueError: as in :func:`check_name`, and if it contains a slash or backslash or begins with a dot.
    """
    if "/" in text or "\\" in text or text.startswith("."):
        raise ValueError(
            f"this name is used for a folder, so it must not contain a slash or backslash, or begin with a dot; "
            f"got {text[:MAX_NAME_LENGTH]!r}"
        )
    return check_name(text)


SingleLine = Annotated[str, AfterValidator(check_single_line)]
"""One line of printable characters."""
Name = Annotated[str, AfterValidator(check_name)]
"""A name: short, printable, and not a spreadsheet formula."""
FileName = Annotated[str, AfterValidator(check_file_name)]
"""A name that can be used for a file or folder."""
