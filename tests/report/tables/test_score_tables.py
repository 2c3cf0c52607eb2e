"""Tests of tables of scores, in the terminal and as Markdown."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console, RenderableType

from drumhead.report.tables.score_tables import ScoreRow, classes_markdown, classes_table, scores_markdown, scores_table
from drumhead.scores import background_scores, compute_scores, count_predictions

MASKS = np.array([[[0, 0], [0, 1]], [[0, 0], [0, 0]]])
NAMES = ["background", "square", "disc"]
BACKGROUND = ScoreRow(name="background [all]", scores=background_scores(MASKS, NAMES))
PERFECT = ScoreRow(
    name="a|b",
    scores=compute_scores(count_predictions(MASKS, MASKS, classes=3), NAMES),
    parameters=176124,
    seconds=61.4,
)


def printed(table: RenderableType, *, width: int = 140) -> str:
    console = Console(width=width, file=StringIO())
    console.print(table)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_terminal_and_markdown_have_the_same_cells() -> None:
    markdown, terminal = scores_markdown([BACKGROUND, PERFECT]), printed(scores_table([BACKGROUND, PERFECT]))
    cells = ["acc", "loss", "mean", "background [all]", "0.875", "0.800", "0.438", "176,124", "61"]
    for cell in cells:
        assert cell in markdown
        assert cell in terminal
    assert "1 of 2 images have no foreground" in markdown
    assert "1 of 2 images have no foreground" in terminal


def test_a_narrow_terminal_cuts_no_number() -> None:
    text = printed(scores_table([BACKGROUND, PERFECT]), width=80)
    assert "\u2026" not in text  # rich ends text that it cuts with an ellipsis
    assert all(cell in text for cell in ("0.875", "0.438", "176,124", "parameters"))


@pytest.mark.parametrize("width", [60, 80, 100])
def test_many_rows_lose_no_number_in_a_narrow_terminal(width: int) -> None:
    rows = [replace(PERFECT, name=f"long-name-of-a-run-{seed}", seconds=12345.0, steps=7654321) for seed in range(6)]
    text = printed(scores_table(rows), width=width)
    assert "\u2026" not in text
    assert all(text.count(cell) == 6 for cell in ("176,124", "12,345", "7,654,321"))
    assert max(map(len, text.splitlines())) <= width
    assert "steps" in text


def test_missing_numbers_are_dashes() -> None:
    line = scores_markdown([BACKGROUND]).splitlines()[2]
    assert line == "| background [all] | 0.875 | 0.000 | 0.800 | 0.000 | - | - | 0.438 | 0.467 | - | - | - |"


def test_scores_without_foreground_are_dashes() -> None:
    row = ScoreRow(name="empty", scores=background_scores(MASKS[1:], NAMES))
    assert "| empty | 1.000 | - | 1.000 | - | - | - | 1.000 | 1.000 | - | - | - |" in scores_markdown([row])


def test_classes_by_model() -> None:
    markdown = classes_markdown([BACKGROUND, PERFECT])
    assert markdown.splitlines() == [
        r"| IoU | background [all] | a\|b |",
        "| --- | ---: | ---: |",
        "| background | 0.875 | 1.000 |",
        "| square | 0.000 | 1.000 |",
        "| disc | - | - |",
        "| mean | 0.438 | 1.000 |",
    ]
    assert "a|b" in printed(classes_table([BACKGROUND, PERFECT]))


def test_classes_must_agree() -> None:
    other = ScoreRow(name="b", scores=background_scores(MASKS, ["x", "y", "z"]))
    with pytest.raises(ValueError, match="must share their classes"):
        classes_table([BACKGROUND, other])


def test_images_with_only_ignored_pixels_are_in_the_notes() -> None:
    masks = np.where(np.arange(len(MASKS))[:, None, None] == 0, 255, MASKS)
    row = ScoreRow(name="a", scores=background_scores(masks, NAMES, ignored_label=255))
    note = f"1 of {len(MASKS)} images have only ignored pixels and count for nothing."
    assert note in scores_markdown([row])
    assert note not in scores_markdown([BACKGROUND])
