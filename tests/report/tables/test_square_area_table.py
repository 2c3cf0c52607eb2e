"""Tests of the table and CSV file of the study of square areas."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from drumhead.analysis.square_area import DURATION_COUNT, AreaStudy
from drumhead.report.tables.square_area_table import area_table, write_area_csv


def test_table_has_a_row_for_each_square_in_a_narrow_terminal(area_study: AreaStudy) -> None:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(area_table(area_study))
    printed = captured.get()
    rows = [line.split() for line in printed.splitlines() if line.split()[:1] in (["5"], ["9"])]
    assert [row[:2] for row in rows] == [["5", "25"], ["9", "81"]]
    assert "…" not in printed
    assert "side 8 (f = 0.0878) and more is lower: less than one period is recorded" in " ".join(printed.split())
    assert rows[0][-1] == "1.39"
    assert float(rows[0][-2]) == pytest.approx(25, abs=0.05)


def test_csv_has_every_estimate(area_study: AreaStudy, tmp_path: Path) -> None:
    path = tmp_path / "new" / "area.csv"
    write_area_csv(area_study, str(path))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * DURATION_COUNT
    for row, each in zip(rows, area_study.estimates, strict=True):
        assert (row["side"], row["estimation"], int(row["heard"])) == (str(each.side), each.estimation, each.heard)
        assert row["area"] == ("" if np.isnan(each.area) else str(each.area))
        assert (row["error"] == "") == np.isinf(each.error)
        assert float(row["area_true"]) == each.side**2
        assert float(row["periods"]) == pytest.approx(each.duration * float(row["fundamental_lattice"]))
