"""Text made safe to print on a terminal, wherever it comes from."""

from __future__ import annotations


def escape_controls(text: str) -> str:
    r"""Return the text with control characters escaped, except newline and tab; a terminal would obey them.

    >>> print(escape_controls("one\ntwo\x1b[2J"))
    one
    two\x1b[2J
    """
    return "".join(
        character if character.isprintable() or character in "\n\t" else character.encode("unicode_escape").decode()
        for character in text
    )
