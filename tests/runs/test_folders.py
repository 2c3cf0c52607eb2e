"""Which folders hold runs, and which can."""

from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.runs import Run, RunError, run_folders

from .sample_run import CONFIG


def test_an_empty_folder_becomes_a_run(tmp_path: Path) -> None:
    assert Run.create(tmp_path, CONFIG).config == CONFIG


def test_a_folder_with_anything_in_it_does_not(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(RunError, match="contains other files"):
        Run.create(tmp_path, CONFIG)
    with pytest.raises(RunError, match="contains other files"):
        Run.create(tmp_path / "thesis.txt", CONFIG)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_every_run_below_a_folder_is_found(tmp_path: Path) -> None:
    folders = [tmp_path, tmp_path / "b", tmp_path / "a" / "deep", tmp_path / "c"]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.json").write_text("anything")
    (tmp_path / "not a run").mkdir()
    being_written = tmp_path / "d" / ".config-x7"
    being_written.mkdir(parents=True)
    (being_written / "config.json").write_text("half")
    assert run_folders(tmp_path) == [tmp_path, tmp_path / "a" / "deep", tmp_path / "b", tmp_path / "c"]
    assert run_folders(str(tmp_path / "a")) == [tmp_path / "a" / "deep"]
    assert run_folders(tmp_path / "not a run") == []


def test_runs_in_a_hidden_place_are_found(tmp_path: Path) -> None:
    Run.create(tmp_path / ".cache" / "runs" / "one", CONFIG)
    assert run_folders(tmp_path / ".cache" / "runs") == [tmp_path / ".cache" / "runs" / "one"]


def test_runs_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nowhere is not a folder"):
        run_folders(tmp_path / "nowhere")
