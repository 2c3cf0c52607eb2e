"""Tests of the table and CSV file of a network's spectra by class."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tests.report.toy_runs import toy_network, toy_study

from drumhead.data import Dataset
from drumhead.report.tables.class_spectra_table import class_spectra_table, write_spectra_csv


def test_table_and_csv_of_a_study(study_boards: Dataset, tmp_path: Path) -> None:
    study = toy_study(toy_network(2), study_boards)
    console = Console(width=80)
    with console.capture() as captured:
        console.print(class_spectra_table(study))
    printed = captured.get()
    (row,) = [line.split() for line in printed.splitlines() if line.split()[:1] == ["1"]]  # channels 0 and 1
    medians = [np.median(part[1]) for pair in zip(study.inside, study.outside, strict=True) for part in pair]
    assert [float(cell) for cell in row[1:]] == pytest.approx(medians, abs=1e-4)
    assert f"balanced accuracy {study.probe.balanced_accuracy:.3f} (chance " in " ".join(printed.split())

    path = tmp_path / "spectra.csv"
    write_spectra_csv(study, study_boards.class_names, str(path))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["channel"] for row in rows} == {"0", "1"}
    present = study.spectra.pixels > 0
    assert len(rows) == present.sum() * 2 * 11
    assert [row["class"] for row in rows[:: 2 * 11]] == [study_boards.class_names[i] for i in np.nonzero(present)[0]]
    np.testing.assert_allclose([float(row["mean"]) for row in rows], study.spectra.mean[present].ravel())
