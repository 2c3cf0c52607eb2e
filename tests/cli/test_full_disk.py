"""A full disk: every command reports it in one line, keeps the existing files, and leaves no partial ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.disks import small_disk
from tests.report.toy_runs import toy_dataset, toy_run

from drumhead.cli import main
from drumhead.runs import DataRecord

COMMANDS = {
    "table": "table {runs} --out {disk}/table.csv --format csv",
    "evaluate": "evaluate {runs} --out {disk}/results.csv --accelerator cpu",
    "scores": "evaluate {runs} --json {disk}/results.json --accelerator cpu",
    "figure": "figure waves {runs}/nwm --out {disk}/figures",
    "movie": "movie {runs}/nwm --out {disk}/waves.gif",
    "mp4": "movie {runs}/nwm --out {disk}/waves.mp4",
    "view": "view {runs}/nwm --out {disk}/view.html --overwrite",
    "report": "report {runs} --out {disk}/report --no-theory --no-movies",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs, one of which has waves to show."""
    root = tmp_path_factory.mktemp("full-disk")
    data = DataRecord.from_dataset(toy_dataset(root / "boards"))
    for name, experiment in (("nwm", "tetrominoes-nwm-linear"), ("cnn", "tetrominoes-cnn-2")):
        toy_run(root / "runs" / name, experiment, data, score=0.5)
    return root / "runs"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# imageio-ffmpeg leaves its broken pipe to the collector of garbage.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", COMMANDS)
def test_existing_files_are_kept(name: str, runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_disk(tmp_path / "disk", kilobytes=8192) as disk:
        args = COMMANDS[name].format(runs=runs, disk=disk.folder).split()
        assert main(args) == 0
        before = files(disk.folder)
        assert before
        disk.fill()
        capsys.readouterr()
        assert main(args) == (1 if args[0] == "evaluate" else 2)  # the scores are shown, the files are not written
        message = [line for line in capsys.readouterr().err.splitlines() if "warning" not in line]
        assert len(message) == 1
        assert "No space left on device" in message[0] or "is the disk full?" in message[0]
        assert any(path in message[0] for path in before)
        disk.remove_filler()
        assert files(disk.folder) == before
        assert main(args) == 0


def test_data_is_written_atomically(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with small_disk(tmp_path / "disk", kilobytes=64) as disk:
        sizes = [
            "--seed",
            "1",
            "--canvas",
            "24",
            "--cell",
            "5",
            "--max-pieces",
            "2",
            "--train",
            "40",
            "--val",
            "2",
            "--test",
            "2",
        ]
        assert main(["data", "tetrominoes", *sizes, "--out", str(disk.folder / "boards")]) == 2
        message = capsys.readouterr().err.splitlines()
        assert message == [f"drumhead: [Errno 28] No space left on device: '{disk.folder / 'boards'}'"]
        assert list(disk.folder.iterdir()) == []


def test_masks_are_written_atomically(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    Image.new("RGB", (24, 24)).save(tmp_path / "image.png")
    with small_disk(tmp_path / "disk", kilobytes=64) as disk:
        (disk.folder / "masks").mkdir()
        disk.fill()
        args = ["predict", str(runs / "cnn"), str(tmp_path / "image.png"), "--out", str(disk.folder / "masks")]
        assert main(args) == 2
        (message,) = capsys.readouterr().err.splitlines()
        assert message.startswith("drumhead: [Errno 28] No space left on device: ")
        assert list((disk.folder / "masks").iterdir()) == []
        disk.remove_filler()
        assert main(args) == 0
