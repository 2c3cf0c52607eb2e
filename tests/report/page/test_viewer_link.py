"""The viewer beside a report: that of the first recurrent run, linked; why it is missing is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.report.page.test_page import Reader
from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.cli import OK, USAGE_ERROR, main
from drumhead.report.page.page import write_report
from drumhead.report.page.sections import report_sections
from drumhead.report.page.viewer_link import find_viewed_run
from drumhead.runs import DataRecord


def test_the_viewer_of_the_first_recurrent_run_is_beside_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = DataRecord.from_dataset(toy_dataset(tmp_path / "data"))
    toy_run(tmp_path / "runs" / "cnn", "tetrominoes-cnn-2", data, score=0.5)
    arguments = ["report", str(tmp_path / "runs"), "--out", str(tmp_path / "out"), "--no-theory", "--no-movies"]
    assert main([*arguments, "--view"]) == USAGE_ERROR
    assert "none of these is one; leave --view out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    toy_run(tmp_path / "runs" / "nwm", "tetrominoes-nwm-linear", data, score=0.5)
    assert main([*arguments, "--view"]) == OK
    page = Reader((tmp_path / "out" / "report.html").read_text())
    assert [link["href"] for link in page.all("a") if link["href"] == "view.html"] == ["view.html"]
    assert "NWM linear" in Reader((tmp_path / "out" / "view.html").read_text()).text
    assert main(arguments) == OK
    assert "view.html" not in (tmp_path / "out" / "report.html").read_text()


def test_a_viewer_without_data_is_not_shown_and_says_why(tmp_path: Path) -> None:
    data = DataRecord.from_dataset(toy_dataset(tmp_path / "data")).replace(folder=str(tmp_path / "gone"))
    sections = report_sections([toy_run(tmp_path / "run", "tetrominoes-nwm-linear", data, score=0.5)])
    path = write_report(tmp_path / "out", sections, movies=False, viewed=find_viewed_run(sections))
    text = Reader(path.read_text()).text
    assert "Not shown: The network of NWM linear" in text
    assert "is missing" in text
    assert not (tmp_path / "out" / "view.html").exists()
