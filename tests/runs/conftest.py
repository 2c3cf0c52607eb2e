"""A fixture for a run folder that holds only its configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.runs import Run

from .sample_run import CONFIG


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.create(tmp_path / "run", CONFIG)
