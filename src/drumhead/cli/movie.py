"""``drumhead movie``: a run's waves on some samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.progress import progress_bar
from drumhead.evaluation import SplitName, open_run_dataset
from drumhead.report.movies.run_movie import sample_movie
from drumhead.report.samples import recurrent_model
from drumhead.runs import Run


def main(args: list[str]) -> int:
    """Run ``drumhead movie``."""
    tyro.cli(movie, args=args, prog="drumhead movie")
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
        fps: Steps of the network in a second, from 0.01 to 50.
    """
    opened = Run.open(run)
    dataset = open_run_dataset(opened, data)
    path = out or default_movie_path(opened, split, samples)
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


def default_movie_path(run: Run, split: SplitName, samples: Sequence[int]) -> Path:
    """Where a movie in the run's folder goes.

    Raises:
        ValueError: if its movies are a link to another place.
    """
    folder = run.folder / "movies"
    if folder.is_symlink():
        raise ValueError(f"{folder} is a link to another place; name the file with --out")
    return folder / f"{'-'.join(map(str, (split, *samples)))}.gif"
