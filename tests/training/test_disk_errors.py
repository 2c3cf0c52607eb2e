"""A disk that is full, read-only or gone: told in a line, what was there stays whole, and training goes on later."""

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
    with small_disk(tmp_path / "disk") as one:
        yield one


@pytest.fixture(scope="module")
def through(boards: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The experiment, trained without trouble."""
    return fit(EXPERIMENT, boards, tmp_path_factory.mktemp("through") / "run")


def before_writing(
    name: str, action: Callable[[], object], monkeypatch: pytest.MonkeyPatch, *, from_epoch: int = 1
) -> None:
    """Do something just before a run's file is replaced, for the time of some epoch and later."""
    replacing, times = Run.atomic_replace, [0]

    def after_action(run: Run, path: Path) -> Any:
        if path.name == name:
            times[0] += 1
            if times[0] >= from_epoch:
                action()
        return replacing(run, path)

    monkeypatch.setattr(Run, "atomic_replace", after_action)


def litter(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*") if path.name != ".lock"]


@pytest.mark.parametrize(
    ("name", "room"), [*((name, 0) for name in FILES), ("model.safetensors", 8192), ("last.ckpt", 8192)]
)
def test_a_full_disk(
    name: str, room: int, boards: Dataset, disk: Disk, through: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no room at all, and with room for the beginning of a larger file."""
    folder = disk.folder / "run"
    once = name in ("config.json", "scores.json")
    before_writing(name, lambda: disk.fill(leave_free=room), monkeypatch, from_epoch=1 if once else 2)
    with pytest.raises(OSError, match="No space left on device") as raised:
        fit(EXPERIMENT, boards, folder)
    assert raised.value.errno == errno.ENOSPC
    assert raised.value.filename == str(folder / name)
    assert litter(disk.folder) == []
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
    assert_same_training(fit(EXPERIMENT, boards, folder), through)


def test_a_disk_that_is_full_before_anything_is_begun(boards: Dataset, disk: Disk, through: Run) -> None:
    folder = disk.folder / "run"
    disk.fill()
    with pytest.raises(OSError, match=r"No space left on device: .*owner\.json"):
        fit(EXPERIMENT, boards, folder)
    assert litter(disk.folder) == []
    disk.remove_filler()
    assert_same_training(fit(EXPERIMENT, boards, folder), through)


class At(Observer):
    """Does something after an epoch."""

    def __init__(self, epoch: int, action: Callable[[], object]) -> None:
        self.epoch, self.action = epoch, action

    def epoch_ended(self, report: EpochReport) -> None:
        if report.epoch == self.epoch:
            self.action()


def begun(boards: Dataset, folder: Path) -> Path:
    """The folder of the experiment, stopped after its first epoch."""
    with pytest.raises(KeyboardInterrupt):
        fit(EXPERIMENT, boards, folder, Stop(after_epoch=1))
    return folder


def test_the_command_tells_it_in_a_line(
    boards: Dataset, disk: Disk, through: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = begun(boards, disk.folder / "run")
    before_writing("last.ckpt", disk.fill, monkeypatch)
    capsys.readouterr()
    assert main(["train", str(folder)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert told == [f"drumhead: [Errno 28] No space left on device: '{folder / 'last.ckpt'}'"]
    monkeypatch.undo()
    disk.remove_filler()
    assert main(["train", str(folder)]) == 0
    assert_same_training(Run.open(folder), through)


class TestReadOnly:
    """Where nothing can be written all can be read, and training is refused before it begins."""

    def test_a_begun_run(self, boards: Dataset, disk: Disk, capsys: pytest.CaptureFixture[str]) -> None:
        folder = begun(boards, disk.folder / "run")
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
        (told,) = capsys.readouterr().err.splitlines()
        assert told.startswith(f"drumhead: {folder} cannot be locked: Read-only file system.")

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
    """A folder that is gone in mid-training is not made anew, half."""

    def test_it_was_removed(self, boards: Dataset, tmp_path: Path) -> None:
        folder = tmp_path / "run"
        with pytest.raises(
            RunError, match=f"{folder} is gone: it was moved or removed, or its disk is no longer there"
        ):
            fit(EXPERIMENT, boards, folder, At(1, lambda: shutil.rmtree(folder)))
        assert list(tmp_path.iterdir()) == []

    def test_it_was_moved(self, boards: Dataset, through: Run, tmp_path: Path) -> None:
        folder, other = tmp_path / "run", tmp_path / "other"
        with pytest.raises(RunError, match="is gone"):
            fit(EXPERIMENT, boards, folder, At(1, lambda: shutil.move(folder, other)))
        assert [path.name for path in tmp_path.iterdir()] == ["other"]
        assert_same_training(fit(EXPERIMENT, boards, other), through)

    def test_its_disk_was_taken_away(self, boards: Dataset, disk: Disk) -> None:
        folder = disk.folder / "run"
        with pytest.raises(RunError, match="run is gone"):
            fit(EXPERIMENT, boards, folder, At(2, disk.unmount))
        assert list(disk.folder.iterdir()) == []

    def test_the_command_tells_it_in_a_line(
        self, boards: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        folder = begun(boards, tmp_path / "run")
        before_writing("metrics.csv", lambda: shutil.rmtree(folder, ignore_errors=True), monkeypatch, from_epoch=2)
        capsys.readouterr()
        assert main(["train", str(folder)]) == 2
        (told,) = capsys.readouterr().err.splitlines()
        assert told == f"drumhead: {folder} is gone: it was moved or removed, or its disk is no longer there"
        assert not folder.exists()
