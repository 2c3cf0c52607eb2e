"""The folder for pickles is private to its user."""

from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.runs import RunError
from drumhead.sweeps.submitit_folder import find_submitit_folders, pickle_folder, submitit_folder


def test_other_users_cannot_read_or_write_pickles(tmp_path: Path) -> None:
    folder = pickle_folder(tmp_path / "runs")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.parent == submitit_folder(tmp_path / "runs")
    assert pickle_folder(tmp_path / "runs") == folder
    folder.chmod(0o770)
    with pytest.raises(RunError, match=r"nobody else may write to it.*its mode is 770"):
        pickle_folder(tmp_path / "runs")


def test_a_link_instead_of_the_folder_is_an_error(tmp_path: Path) -> None:
    folder = pickle_folder(tmp_path)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="must be your own folder"):
        pickle_folder(tmp_path)


def test_submitit_folders_are_found_below_and_beside_a_folder(tmp_path: Path) -> None:
    one, other = submitit_folder(tmp_path / "a" / "runs"), submitit_folder(tmp_path / "b")
    (tmp_path / "b" / "run").mkdir()
    assert set(find_submitit_folders(tmp_path)) == {one, other}
    assert find_submitit_folders(tmp_path / "b" / "run") == [other]
