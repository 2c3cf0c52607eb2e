from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from tests.disks import small_disk

from drumhead.files import atomic_replace, check_writable, fsync, read_json, read_small_file


def test_a_new_file_appears_whole_and_alone(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "notes.txt"
    with atomic_replace(target) as temporary:
        temporary.write_text("whole")
        assert temporary.name == target.name
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_an_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "notes.txt"
    target.write_text("old")
    with atomic_replace(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


def test_files_that_can_be_written_pass_and_leave_nothing(tmp_path: Path) -> None:
    existing = tmp_path / "old.txt"
    existing.write_text("old")
    check_writable(existing, tmp_path / "new" / "folder" / "notes.txt")
    assert list(tmp_path.rglob("*")) == [existing]
    assert existing.read_text() == "old"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("folder", "Is a directory"), ("file/notes.txt", "Not a directory"), ("gone/notes.txt", "No such file")],
)
def test_files_that_cannot_be_written_are_named(name: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(OSError, match=rf"{name} cannot be written \({reason}.*choose another"):
        check_writable(tmp_path / "fine.txt", tmp_path / name)


def test_files_on_a_read_only_disk_cannot_be_written(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        disk.make_read_only()
        with pytest.raises(OSError, match=r"notes.txt cannot be written \(Read-only file system\)"):
            check_writable(disk.folder / "new" / "notes.txt")


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_a_crash_keeps_the_old_file_and_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    target = tmp_path / "notes.txt"
    target.write_text("old")

    def crash() -> None:
        with atomic_replace(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        crash()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_crash_leaves_no_new_file(tmp_path: Path) -> None:
    def crash() -> None:
        with atomic_replace(tmp_path / "notes.txt"):
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        crash()
    assert list(tmp_path.iterdir()) == []


def test_the_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("")
    with atomic_replace(tmp_path / "notes.txt") as temporary:
        temporary.write_text("")
    assert (tmp_path / "notes.txt").stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("named", [False, True])
def test_an_error_names_the_file_that_was_meant(named: bool, tmp_path: Path) -> None:
    """As that of a full disk names none, and that of a vanished folder a temporary one."""

    def fail() -> None:
        with atomic_replace(tmp_path / "notes.txt") as temporary:
            raise OSError(errno.ENOSPC, "No space left on device", *([str(temporary)] if named else []))

    with pytest.raises(OSError, match="No space left on device") as raised:
        fail()
    assert (raised.value.errno, raised.value.filename) == (errno.ENOSPC, str(tmp_path / "notes.txt"))


def test_an_error_about_another_file_is_left(tmp_path: Path) -> None:
    def fail() -> None:
        with atomic_replace(tmp_path / "notes.txt"):
            (tmp_path / "nowhere").read_text()

    with pytest.raises(FileNotFoundError) as raised:
        fail()
    assert raised.value.filename == str(tmp_path / "nowhere")


def test_what_is_to_last_is_on_the_disk_before_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "notes.txt"
    target.write_text("old")
    seen: list[tuple[str, str]] = []
    monkeypatch.setattr("drumhead.files.fsync", lambda path: seen.append((path.name, target.read_text())))
    with atomic_replace(target, durable=True) as temporary:
        temporary.write_text("new")
    assert seen == [("notes.txt", "old"), (tmp_path.name, "new")]
    with atomic_replace(target) as temporary:
        temporary.write_text("newer")
    assert len(seen) == 2


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_folders_that_cannot_be_synced_are_no_fault(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    if number == errno.EINVAL:
        fsync(tmp_path)
    else:
        with pytest.raises(OSError, match=os.strerror(number)):
            fsync(tmp_path)


def test_paths_may_be_strings(tmp_path: Path) -> None:
    path = str(tmp_path / "notes.json")
    with atomic_replace(path) as temporary:
        temporary.write_text("[1]")
    assert read_small_file(path) == b"[1]"
    assert read_json(path) == [1]
