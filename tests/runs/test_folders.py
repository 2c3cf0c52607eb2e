"""Folders that hold runs, and folders that can hold a new run."""

from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.runs import (
    Run,
    RunError,
    check_new_run_folder,
    lock_folder,
    lock_owner,
    read_owner,
    run_folders,
    write_json,
)
from drumhead.zoo import load

from .sample_run import CONFIG


def test_an_empty_folder_becomes_a_run(tmp_path: Path) -> None:
    assert Run.create(tmp_path, CONFIG).config == CONFIG


def test_a_folder_with_other_files_does_not_become_a_run(tmp_path: Path) -> None:
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


def test_runs_below_a_hidden_folder_are_found(tmp_path: Path) -> None:
    Run.create(tmp_path / ".cache" / "runs" / "one", CONFIG)
    assert run_folders(tmp_path / ".cache" / "runs") == [tmp_path / ".cache" / "runs" / "one"]


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="nowhere is not a folder"):
        run_folders(tmp_path / "nowhere")


def test_paths_may_be_text(tmp_path: Path) -> None:
    folder = str(tmp_path / "run")
    check_new_run_folder(folder)
    run = Run.create(folder, CONFIG)
    assert (run.folder, Run(folder, CONFIG).folder) == (Path(folder), Path(folder))
    assert Run.open(folder).config == CONFIG
    run.save_model(run.new_model())
    assert not load(folder).training
    write_json(f"{folder}/note.json", {"note": 1})
    assert (tmp_path / "run" / "note.json").read_text() == '{\n  "note": 1\n}\n'
    with pytest.raises(RunError, match="contains other files"):
        check_new_run_folder(folder)
    with lock_folder(folder) as lock:
        assert lock_owner(folder) == read_owner(folder) == lock.owner
    assert run_folders(str(tmp_path)) == [Path(folder)]
