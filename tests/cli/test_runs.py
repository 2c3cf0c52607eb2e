"""``drumhead runs`` in a process of its own: the table of runs in every state, without the import of torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.runs.sample_run import CONFIG, SCORES

from drumhead.runs import Run, lock_folder
from drumhead.sweeps import Failure
from drumhead.sweeps.failure import write_failure

HEAVY = {"torch", "lightning_fabric", "numba", "scipy", "skimage", "matplotlib"}
LIST_RUNS = f"""
import sys
from drumhead.cli import main
code = main(["runs", sys.argv[1]])
print("imported:", sorted({HEAVY} & sys.modules.keys()))
sys.exit(code)
"""


def create_run(folder: Path, *, epochs: int, done: bool = False, **recipe: Any) -> Run:
    """Create a run with some rows of metrics, of which only the first improved."""
    experiment = CONFIG.experiment.replace(recipe=CONFIG.experiment.recipe.replace(epochs=9, **recipe))
    run = Run.create(folder, CONFIG.replace(experiment=experiment))
    rows = [
        {"epoch": n, "step": 5 * n, "seconds": 8.0 * n, "val_loss": 0.5 + n / 10, "val_mean_iou": 0.25, "kept": n == 1}
        for n in range(1, epochs + 1)
    ]
    if rows:
        run.write_metrics([{**row, "kept": int(row["kept"])} for row in rows])
    if done:
        run.write_scores(SCORES)
    return run


def table_rows(output: str) -> dict[str, list[str]]:
    """Return the cells of each row of a printed table after the first cell, by that cell."""
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in output.splitlines() if "│" in line]
    return {name: cells for name, *cells in rows}


def test_the_table_of_all_states_needs_no_torch(tmp_path: Path) -> None:
    create_run(tmp_path / "finished", epochs=9, done=True)
    create_run(tmp_path / "early", epochs=3, done=True, patience=2)
    create_run(tmp_path / "early-timed", epochs=3, done=True, patience=2, seconds=60.0)
    create_run(tmp_path / "patient", epochs=9, done=True, patience=8)
    create_run(tmp_path / "half", epochs=2)
    create_run(tmp_path / "diverged", epochs=1).write_divergence("the loss is nan")
    owner = {"host": "elsewhere", "pid": 1, "token": "t", "since": "2026-01-01T00:00:00Z"}
    for name in ("foreign", "died"):
        folder = create_run(tmp_path / name, epochs=1).folder
        host = os.uname().nodename if name == "died" else "elsewhere"
        (folder / "owner.json").write_text(json.dumps({**owner, "host": host}))
    write_failure(create_run(tmp_path / "failed", epochs=1).folder, Failure(kind="failed", message="no space left"))
    (create_run(tmp_path / "broken", epochs=0).folder / "config.json").write_text("{")
    running = create_run(tmp_path / "running", epochs=4)
    environment = {**os.environ, "COLUMNS": "160"}
    with lock_folder(running.folder):
        command = [sys.executable, "-c", LIST_RUNS, str(tmp_path)]
        result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    assert result.stdout.splitlines()[-1] == "imported: []"
    rows = table_rows(result.stdout)
    own, where = ["tiny", "5"], f"{os.uname().nodename}, process {os.getpid()}"
    validated = ["0.600", "-", "0.250"]
    assert rows == {
        "finished": [*own, "done", "9/9", "0.600", "-", "0.333", "", ""],
        "early": [*own, "done", "3/9, stopped early", "0.600", "-", "0.333", "", ""],
        "early-timed": [*own, "done", "24/60 s, stopped early", "0.600", "-", "0.333", "", ""],
        "patient": [*own, "done", "9/9", "0.600", "-", "0.333", "", ""],
        "half": [*own, "unfinished", "2/9", *validated, "", ""],
        "diverged": [*own, "diverged", "1/9", *validated, "", ""],
        "foreign": [*own, "unfinished", "1/9", *validated, "", ""],
        "died": [*own, "died", "1/9", *validated, "", ""],
        "failed": [*own, "failed", "1/9", *validated, "", ""],
        "broken": ["-", "-", "unreadable", "-", "-", "-", "-", "", ""],
        "running": [*own, "running", "4/9", *validated, "-", where],
    }
    for reason in ("diverged diverged: the loss is nan", "failed failed: no space left", "killed, or out of memory"):
        assert reason in result.stdout
