"""A run that is killed at any moment and restarted is bit-identical to an uninterrupted one."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest
from tests.fork_server import ForkServer

from drumhead.data import Dataset
from drumhead.runs import Run, lock_owner
from drumhead.runs.folders import OWNER_FILE, TEMPORARY_FOLDER

from .repeated_kills import Tally, kill_until_done
from .tiny_runs import DEMO, assert_same_training, fit, tiny_experiment

EXPERIMENT = tiny_experiment("cnn", **{**DEMO, "epochs": 6})


def survive(
    kills: int, signal_number: signal.Signals, boards: Dataset, fork_server: ForkServer, tmp_path: Path, *, seed: int
) -> Tally:
    """Train runs with kills until there have been ``kills``; compare each run with an uninterrupted one."""
    uninterrupted = fit(EXPERIMENT, boards, tmp_path / "uninterrupted")
    written = tmp_path / "experiment.json"
    written.write_text(EXPERIMENT.model_dump_json())
    arguments = (written, boards.folder)
    tally, generator = Tally(), random.Random(seed)
    while tally.kills < kills:
        folder = tmp_path / str(tally.done)
        kill_until_done(
            fork_server,
            arguments,
            folder,
            signal_number=signal_number,
            max_kills=kills,
            generator=generator,
            tally=tally,
        )
        assert_same_training(Run.open(folder), uninterrupted)
        # A run that is killed after its scores are written is done, so nothing cleans up its folder any more.
        leftovers = {path.name for path in folder.iterdir()} - {path.name for path in uninterrupted.folder.iterdir()}
        assert all(name == OWNER_FILE or TEMPORARY_FOLDER.fullmatch(name) for name in leftovers)
        assert lock_owner(folder) is None
    print(f"\n{signal_number.name}: {tally}")
    return tally


@pytest.mark.parametrize(("name", "kills"), [("SIGKILL", 8), ("SIGTERM", 2), ("SIGINT", 2)])
def test_a_few_kills(name: str, kills: int, boards: Dataset, fork_server: ForkServer, tmp_path: Path) -> None:
    survive(kills, signal.Signals[name], boards, fork_server, tmp_path, seed=0)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(("name", "kills"), [("SIGKILL", 100), ("SIGTERM", 20), ("SIGINT", 20)])
def test_many_kills(name: str, kills: int, boards: Dataset, fork_server: ForkServer, tmp_path: Path) -> None:
    tally = survive(kills, signal.Signals[name], boards, fork_server, tmp_path, seed=1)
    if name == "SIGKILL":
        assert any(moment.startswith("writing") for moment in tally.moments)
        assert len(tally.moments) > 4
