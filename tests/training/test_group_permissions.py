"""Users of a group can train in each other's run folders."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from drumhead.data import Dataset

from .tiny_runs import Stop, fit, tiny_experiment


def test_the_files_of_a_run_have_the_permissions_of_the_umask(boards: Dataset, tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        with pytest.raises(KeyboardInterrupt):
            fit(tiny_experiment("cnn", epochs=2), boards, tmp_path / "run", Stop(after_epoch=1))
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "run").iterdir()}
    assert {"last.ckpt", "model.safetensors", "metrics.csv", "config.json", ".lock"} <= modes.keys()
    assert modes == dict.fromkeys(modes, 0o664)
