"""Names from outside, which come to stand in tables, pages, spreadsheets and paths."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

LONGEST_NAME = 100
LONGEST_LINE = 1000


def check_single_line(text: str) -> str:
    """The text, if it is one line of printable characters.

    Raises:
        ValueError: if it is not, or has more than 1000 characters.
    """
    if not text.isprintable():
        raise ValueError(f"must be one line of printable characters; got {text[:LONGEST_NAME]!r}")
    if len(text) > LONGEST_LINE:
        raise ValueError(f"must have at most {LONGEST_LINE} characters; got {len(text)}")
    return text


def check_name(text: str) -> str:
    """The text, if it can be the name of a thing.

    Raises:
        ValueError: if it is empty, has more than 100 characters or others than printable ones, or begins with one of
            = + - @, which makes a formula of it where a table is opened in a spreadsheet.
    """
    if not 1 <= len(text) <= LONGEST_NAME or text != text.strip():
        raise ValueError(
            f"a name must have 1 to {LONGEST_NAME} characters, none of them a space at its ends; "
            f"got {len(text)}: {text[:LONGEST_NAME]!r}"
        )
    if text[0] in "=+-@":
        raise ValueError(f"a name must not begin with one of = + - @; got {text!r}")
    return check_single_line(text)


def check_file_name(text: str) -> str:
    """The text, if it can be the name of a thing, and part of the name of a file or folder.

    Raises:
        ValueError: as of :func:`check_name`, and if it has a slash or backslash or begins with a dot.
    """
    if "/" in text or "\\" in text or text.startswith("."):
        raise ValueError(
            f"this name becomes that of a folder, so it must have no slash or backslash and not begin with a dot; "
            f"got {text[:LONGEST_NAME]!r}"
        )
    return check_name(text)


SingleLine = Annotated[str, AfterValidator(check_single_line)]
"""One line of printable characters."""
Name = Annotated[str, AfterValidator(check_name)]
"""The name of a thing: short, printable, and no formula."""
FileName = Annotated[str, AfterValidator(check_file_name)]
"""A name that becomes that of a file or folder."""
