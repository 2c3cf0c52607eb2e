"""Tests of tables as files."""

from __future__ import annotations

from pathlib import Path

from tests.results.rows import row

from drumhead.report.tables.long_csv import result_sets_csv
from drumhead.report.tables.table_files import write_tables
from drumhead.results.result_sets import result_sets


def test_tables_are_written_in_every_format(tmp_path: Path) -> None:
    sets = result_sets([row(score=0.25)])
    paths = write_tables(sets, str(tmp_path), "scores")
    assert [path.name for path in paths] == ["scores.md", "scores.csv", "scores.tex"]
    markdown, csv, latex = (path.read_text(encoding="utf-8") for path in paths)
    assert "| NWM linear | 1 | 0 | 0.250 |" in markdown
    assert csv == result_sets_csv(sets)
    assert "NWM linear & 1 & 0 & 0.250" in latex
