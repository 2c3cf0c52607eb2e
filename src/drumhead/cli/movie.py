"""``drumhead movie``: a run's waves on a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from drumhead.cli import OK
from drumhead.evaluation import SplitName, dataset_of
from drumhead.models import RecurrentSegmenter
from drumhead.report.run_movie import sample_movie
from drumhead.runs import Run


def main(words: list[str]) -> int:
    """Run ``drumhead movie``."""
    tyro.cli(movie, args=words, prog="drumhead movie")
    return OK


def movie(
    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")],
    *,
    sample: int = 0,
    split: SplitName = "test",
    data: Path | None = None,
    out: Path | None = None,
    frames_per_second: int = 20,
) -> None:
    """Show a run's waves on a sample as an animated GIF, beside its input, truth and prediction.

    Args:
        run: A run folder of a recurrent model.
        sample: Number of the sample in the split, from 0.
        split: Which images the sample is from.
        data: Other data to take it from; by default the run's own.
        out: The file; RUN/movies/SPLIT-SAMPLE.gif by default.
        frames_per_second: Steps of the network in a second.
    """
    opened = Run.open(run)
    dataset = dataset_of(opened, data)
    path = out or opened.folder / "movies" / f"{split}-{sample}.gif"
    model = opened.load_model()
    if not isinstance(model, RecurrentSegmenter):
        raise ValueError(f"{run} is a {model.config.name}, which has no waves; movies are of recurrent models")
    sample_movie(model, dataset, split=split, sample=sample, path=path, frames_per_second=frames_per_second)
    Console().print(f"The movie is {path}")
