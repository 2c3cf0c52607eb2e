"""``drumhead movie``: a movie of a run's hidden states on some samples."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.cli.progress import progress_bar
from drumhead.cli.run_data import open_run_data
from drumhead.evaluation import SplitName
from drumhead.files import check_writable
from drumhead.report.movies.model_movie import model_wave_movie
from drumhead.report.movies.movie_files import check_movie
from drumhead.report.samples import check_samples, load_recurrent_model
from drumhead.runs import Run
from drumhead.zoo import find_run, is_pretrained


def main(args: list[str]) -> int:
    """Run ``drumhead movie``."""
    parse(movie, args, prog="drumhead movie")
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
    every: int = 1,
    each: bool = False,
) -> None:
    """Write a movie of a run's waves: one row per sample, beside its input, true mask and prediction.

    Args:
        run: The run folder of a recurrent model, or the name of a trained network.
        samples: Indices of the samples in the split, from 0.
        channels: Indices of the field's channels, from 0. By default the first four.
        split: The split that contains the samples.
        data: Another dataset folder to take samples from. By default the run's dataset.
        out: A .gif file, or .mp4 with the extra `movies`. By default RUN/movies/SPLIT-SAMPLE[-SAMPLE ...].gif,
            or movies/NAME-SPLIT-SAMPLE[-SAMPLE ...].gif for a trained network.
        fps: Time steps of the network per second of the movie, from 0.01 to 50.
        every: Show every N-th time step only, for a smaller file, 1 or more.
        each: Write one file for each sample, whose number is added to the name that --out gives.
    """
    opened = Run.open(find_run(run))
    groups = [(sample,) for sample in samples] if each else [samples]
    paths = movie_paths(opened, split, groups, out)
    for path in paths:
        check_movie(path, fps)
    check_writable(*paths)
    model = load_recurrent_model(opened)
    console = Console()
    dataset = open_run_data(opened, data, console)
    check_samples(dataset, split, samples)
    for group, path in zip(groups, paths, strict=True):
        with progress_bar(console, "movie") as progress:
            model_wave_movie(
                model,
                dataset,
                split=split,
                samples=group,
                channels=channels,
                path=path,
                frames_per_second=fps,
                every=every,
                progress=progress,
            )
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)


def movie_paths(run: Run, split: SplitName, groups: Sequence[Sequence[int]], out: Path | None) -> list[Path]:
    """Return the path of each movie: the default one, or ``out``, with the sample's number if there are several.

    Raises:
        ValueError: if two movies would have one path, or as in :func:`default_movie_path`.
    """
    if out is None:
        paths = [default_movie_path(run, split, group) for group in groups]
    elif len(groups) == 1:
        paths = [out]
    else:
        paths = [out.with_name(f"{out.stem}-{'-'.join(map(str, group))}{out.suffix}") for group in groups]
    if len(set(paths)) < len(paths):
        raise ValueError("samples must differ, so that each has a movie of its own; got a number twice")
    return paths


def default_movie_path(run: Run, split: SplitName, samples: Sequence[int]) -> Path:
    """Return the default path of a movie, inside the run folder, or under ``movies`` for a trained network.

    Raises:
        ValueError: if the folder of movies is a link.
    """
    name = f"{'-'.join(map(str, (split, *samples)))}.gif"
    if is_pretrained(run.folder):
        return Path("movies") / f"{run.name}-{name}"
    folder = run.folder / "movies"
    if folder.is_symlink():
        raise ValueError(f"{folder} is a link to another folder; choose the file with --out")
    return folder / name
