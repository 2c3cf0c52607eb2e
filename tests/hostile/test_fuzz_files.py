"""Random changes of every file that is opened: the command succeeds or is refused, quickly, and changes nothing else.

Configurations, manifests, scores, tables, YAML, PNG, NumPy and IDX files, weights and checkpoints.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from tests.hostile.fuzzing import CASES, hostile, same_each_time
from tests.hostile.guard import run, snapshot
from tests.hostile.world import OPENED_BY

MAY_FAIL = {"run/model.safetensors", "going/last.ckpt"}
"""Weights may have become infinite or NaN, which only computing with them shows: exit code 1."""
MADE = ("new", "masks", "runs")


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("cases", [8, pytest.param(400, marks=pytest.mark.slow)])
@pytest.mark.parametrize("place", OPENED_BY)
def test_a_changed_file_ends_no_command_badly(place: str, cases: int, world: Path, outside: Path) -> None:
    whole = (world / place).read_bytes()
    folder = (world / place).relative_to(world).parts[0]
    kept = world.parent / "kept"
    shutil.copytree(world, kept)
    before = {path.name: snapshot(path) for path in world.iterdir() if path.name != folder}

    @same_each_time(cases)
    @given(content=hostile(place, whole))
    def check(content: bytes) -> None:
        CASES[place] += 1
        (world / place).write_bytes(content)
        ended = run(OPENED_BY[place])
        failed = ended.code == 1 and place in MAY_FAIL and "Traceback" not in ended.error
        assert ended.is_clean or failed, ended
        for name in MADE:
            shutil.rmtree(world / name, ignore_errors=True)
        if (world / folder).is_dir():
            shutil.rmtree(world / folder)
            shutil.copytree(kept / folder, world / folder)

    check()
    after = {path.name: snapshot(path) for path in world.iterdir() if path.name != folder}
    assert after == before
