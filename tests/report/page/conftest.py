"""A report of runs in every state, written once for all tests that read it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.analysis.square_area import study_areas
from drumhead.data import PolygonConfig, make_dataset
from drumhead.report.page.page import write_report
from drumhead.report.page.sections import open_runs, report_sections
from drumhead.runs import DataRecord, Run

SMOKE = {"epochs": 2, "steps_per_epoch": 2, "batch_size": 4}
ROWS = [
    {
        "epoch": epoch,
        "seconds": 2.0 * epoch,
        "train_loss": 1 / epoch,
        "val_loss": 1.1 / epoch,
        "val_iou_foreground": 0.3,
    }
    for epoch in (1, 2, 3)
]


class ToyReport(NamedTuple):
    """A report, its runs, and a folder that is not a readable run."""

    path: Path
    runs: list[Run]
    broken: Path


@pytest.fixture(scope="session")
def toy_report(tmp_path_factory: pytest.TempPathFactory) -> ToyReport:
    """Return a report of two datasets and two recipes, with runs in every state, without data, and unreadable."""
    root = tmp_path_factory.mktemp("report")
    boards = DataRecord.from_dataset(toy_dataset(root / "boards"))
    shapes = PolygonConfig(canvas=40, min_radius=5, max_radius=8, train=1, val=1, test=6, seed=0)
    polygons = DataRecord.from_dataset(make_dataset(shapes, root / "polygons"))
    gone = boards.replace(folder=str(root / "gone"), fingerprint="f" * 64)
    runs = root / "runs"
    made = [
        toy_run(runs / "nwm-0", "tetrominoes-nwm-linear", boards, seed=0, score=0.6),
        toy_run(runs / "nwm-1", "tetrominoes-nwm-linear", boards, seed=1, score=0.8),
        toy_run(runs / "cnn", "tetrominoes-cnn-2", boards, score=0.0),
        toy_run(runs / "gru", "tetrominoes-gru-last", boards),
        toy_run(runs / "lstm", "tetrominoes-lstm-last", boards),
        toy_run(runs / "smoke", "tetrominoes-nwm-linear", boards, score=0.4, **SMOKE),
        toy_run(runs / "polygons", "polygons-nwm-fft", polygons, score=0.5),
        toy_run(runs / "moved", "tetrominoes-nwm-fft", gone, score=0.7),
    ]
    for run in made[:2]:
        run.write_metrics(ROWS)
    made[3].write_divergence("the loss of step 31 is nan & more")
    made[4].model_path.unlink()
    (runs / "broken").mkdir()
    (runs / "broken" / "config.json").write_text("{")
    opened, unreadable = open_runs([runs])
    theory = study_areas((4, 6), duration=60.0, strikes=2, points=3)
    path = write_report(root / "out", report_sections(opened), unreadable=unreadable, paths=[runs], theory=theory)
    return ToyReport(path, opened, runs / "broken")
