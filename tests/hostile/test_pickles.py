"""Files with code in them, in every place a file is opened: refused, and the code did not run."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.hostile.guard import refused, run
from tests.hostile.payloads import PAYLOADS, is_live
from tests.hostile.world import OPENED_BY


@pytest.mark.parametrize("place", OPENED_BY)
def test_every_place_opens_what_it_should(place: str, world: Path) -> None:
    assert (world / place).is_file()
    ended = run(OPENED_BY[place])
    assert ended.code == 0, ended


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("place", OPENED_BY)
def test_code_in_a_file_is_refused_and_does_not_run(place: str, payload: str, world: Path, outside: Path) -> None:
    marker = world.parent / "marker"
    assert is_live(payload, marker)
    make, _ = PAYLOADS[payload]
    (world / place).write_bytes(make(marker))
    refused(OPENED_BY[place], Path(place).name)
    assert not marker.exists()
    assert not (world / "new").exists()
    assert not (world / "masks").exists()
