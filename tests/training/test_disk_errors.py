"""A disk that is full, read-only or unmounted: the error is one line, files stay whole, and training resumes later."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.disks import Disk, small_disk

from drumhead.cli import main
from drumhead.data import Dataset
from drumhead.runs import Run, RunError, lock_owner
from drumhead.training import EpochReport, Observer

from .repeated_kills import assert_readable
from .tiny_runs import DEMO, Stop, assert_same_training, fit, tiny_experiment

EXPERIMENT = tiny_experiment("cnn", **{**DEMO, "epochs": 3}, model_fields={"pixel_widths": (64,)})
FILES = ["config.json", "model.safetensors", "last.ckpt", "metrics.csv", "scores.json"]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    with small_disk(tmp_path / "disk") as mounted:
        yield mounted


@pytest.fixture(scope="module")
def uninterrupted(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a run of the experiment without any error."""
    return fit(EXPERIMENT, boards, tmp_path_factory.mktemp("uninterrupted") / "run")


def before_writing(
    name: str, action: Callable[[], object], monkeypatch: pytest.MonkeyPatch, *, from_epoch: int = 1
) -> None:
    """Call ``action`` just before a file of a run is replaced, the ``from_epoch``-th time and later."""
    atomic_replace, times = Run.atomic_replace, [0]

    def after_action(run: Run, path: Path) -> Any:
        if path.name == name:
            times[0] += 1
            if times[0] >= from_epoch:
                action()
        return atomic_replace(run, path)

    monkeypatch.setattr(Run, "atomic_replace", after_action)


def temporary_files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*") if path.name != ".lock"]


@pytest.mark.parametrize(
    ("name", "room"), [*((name, 0) for name in FILES), ("model.safetensors", 8192), ("last.ckpt", 8192)]
)
def test_a_full_disk(
    name: str, room: int, boards: Dataset, disk: Disk, uninterrupted: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk has no room at all, or room for the beginning of a larger file."""
    folder = disk.folder / "run"
    once = name in ("config.json", "scores.json")
    before_writing(name, lambda: disk.fill(leave_free=room), monkeypatch, from_epoch=1 if once else 2)
    with pytest.raises(OSError, match="No space left on device") as raised:
        fit(EXPERIMENT, boards, folder)
    assert raised.value.errno == errno.ENOSPC
    assert raised.value.filename == str(folder / name)
    assert temporary_files(disk.folder) == []
    assert lock_owner(folder) is None
    assert_readable(folder)
    if name != "config.json":
        run = Run.open(folder)
        assert run.state == "unfinished"
        assert run.load_model()
        state = run.load_checkpoint()
        assert state is not None
        assert state["epoch"] == {"model.safetensors": 1, "last.ckpt": 1, "metrics.csv": 2, "scores.json": 3}[name]
    monkeypatch.undo()
    disk.remove_filler()
    assert_same_training(fit(EXPERIMENT, boards, folder), uninterrupted)


def test_a_disk_that_is_full_before_training_begins(boards: Dataset, disk: Disk, uninterrupted: Run) -> None:
    folder = disk.folder / "run"
    disk.fill()
    with pytest.raises(OSError, match=r"No space left on device: .*owner\.json"):
        fit(EXPERIMENT, boards, folder)
    assert temporary_files(disk.folder) == []
    disk.remove_filler()
    assert_same_training(fit(EXPERIMENT, boards, folder), uninterrupted)


class CallAfterEpoch(Observer):
    """Calls ``action`` after an epoch."""

    def __init__(self, epoch: int, action: Callable[[], object]) -> None:
        self.epoch, self.action = epoch, action

    def epoch_ended(self, report: EpochReport) -> None:
        if report.epoch == self.epoch:
            self.action()


def train_one_epoch(boards: Dataset, folder: Path) -> Path:
    """Train the experiment in a folder, interrupt it after its first epoch, and return the folder."""
    with pytest.raises(KeyboardInterrupt):
        fit(EXPERIMENT, boards, folder, Stop(after_epoch=1))
    return folder


def test_the_command_reports_it_in_one_line(
    boards: Dataset, disk: Disk, uninterrupted: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = train_one_epoch(boards, disk.folder / "run")
    before_writing("last.ckpt", disk.fill, monkeypatch)
    capsys.readouterr()
    assert main(["train", str(folder)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"drumhead: [Errno 28] No space left on device: '{folder / 'last.ckpt'}'"]
    monkeypatch.undo()
    disk.remove_filler()
    assert main(["train", str(folder)]) == 0
    assert_same_training(Run.open(folder), uninterrupted)


class TestReadOnly:
    """On a read-only disk everything can be read, and training is rejected before it begins."""

    def test_a_partial_run(self, boards: Dataset, disk: Disk, capsys: pytest.CaptureFixture[str]) -> None:
        folder = train_one_epoch(boards, disk.folder / "run")
        disk.make_read_only()
        run = Run.open(folder)
        assert len(run.metrics()) == 1
        assert run.load_checkpoint()
        assert run.load_model()
        assert lock_owner(folder) is None
        with pytest.raises(RunError, match="run cannot be locked: Read-only file system"):
            fit(EXPERIMENT, boards, folder)
        assert main(["runs", str(disk.folder)]) == 0
        capsys.readouterr()
        assert main(["train", str(folder)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"drumhead: {folder} cannot be locked: Read-only file system.")

    def test_a_finished_run(self, boards: Dataset, disk: Disk, capsys: pytest.CaptureFixture[str]) -> None:
        run = fit(EXPERIMENT, boards, disk.folder / "run")
        disk.make_read_only()
        assert fit(EXPERIMENT, boards, run.folder).scores() == run.scores()
        assert main(["train", str(run.folder)]) == 0

    def test_a_new_run(self, boards: Dataset, disk: Disk) -> None:
        disk.make_read_only()
        with pytest.raises(RunError, match="run cannot be locked: Read-only file system"):
            fit(EXPERIMENT, boards, disk.folder / "run")


class TestVanished:
    """A run folder that disappears during training is not created again."""

    def test_it_was_removed(self, boards: Dataset, tmp_path: Path) -> None:
        folder = tmp_path / "run"
        # Progress is written beside the training, which may see the folder while it is being removed.
        removed = (
            "is gone: it was moved or removed, or its disk is no longer there|was taken over as owner.json was removed"
        )
        with pytest.raises(RunError, match=f"{folder} ({removed})"):
            fit(EXPERIMENT, boards, folder, CallAfterEpoch(1, lambda: shutil.rmtree(folder)))
        assert list(tmp_path.iterdir()) == []

    def test_it_was_moved(self, boards: Dataset, uninterrupted: Run, tmp_path: Path) -> None:
        folder, other = tmp_path / "run", tmp_path / "other"
        with pytest.raises(RunError, match="is gone"):
            fit(EXPERIMENT, boards, folder, CallAfterEpoch(1, lambda: shutil.move(folder, other)))
        assert [path.name for path in tmp_path.iterdir()] == ["other"]
        assert_same_training(fit(EXPERIMENT, boards, other), uninterrupted)

    def test_its_disk_was_unmounted(self, boards: Dataset, disk: Disk) -> None:
        folder = disk.folder / "run"
        with pytest.raises(RunError, match="run is gone"):
            fit(EXPERIMENT, boards, folder, CallAfterEpoch(2, disk.unmount))
        assert list(disk.folder.iterdir()) == []

    def test_the_command_reports_it_in_one_line(
        self, boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = train_one_epoch(boards, tmp_path / "run")
        before_writing("metrics.csv", lambda: shutil.rmtree(folder, ignore_errors=True), monkeypatch, from_epoch=2)
        capsys.readouterr()
        assert main(["train", str(folder)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line == f"drumhead: {folder} is gone: it was moved or removed, or its disk is no longer there"
        assert not folder.exists()
