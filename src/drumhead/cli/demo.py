"""``drumhead demo``: show trained networks, then train a wave network, in minutes."""

from __future__ import annotations

import time
from pathlib import Path

from drumhead.cli import OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.progress import TrainingProgress, progress_bar
from drumhead.data import TetrominoConfig, open_dataset, prepare_dataset
from drumhead.demo import TRAINED_HERE, show_trained, time_limit_note, train_demo
from drumhead.report.tables.score_tables import classes_table, scores_table


def main(args: list[str]) -> int:
    """Run ``drumhead demo``."""
    parse(demo, args, prog="drumhead demo")
    return OK


def demo(*, out: Path = Path("demo"), seconds: float = 110, seed: int = 1, data: Path | None = None) -> None:
    """Show a trained wave network and a trained CNN on the paper's tetrominoes; then train a wave network.

    If the demo is interrupted, the same command resumes it. Once it is finished, the command shows the results again.

    Args:
        out: The folder for the run, the figures, the movie and the table.
        seconds: The time limit of the training, in seconds of training steps. There are 3,000 steps.
        seed: Seed of the training.
        data: A folder of tetromino data. By default the paper's dataset, made under data/ if it is missing.
    """
    console = Console()
    start = time.perf_counter()
    if data is None:
        with progress_bar(console, "tetrominoes") as progress:
            dataset = prepare_dataset(TetrominoConfig(), progress=progress)
    else:
        dataset = open_dataset(data)
    with progress_bar(console, "waves of a trained network") as progress:
        trained = show_trained(dataset, out, progress=progress)
    console.print(scores_table(trained.rows))
    console.print(f"Inputs, masks and predictions of both trained networks: {trained.predictions}")
    console.print(f"The waves of the trained NWM: {trained.movie}; some time steps: {trained.wave_strip}")
    console.print(f"This took {time.perf_counter() - start:.0f} s. Now a new NWM is trained.")
    start = time.perf_counter()
    try:
        result, run = train_demo(
            dataset, trained, seconds=seconds, seed=seed, observer=TrainingProgress(console, TRAINED_HERE)
        )
    except KeyboardInterrupt:
        print_error("stopped; the last finished epoch is kept, and the same command resumes from it")
        raise
    console.print(scores_table(result.rows))
    console.print(classes_table(result.rows))
    console.print(time_limit_note(run))
    console.print(f"Training, validation and test took {time.perf_counter() - start:.0f} s.")
    console.print(f"Inputs, masks and all predictions: {result.predictions}")
    console.print(f"The scores: {result.table}; the run: {run.folder}")
