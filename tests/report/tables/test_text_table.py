"""Tests of text tables and the three ways to render them."""

from __future__ import annotations

import re
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from drumhead.report.tables.text_table import LATEX_LINE_WIDTH, TerminalTable, TextTable, to_latex, to_markdown

TABLE = TextTable(
    ["", "acc\nfg", "mean\nIoU"],
    [["NWM linear", "0.987 ± 0.001", "0.5"], ["  published", "0.98 ± 0.01", "-"], ["[bold]CNN|8", "-0.5", ""]],
    ["100 % of n_1 & n_2."],
    "Scores",
)
WIDE = TextTable(
    ["", *(f"column {number}" for number in range(7))],
    [["a name of some length", *["0.990 (0.980, 0.999)"] * 7], ["other", *["0.5 ± 0.1"] * 7]],
)


def printed(table: TextTable, width: int) -> list[str]:
    file = StringIO()
    Console(width=width, file=file).print(TerminalTable(table))
    return file.getvalue().splitlines()


def test_a_wide_terminal_has_a_line_for_each_row() -> None:
    lines = printed(TABLE, 80)
    assert lines[0] == "Scores"
    assert any(re.fullmatch(r" NWM linear +0\.987 ±0\.001 +0\.5 *", line) for line in lines)
    assert any("[bold]CNN|8" in line for line in lines)
    assert lines[-1] == "100 % of n_1 & n_2."


def test_a_narrow_terminal_wraps_between_numbers_and_cuts_none() -> None:
    assert WIDE.width > 80
    lines = printed(WIDE, 80)
    assert all(len(line) <= 80 for line in lines)
    assert sum(line.split().count("0.990") for line in lines) == 7
    assert sum(line.split().count("(0.980,") for line in lines) == 7
    assert sum(line.split().count("0.999)") for line in lines) == 7
    assert sum(line.split().count("±0.1") for line in lines) == 7


def test_markdown_round_trips() -> None:
    title, table, note = to_markdown(TABLE).strip().split("\n\n")
    cells = [
        [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table.split("\n")
    ]
    assert (title, note) == ("**Scores**", "100 % of n_1 & n_2.")
    assert cells[0] == ["", "acc fg", "mean IoU"]
    assert cells[2:] == [[cells_[0].strip(), *cells_[1:]] for cells_ in TABLE.body]


def test_latex_has_every_cell() -> None:
    text = to_latex(TABLE)
    rows = [line.strip().rstrip("\\") for line in text.splitlines() if " & " in line]
    assert rows[-3:] == [
        r"NWM linear & 0.987 $\pm$ 0.001 & 0.5 ",
        r"\quad published & 0.98 $\pm$ 0.01 & -- ",
        "{[}bold]CNN|8 & $-$0.5 &  ",
    ]
    assert r"100 \% of n\_1 \& n\_2." in text


def test_wide_latex_wraps_like_a_narrow_terminal() -> None:
    assert WIDE.width > LATEX_LINE_WIDTH
    rows = [line for line in to_latex(WIDE).splitlines() if "0.9" in line or r"\pm" in line]
    assert [row.count("&") for row in rows] == [7] * 4
    assert [row.endswith(r"\\*") for row in rows] == [True, True, False, False]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_latex_compiles_and_fits_the_page(tmp_path: Path) -> None:
    special = TextTable(["", "a\nb"], [["\\ ~ ^ < > & % $ # _ { } ±", "-1"]], ["\\ ~ ^ < > & % $ # _ { } ±"], "# _ %")
    body = "\n".join(map(to_latex, [TABLE, special, WIDE]))
    document = "\\documentclass{article}\n\\usepackage{booktabs,longtable}\n\\begin{document}\n%s\n\\end{document}\n"
    (tmp_path / "tables.tex").write_text(document % body, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "tables.tex"]
    for _ in range(2):  # longtable measures its columns in the first run
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60)
        assert result.returncode == 0, result.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "tables.pdf").stat().st_size > 0
    assert "Overfull" not in (tmp_path / "tables.log").read_text(errors="replace")
