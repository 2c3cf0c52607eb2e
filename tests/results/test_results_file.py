"""Tests of results files: they hold one row per run, split and dataset."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tests.results.rows import row
from tests.results.untrained_runs import BOARDS, make_run

from drumhead.data import Dataset, make_dataset
from drumhead.results.results_file import add_rows, collect_rows, read_rows
from drumhead.results.rows import ResultRow, baseline_scores


@pytest.fixture
def boards(tmp_path: Path) -> Dataset:
    return make_dataset(BOARDS, tmp_path / "boards")


def test_rows_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.csv"
    rows = [
        row(score=1 / 3, variant='linear, "steps" 50').replace(run=str(tmp_path / "new" / "a")),
        row(score=None, state="diverged", seed=1).replace(run=str(tmp_path / "b")),
    ]
    add_rows(path, rows)
    assert read_rows(path) == [rows[0].replace(run="a"), rows[1].replace(run="../b")]
    assert read_rows(str(path)) == read_rows(path)
    add_rows(str(path), rows)
    assert len(read_rows(path)) == 2


def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path) -> None:
    """Spreadsheets write one."""
    path = tmp_path / "results.csv"
    add_rows(path, [row(seed=1, score=0.1)])
    rows = read_rows(path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_rows(path) == rows
    add_rows(path, [row(seed=2, score=0.2)])
    assert len(read_rows(path)) == 2


def test_a_row_of_the_same_run_is_replaced_in_place(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    add_rows(path, [row(seed=1, score=0.1), row(seed=2, score=0.2)])
    before = path.read_bytes()
    add_rows(path, [row(seed=1, score=0.1)])
    assert path.read_bytes() == before
    add_rows(path, [row(seed=1, score=0.9), row(seed=3, score=0.3)])
    assert [(result.seed, result.acc) for result in read_rows(path)] == [(1, 0.9), (2, 0.2), (3, 0.3)]


def test_paths_of_the_same_run_are_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.csv"
    (tmp_path / "runs").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "runs")
    add_rows(path, [row().replace(run=str(tmp_path / "runs" / "a"))])
    monkeypatch.chdir(tmp_path / "runs")
    add_rows(Path("../results.csv"), [row().replace(run="a")])
    add_rows(Path("../results.csv"), [row().replace(run="../link/a")])
    assert [result.run for result in read_rows(path)] == ["runs/a"]


def test_other_splits_and_data_of_a_run_have_separate_rows(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    add_rows(path, [row(), row(split="val"), row(data="e" * 64)])
    assert len(read_rows(path)) == 3


def test_another_kind_of_file_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,loss\n1,0.5\n")
    with pytest.raises(ValueError, match=r"metrics\.csv is not a results file of this version: .*run,experiment"):
        add_rows(path, [row()])
    assert path.read_text() == "epoch,loss\n1,0.5\n"


def test_error_for_a_damaged_row_gives_its_line(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    add_rows(path, [row(seed=1), row(seed=2)])
    path.write_text(path.read_text().replace("finished", "perfect").replace("perfect", "finished", 1))
    with pytest.raises(ValueError, match=r"results\.csv, line 3, is not a row of results: [\s\S]*state"):
        read_rows(path)


def test_a_failed_write_leaves_the_file_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "results.csv"
    add_rows(path, [row(seed=1)])
    before = path.read_bytes()
    monkeypatch.setattr(ResultRow, "model_dump", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        add_rows(path, [row(seed=2)])
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["results.csv"]


def test_rows_of_folders_and_files_are_collected_once(
    boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in (1, 2):
        make_run(tmp_path / "runs" / str(seed), boards, seed=seed)
    make_run(tmp_path / "runs" / "3", boards, seed=3, done=False)
    monkeypatch.chdir(tmp_path)
    rows = collect_rows(["runs"])
    assert [(result.run, result.state) for result in rows] == [
        ("runs/1", "finished"),
        ("runs/2", "finished"),
        ("runs/3", "unfinished"),
    ]
    assert rows[2].acc is None
    assert all(result.background_acc == baseline_scores(boards).acc for result in rows)
    (tmp_path / "elsewhere").mkdir()
    add_rows(Path("elsewhere/results.csv"), [rows[0].replace(loss=9.0)])
    assert collect_rows([Path("runs/2"), Path("runs"), Path("elsewhere/results.csv")]) == [
        rows[1],
        rows[0].replace(loss=9.0),
        rows[2],
    ]


def test_rows_without_the_data_have_no_background_scores(boards: Dataset, tmp_path: Path) -> None:
    make_run(tmp_path / "run", boards)
    shutil.rmtree(boards.folder)
    (result,) = collect_rows([tmp_path / "run"])
    assert result.acc is not None
    assert result.background_acc is None
