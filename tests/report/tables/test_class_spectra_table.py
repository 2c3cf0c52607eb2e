"""Tests of the table and CSV file of a network's spectra by class."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from drumhead.analysis.class_study import ClassStudy, study_classes
from drumhead.data import Dataset, TetrominoConfig, image_loader, make_dataset
from drumhead.models import NWM, build, model_config
from drumhead.report.tables.class_spectra_table import class_spectra_table, write_spectra_csv

BOARDS = TetrominoConfig(canvas=24, cell=5, max_pieces=2, train=1, val=1, test=8, seed=0)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return make_dataset(BOARDS, tmp_path_factory.mktemp("data") / "boards")


def network(channels: int) -> NWM:
    config = model_config("nwm", steps=20, width=4, hidden_channels=channels, pixel_widths=(8,))
    model = build(config, in_channels=3, classes=6, seed=4)
    assert isinstance(model, NWM)
    return model.eval()


def study_of(model: NWM, dataset: Dataset) -> ClassStudy:
    batches = image_loader(dataset.splits["test"], batch_size=4, order=None)
    return study_classes(model, batches, classes=6, per_class=5, generator=np.random.default_rng(0))


def test_table_and_csv_of_a_study(dataset: Dataset, tmp_path: Path) -> None:
    study = study_of(network(2), dataset)
    console = Console(width=80)
    with console.capture() as captured:
        console.print(class_spectra_table(study))
    printed = captured.get()
    (row,) = [line.split() for line in printed.splitlines() if line.split()[:1] == ["1"]]  # channels 0 and 1
    medians = [np.median(part[1]) for pair in zip(study.inside, study.outside, strict=True) for part in pair]
    assert [float(cell) for cell in row[1:]] == pytest.approx(medians, abs=1e-4)
    assert f"balanced accuracy {study.probe.balanced_accuracy:.3f} (chance " in " ".join(printed.split())

    path = tmp_path / "spectra.csv"
    write_spectra_csv(study, dataset.class_names, str(path))
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["channel"] for row in rows} == {"0", "1"}
    present = study.spectra.pixels > 0
    assert len(rows) == present.sum() * 2 * 11
    assert [row["class"] for row in rows[:: 2 * 11]] == [dataset.class_names[i] for i in np.nonzero(present)[0]]
    np.testing.assert_allclose([float(row["mean"]) for row in rows], study.spectra.mean[present].ravel())
