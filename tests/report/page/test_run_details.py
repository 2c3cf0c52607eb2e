"""The facts of a run in the report."""

from __future__ import annotations

from pathlib import Path

from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.report.page.run_details import run_facts
from drumhead.results.rows import result_row
from drumhead.runs import DataRecord


def test_the_facts_name_the_ignored_label_and_the_images_without_other_pixels(tmp_path: Path) -> None:
    data = DataRecord.from_dataset(toy_dataset(tmp_path / "data"))
    run = toy_run(tmp_path / "run", "tetrominoes-cnn-2", data, score=0.5)
    assert not any("ignored" in name for name in run_facts(run, result_row(run, run.scores())))
    run = toy_run(tmp_path / "other", "tetrominoes-cnn-2", data.replace(ignored_label=255), score=0.5)
    scores = run.scores()
    assert scores is not None
    run.write_scores(scores.replace(ignored_images=3))
    facts = run_facts(run, result_row(run, scores))
    assert facts["ignored label"] == "255: its pixels count in no loss and no score"
    assert facts["images with only ignored pixels"] == "3"
