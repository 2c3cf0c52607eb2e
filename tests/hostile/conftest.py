"""A folder with every kind of file that Drumhead opens, new for each test; files outside must not change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.hostile.fuzzing import CASES
from tests.hostile.guard import snapshot
from tests.hostile.world import build


@pytest.fixture(scope="session")
def model_world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The original folder, which tests only copy."""
    folder = tmp_path_factory.mktemp("model") / "world"
    folder.mkdir()
    build(folder)
    return folder


@pytest.fixture
def world(model_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the folder for one test, as the current directory."""
    folder = tmp_path / "world"
    shutil.copytree(model_world, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder beside it that must not change during the test, including the modification time of each file."""
    folder = tmp_path / "outside"
    (folder / "below").mkdir(parents=True)
    for name in ("precious", "precious.json", "precious.csv", "precious.png", "below/precious"):
        (folder / name).write_text("precious")
    before = snapshot(folder)
    yield folder
    assert snapshot(folder) == before, "something outside was changed"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report the number of cases of each fuzz target."""
    if CASES:
        terminalreporter.section("fuzz cases")
        for target, cases in CASES.items():
            terminalreporter.line(f"{cases:>8,}  {target}")
