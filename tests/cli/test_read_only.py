"""Folders that cannot be written: said before the work, or after it with all results shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.disks import small_disk
from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.cli import FAILED, INTERRUPTED, OK, USAGE_ERROR, main
from drumhead.runs import DataRecord, Run

REFUSED = {
    "figure": "figure waves {runs}/nwm --out {disk}/figures",
    "scores figure": "figure scores {runs} --out {disk}/figures",
    "area": "figure square-area --out {disk}/figures",
    "movie": "movie {disk}/runs/nwm",
    "report": "report {runs} --out {disk}/report",
    "table": "table {runs} --out {disk}/table.csv --format csv",
    "predict": "predict {runs}/nwm {runs}/image.npy --out {disk}/masks",
    "results": "evaluate {runs} --out {disk}/results.csv",
    "json": "evaluate {runs} --json {disk}/scores.json",
    "dataset": "data tetrominoes --out {disk}/new",
    "import": "data import {runs}/../boards --out {disk}/cells",
    "sweep": "sweep tetrominoes-cnn-2 --out {disk}/sweep --recipe smoke",
    "reproduce": "reproduce figures --out {disk}/all --recipe smoke",
}


def make_runs(root: Path) -> Path:
    """Return a folder with two runs of toy models."""
    data = DataRecord.from_dataset(toy_dataset(root / "boards"))
    for name, experiment in (("nwm", "tetrominoes-nwm-linear"), ("cnn", "tetrominoes-cnn-2")):
        toy_run(root / "runs" / name, experiment, data, score=0.5)
    np.save(root / "runs" / "image.npy", np.zeros((16, 16, 3), np.uint8))
    return root / "runs"


def test_a_read_only_folder_is_said_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runs = make_runs(tmp_path)
    with small_disk(tmp_path / "disk", kilobytes=8192) as disk:
        make_runs(disk.folder)
        disk.make_read_only()
        for command in REFUSED.values():
            args = command.format(runs=runs, disk=disk.folder).split()
            assert main(args) == USAGE_ERROR, command
            printed = capsys.readouterr()
            assert "cannot be written (Read-only file system): choose another file or folder" in printed.err
            assert printed.out == "", command
    assert not (tmp_path / "data").exists()


def test_evaluate_shows_the_scores_of_runs_in_a_read_only_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", kilobytes=8192) as disk:
        runs = make_runs(disk.folder)
        disk.make_read_only()
        assert main(["evaluate", str(runs), "--out", str(tmp_path / "results.csv"), "--accelerator", "cpu"]) == FAILED
        printed = capsys.readouterr()
        assert "nwm" in printed.out
        assert "cnn" in printed.out
        for name in ("nwm", "cnn"):
            assert f"{runs / name / 'scores.json'} is not written: [Errno 30] Read-only file system" in printed.err
    assert (tmp_path / "results.csv").read_text().count("\n") == 3  # the header and both runs


def test_runs_with_other_class_names_are_scored_side_by_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = (("background", "a", "b"), ("background", "c", "d"))
    for folder, classes in zip("xy", names, strict=True):
        for split in ("train", "val", "test"):
            (tmp_path / folder / "data").mkdir(parents=True, exist_ok=True)
            np.save(tmp_path / folder / "data" / f"{split}_images.npy", np.zeros((4, 8, 8), np.uint8))
            masks = np.tile(np.arange(8, dtype=np.uint8) % 3, (4, 8, 1))
            np.save(tmp_path / folder / "data" / f"{split}_masks.npy", masks)
        (tmp_path / folder / "data" / "classes.txt").write_text("\n".join(classes))
        args = ["train", "tetrominoes-cnn-2", "--recipe", "smoke", "--data", str(tmp_path / folder / "data")]
        assert main([*args, "--out", str(tmp_path / folder / "run"), "--model.pixel-widths", "4"]) == OK
    capsys.readouterr()
    files = ["--json", str(tmp_path / "scores.json"), "--out", str(tmp_path / "results.csv")]
    assert main(["evaluate", str(tmp_path / "x/run"), str(tmp_path / "y/run"), *files]) == OK
    printed = capsys.readouterr().out
    assert all(name in printed for name in (" a ", " b ", " c ", " d "))
    assert (tmp_path / "scores.json").is_file()
    assert (tmp_path / "results.csv").read_text().count("\n") == 3


def test_printed_commands_are_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = make_runs(tmp_path / "my runs") / "cnn"
    assert Run.open(folder).repair_hint.endswith(f"run: drumhead train '{folder}'")

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("drumhead.cli.train.train", interrupted)
    (folder / "scores.json").unlink()
    assert main(["train", str(folder)]) == INTERRUPTED
    assert f"Resume with: drumhead train '{folder}'" in capsys.readouterr().err
