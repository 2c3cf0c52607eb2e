"""Lists of numbers as users write them: numbers and half-open ranges, such as 0:3,7."""

from __future__ import annotations

import re

MAX_NUMBERS = 100_000


def parse_number_ranges(text: str, *, what: str) -> tuple[int, ...]:
    """Return the numbers that a text of numbers and half-open ranges lists, each once.

    Args:
        text: the text.
        what: what is counted, in the plural, for error messages.

    Raises:
        ValueError: for another text, or a range without a number or with more than 100 000.

    >>> parse_number_ranges("0:3,7", what="samples")
    (0, 1, 2, 7)
    """
    numbers: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,10})(?::(\d{1,10}))?\s*", part)
        if match is None:
            raise ValueError(f"{what} are numbers and ranges such as 0:10 or 1,2,3 (0:10 is 0 to 9); got {text!r}")
        first, end = int(match[1]), match[2]
        listed = range(first, first + 1 if end is None else int(end))
        if not 0 < len(listed) <= MAX_NUMBERS or listed[-1] >= 2**32:
            raise ValueError(
                f"{what} are below 2**32, and a range has at least one and at most {MAX_NUMBERS}; got {part!r}"
            )
        numbers += listed
    return tuple(dict.fromkeys(numbers))
