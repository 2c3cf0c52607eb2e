from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.files import replacing


def test_a_new_file_appears_whole_and_alone(tmp_path: Path) -> None:
    target = tmp_path / "new" / "folder" / "notes.txt"
    with replacing(target) as temporary:
        temporary.write_text("whole")
        assert temporary.name == target.name
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list(target.parent.iterdir()) == [target]


def test_an_old_file_is_there_until_the_new_one_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "notes.txt"
    target.write_text("old")
    with replacing(target) as temporary:
        temporary.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt, SystemExit])
def test_a_crash_keeps_the_old_file_and_leaves_nothing(error: type[BaseException], tmp_path: Path) -> None:
    target = tmp_path / "notes.txt"
    target.write_text("old")

    def crash() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        crash()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_crash_leaves_no_new_file(tmp_path: Path) -> None:
    def crash() -> None:
        with replacing(tmp_path / "notes.txt"):
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        crash()
    assert list(tmp_path.iterdir()) == []


def test_the_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("")
    with replacing(tmp_path / "notes.txt") as temporary:
        temporary.write_text("")
    assert (tmp_path / "notes.txt").stat().st_mode == plain.stat().st_mode
