"""``drumhead demo``: train a wave network and a local CNN, and compare them, in minutes."""

from __future__ import annotations

from pathlib import Path

from drumhead.cli import OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.progress import TrainingProgress, progress_bar
from drumhead.data import TetrominoConfig, open_dataset, prepare_dataset
from drumhead.demo import run_demo
from drumhead.report.tables.score_tables import classes_table, scores_table


def main(args: list[str]) -> int:
    """Run ``drumhead demo``."""
    parse(demo, args, prog="drumhead demo")
    return OK


def demo(*, out: Path = Path("demo"), seconds: float = 140, seed: int = 1, data: Path | None = None) -> None:
    """Train a wave network and a local CNN on the paper's tetrominoes for the same time, and compare them.

    If the demo is interrupted, the same command resumes it. Once it is finished, the command shows the results again.

    Args:
        out: The folder for both runs, the figures, the movie and the table.
        seconds: Training time of each model, in seconds.
        seed: Seed of both runs. With some seeds, such as 0, the CNN predicts only background, as in the paper.
        data: A folder of tetromino data. By default the paper's dataset, made under data/ if it is missing.
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
        print_error("stopped; the last finished epoch is kept, and the same command resumes from it")
        raise
    console.print(scores_table(result.rows))
    console.print(classes_table(result.rows))
    console.print(f"Inputs, masks and both predictions: {result.predictions}")
    console.print(f"The waves: {result.movie}; some time steps: {result.wave_strip}")
    console.print(f"The scores: {result.table}; the runs: {', '.join(str(run.folder) for run in result.runs.values())}")
