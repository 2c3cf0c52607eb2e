"""``drumhead demo``: the package's main job in minutes."""

from __future__ import annotations

from pathlib import Path

import tyro

from drumhead.cli import OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.progress import TrainingProgress, progress_bar
from drumhead.data import TetrominoConfig, open_dataset, prepare_dataset
from drumhead.demo import run_demo
from drumhead.report.tables.score_tables import classes_table, scores_table


def main(args: list[str]) -> int:
    """Run ``drumhead demo``."""
    tyro.cli(demo, args=args, prog="drumhead demo")
    return OK


def demo(*, out: Path = Path("demo"), seconds: float = 140, seed: int = 1, data: Path | None = None) -> None:
    """Train a wave network and a local CNN on the paper's tetrominoes for the same time; show what they see.

    Interrupted, the same command goes on where it stopped; when done, it shows the results again.

    Args:
        out: A folder for both runs, the picture, the movie and the table.
        seconds: Training time of each model.
        seed: Seed of both trainings. With some, 0 among them, the CNN never leaves background, as in the paper.
        data: A folder of tetromino data; by default the paper's, made under data/ if it is not there.
    """
    console = Console()
    if data is None:
        with progress_bar(console, "tetrominoes") as progress:
            dataset = prepare_dataset(TetrominoConfig(), progress=progress)
    else:
        dataset = open_dataset(data)
    try:
        result = run_demo(
            dataset, out, seconds=seconds, seed=seed, observer=lambda name: TrainingProgress(console, name)
        )
    except KeyboardInterrupt:
        print_error("stopped; the last finished epoch is kept, and the same command goes on from there")
        raise
    console.print(scores_table(result.rows))
    console.print(classes_table(result.rows))
    console.print(f"Inputs, truth and both predictions: {result.picture}")
    console.print(f"The waves: {result.movie}; a few moments of them: {result.still}")
    console.print(f"The scores: {result.table}; the runs: {', '.join(str(run.folder) for run in result.runs.values())}")
