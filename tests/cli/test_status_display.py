"""The table of runs: no number is cut in a narrow terminal, and runs that are limited by time say so."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from drumhead.cli.console import Console
from drumhead.cli.status_display import changes, epochs_text, runs_table
from drumhead.experiments import find_experiment
from drumhead.sweeps import RunStatus

EXPERIMENT = find_experiment("tetrominoes-nwm-linear")
TIMED = EXPERIMENT.replace(recipe=EXPERIMENT.recipe.replace(seconds=140.0, epochs=1000))


def status(name: str, *, timed: bool = False, **fields: Any) -> RunStatus:
    experiment = TIMED if timed else EXPERIMENT
    plain = RunStatus(Path("runs") / name, "done", experiment, epoch=14, step=2800, seconds=140.2)
    return plain._replace(val_loss=0.123, iou_foreground=0.456, mean_iou=0.789, **fields)


@pytest.mark.parametrize("width", [80, 100, 160])
def test_no_number_is_broken_at_any_width(width: int) -> None:
    seen = [
        status("a-very-long-name-of-a-folder-that-does-not-fit-tetrominoes-nwm-linear-model.steps=100-seed2200"),
        status("timed", timed=True, state="running", where="job 17, node-with-a-long-name, process 12345"),
        status("early", stopped_early=True),
    ]
    file = io.StringIO()
    console = Console(file=file, width=width)
    console.print(runs_table(seen, Path("runs"), console))
    printed = file.getvalue()
    for number in ("14/300", "0.123", "0.456", "0.789", "140/140 s, 2,800 steps", "14/300, stopped early", "running"):
        assert number in printed
    assert max(map(len, printed.splitlines())) <= width


def test_a_run_limited_by_time_shows_seconds_and_steps() -> None:
    assert epochs_text(status("a", timed=True)) == "140 s, 2,800 steps"
    assert epochs_text(status("a", timed=True, state="running", seconds=70.0, step=1400)) == "70/140 s, 1,400 steps"
    assert epochs_text(status("a")) == "14/300"
    (line,) = changes([status("a", timed=True)], {}, Path("runs"))
    assert "140 s, 2,800 steps" in line.plain
    assert "epoch" not in line.plain
