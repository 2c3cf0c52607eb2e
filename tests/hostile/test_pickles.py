"""Files that contain code, for every kind of file that is opened: they are refused, and the code does not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hostile.guard import refused, run
from tests.hostile.payloads import PAYLOADS
from tests.hostile.world import OPENED_BY

SHOWN_OR_LEFT = ["stopped/failed.json", "stopped/log.txt", "lab/.submitit/jobs-0.json"]
"""Files that only describe the state of a run: they are shown as text, or omitted if damaged."""


@pytest.mark.parametrize("place", OPENED_BY)
def test_every_place_opens_what_it_should(place: str, world: Path) -> None:
    assert (world / place).is_file()
    ended = run(OPENED_BY[place])
    assert ended.code == 0, ended


@pytest.mark.parametrize("place", OPENED_BY)
def test_code_in_a_file_is_refused_and_does_not_run(place: str, world: Path, outside: Path) -> None:
    marker = world.parent / "marker"
    for name, (make, open_carelessly) in PAYLOADS.items():
        content = make(marker)
        (world / place).write_bytes(content)
        if place in SHOWN_OR_LEFT:
            ended = run(OPENED_BY[place])
            assert ended.code == 0, ended
            assert ended.is_clean, ended
        else:
            refused(OPENED_BY[place], Path(place).name)
        assert not marker.exists(), name
        assert not (world / "new").exists()
        assert not (world / "masks").exists()
        open_carelessly(content)  # what was refused would have run
        assert marker.is_dir(), name
        marker.rmdir()
