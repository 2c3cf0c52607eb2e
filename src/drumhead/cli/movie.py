"""``drumhead movie``: a run's waves on some samples."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from drumhead.cli import OK
from drumhead.cli.progress import progress_bar
from drumhead.evaluation import SplitName, dataset_of
from drumhead.report.run_movie import sample_movie
from drumhead.report.run_samples import recurrent_model
from drumhead.runs import Run


def main(words: list[str]) -> int:
    """Run ``drumhead movie``."""
    tyro.cli(movie, args=words, prog="drumhead movie")
    return OK


def movie(
    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")],
    *,
    samples: tuple[int, ...] = (0,),
    channels: tuple[int, ...] = (),
    split: SplitName = "test",
    data: Path | None = None,
    out: Path | None = None,
    fps: float = 20,
) -> None:
    """Show a run's waves as a movie, a row for each sample, beside its input, truth and prediction.

    Args:
        run: A run folder of a recurrent model.
        samples: Numbers of the samples in the split, from 0.
        channels: Numbers of the field's channels, from 0; by default the first four.
        split: Which images the samples are from.
        data: Other data to take them from; by default the run's own.
        out: The file, .gif or (with the extra `movies`) .mp4; RUN/movies/SPLIT-SAMPLE[-SAMPLE ...].gif by default.
        fps: Steps of the network in a second, above 0 and at most 50.
    """
    opened = Run.open(run)
    dataset = dataset_of(opened, data)
    path = out or opened.folder / "movies" / f"{'-'.join(map(str, (split, *samples)))}.gif"
    model = recurrent_model(opened)
    console = Console()
    with progress_bar(console, "movie") as progress:
        sample_movie(
            model,
            dataset,
            split=split,
            samples=samples,
            channels=channels,
            path=path,
            frames_per_second=fps,
            progress=progress,
        )
    console.print(f"wrote {path}", highlight=False, soft_wrap=True)
