"""Text from outside, as a terminal may be shown it."""

from __future__ import annotations


def escape_controls(text: str) -> str:
    r"""Text for a terminal: characters that it would obey rather than show are written out.

    >>> print(escape_controls("one\ntwo\x1b[2J"))
    one
    two\x1b[2J
    """
    return "".join(
        character if character.isprintable() or character in "\n\t" else character.encode("unicode_escape").decode()
        for character in text
    )
