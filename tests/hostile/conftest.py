"""A world to be hostile to, anew for each test, with what lies outside of it watched."""

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
    """A world that is only copied."""
    folder = tmp_path_factory.mktemp("model") / "world"
    folder.mkdir()
    build(folder)
    return folder


@pytest.fixture
def world(model_world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A world of the test's own, where it works."""
    folder = tmp_path / "world"
    shutil.copytree(model_world, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A folder beside the world that must be the same at the end, to the time of change of each file."""
    folder = tmp_path / "outside"
    (folder / "below").mkdir(parents=True)
    for name in ("precious", "precious.json", "precious.csv", "precious.png", "below/precious"):
        (folder / name).write_text("precious")
    before = snapshot(folder)
    yield folder
    assert snapshot(folder) == before, "something outside was changed"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how many cases were run of each target."""
    if CASES:
        terminalreporter.section("fuzz cases")
        for target, cases in CASES.items():
            terminalreporter.line(f"{cases:>8,}  {target}")
