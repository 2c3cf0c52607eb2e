"""``drumhead movie``: a movie of a run's hidden states on samples of its data, or on image files."""

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
from drumhead.data import find_image_files, read_image
from drumhead.evaluation import SplitName
from drumhead.files import check_writable
from drumhead.report.movies.model_movie import MovieSettings, image_wave_movie, model_wave_movie
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
    samples: tuple[int, ...] = (),
    images: tuple[Path, ...] = (),
    channels: tuple[int, ...] = (),
    split: SplitName | None = None,
    data: Path | None = None,
    out: Path | None = None,
    fps: float = 20,
    every: int = 1,
    each: bool = False,
) -> None:
    """Write a movie of a run's waves: one row per sample, beside its input, true mask and prediction.

    With --images the rows are image files, which have no true mask.

    Args:
        run: The run folder of a recurrent model, or the name of a trained network.
        samples: Indices of the samples in the split, from 0. By default 0.
        images: Image files (PNG, JPEG, TIFF, .npy) of any size, or folders of them, instead of samples.
            They are read as in `drumhead predict`.
        channels: Indices of the field's channels, from 0. By default the first four.
        split: The split that contains the samples. By default test.
        data: Another dataset folder to take samples from. By default the run's dataset.
        out: A .gif file, or .mp4 with the extra `movies`. By default RUN/movies/SPLIT-SAMPLE[-SAMPLE ...].gif or
            RUN/movies/IMAGE[-IMAGE ...].gif, and for a trained network movies/NAME-... instead.
        fps: Time steps of the network per second of the movie, from 0.01 to 50.
        every: Show every N-th time step only, for a smaller file, 1 or more.
        each: Write one file for each sample or image, whose number or name is added to the name that --out gives.
    """
    if images and (samples or split is not None or data is not None):
        raise ValueError("--samples, --split and --data choose samples of a dataset; give either them or --images")
    opened = Run.open(find_run(run))
    settings = MovieSettings(channels=channels, frames_per_second=fps, every=every)
    if images:
        image_movies(opened, find_image_files(list(images)), settings, out=out, each=each)
    else:
        sample_movies(opened, samples or (0,), settings, split=split or "test", data=data, out=out, each=each)


def sample_movies(
    run: Run,
    samples: Sequence[int],
    settings: MovieSettings,
    *,
    split: SplitName,
    data: Path | None,
    out: Path | None,
    each: bool,
) -> None:
    """Write the movie of some samples, or one of each."""
    groups = [[sample] for sample in samples] if each else [list(samples)]
    paths = checked_paths(run, groups, settings, prefix=f"{split}-", out=out)
    model = load_recurrent_model(run)
    console = Console()
    dataset = open_run_data(run, data, console)
    check_samples(dataset, split, samples)
    for group, path in zip(groups, paths, strict=True):
        with progress_bar(console, "movie") as progress:
            model_wave_movie(model, dataset, split=split, samples=group, path=path, **settings, progress=progress)
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)


def image_movies(run: Run, files: Sequence[Path], settings: MovieSettings, *, out: Path | None, each: bool) -> None:
    """Write the movie of some image files, or one of each."""
    groups = [[file.stem] for file in files] if each else [[file.stem for file in files]]
    paths = checked_paths(run, groups, settings, prefix="", out=out)
    model = load_recurrent_model(run)
    data = run.config.data
    pictures = {file.stem: read_image(file, channels=model.in_channels, scale=data.scale) for file in files}
    console = Console()
    for group, path in zip(groups, paths, strict=True):
        shown = {name: pictures[name] for name in group}
        with progress_bar(console, "movie") as progress:
            image_wave_movie(model, shown, class_names=data.class_names, path=path, **settings, progress=progress)
        console.print(f"wrote {path}", highlight=False, soft_wrap=True)


def checked_paths(
    run: Run, groups: Sequence[Sequence[int | str]], settings: MovieSettings, *, prefix: str, out: Path | None
) -> list[Path]:
    """Return the path of each movie, which can be written.

    Args:
        run: the run.
        groups: what is in each movie: the numbers of samples or the names of images.
        settings: the settings of the movies.
        prefix: what the default names start with.
        out: the path if there is one movie; if there are several, their names are added to it.

    Raises:
        ValueError: if two movies would have one path, or a movie cannot be written, or as in
            :func:`default_movie_path`.
    """
    names = ["-".join(map(str, group)) for group in groups]
    if len(set(names)) < len(names):
        raise ValueError("samples must differ, so that each has a movie of its own; got a number twice")
    if out is None:
        paths = [default_movie_path(run, f"{prefix}{name}.gif") for name in names]
    elif len(names) == 1:
        paths = [out]
    else:
        paths = [out.with_name(f"{out.stem}-{name}{out.suffix}") for name in names]
    for path in paths:
        check_movie(path, settings["frames_per_second"])
    check_writable(*paths)
    return paths


def default_movie_path(run: Run, name: str) -> Path:
    """Return the default path of a movie, inside the run folder, or under ``movies`` for a trained network.

    Raises:
        ValueError: if the folder of movies is a link.
    """
    if is_pretrained(run.folder):
        return Path("movies") / f"{run.name}-{name}"
    folder = run.folder / "movies"
    if folder.is_symlink():
        raise ValueError(f"{folder} is a link to another folder; choose the file with --out")
    return folder / name
