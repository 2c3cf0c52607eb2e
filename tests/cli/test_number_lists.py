"""Flags with several numbers, between commas or spaces."""

from __future__ import annotations

from typing import Literal

import pytest
import tyro

from drumhead.cli.number_lists import NUMBER_LISTS
from drumhead.config import Config


class Flags(Config):
    """Flags of every kind that has numbers."""

    counts: tuple[int, ...] = (3,)
    """Whole numbers."""
    weights: tuple[float, ...] | Literal["balanced"] | None = None
    """Numbers, a word or None."""


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([], Flags()),
        (["--counts", "1,2"], Flags(counts=(1, 2))),
        (["--counts", "1", "2"], Flags(counts=(1, 2))),
        (["--counts=1,2"], Flags(counts=(1, 2))),
        (["--weights", "1,4.5", "2", "--counts", "7"], Flags(counts=(7,), weights=(1, 4.5, 2))),
        (["--weights", "balanced"], Flags(weights="balanced")),
        (["--weights", "None"], Flags()),
    ],
)
def test_numbers_are_separated_by_commas_or_spaces(args: list[str], expected: Flags) -> None:
    assert tyro.cli(Flags, args=args, registry=NUMBER_LISTS) == expected


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--counts", "1,x"], "must be INT[,INT...]; got 1,x"),
        (["--counts", "1.5"], "must be INT[,INT...]; got 1.5"),
        (["--weights", "even"], "must be FLOAT[,FLOAT...]|balanced|None; got even"),
    ],
)
def test_other_words_are_refused(args: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        tyro.cli(Flags, args=args, registry=NUMBER_LISTS)
    printed = "".join(line.strip("│ ") for line in capsys.readouterr().err.splitlines())
    assert message.replace(" ", "") in printed.replace(" ", "")
