"""Make the pictures and movies of the README from the trained networks of the package, into ``docs/images``.

    python benchmarks/readme_pictures.py

The pictures are those of ``drumhead demo``. Each movie shows one test image. Together the movies have at most 3 MB.
Datasets are made under ``data`` if they are missing; those of digits need MNIST, see ``drumhead data mnist --help``.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from command_line import run_benchmark, usage_error
from drumhead.cli.console import Console
from drumhead.cli.progress import progress_bar
from drumhead.demo import show_trained
from drumhead.evaluation import open_run_dataset
from drumhead.report.movies.model_movie import model_wave_movie
from drumhead.report.samples import load_recurrent_model
from drumhead.runs import Run
from drumhead.zoo import find_run, pretrained_names

FOLDER = Path(__file__).parents[1] / "docs" / "images"
MAX_TOTAL_BYTES = 3_000_000
"""The greatest size of all movies together."""


class ReadmeMovie(NamedTuple):
    """A movie of the README."""

    sample: int
    """The test image."""
    channels: tuple[int, ...]
    """The channels of the hidden state."""
    scale: int
    """Pixels of the movie per pixel of the image."""
    every: int
    """Every n-th time step is shown."""
    steps_per_second: float = 20
    """Time steps per second of the movie."""


MOVIES = {
    "tetrominoes-nwm-linear": ReadmeMovie(sample=0, channels=(0, 1), scale=2, every=2),
    "tetrominoes-lstm-linear": ReadmeMovie(sample=0, channels=(0, 1), scale=2, every=1, steps_per_second=4),
    "multi-mnist-nwm-linear": ReadmeMovie(sample=0, channels=(0, 1), scale=1, every=2),
    "polygons-345-nwm-linear": ReadmeMovie(sample=0, channels=(0, 1), scale=2, every=2),
}
"""The movies, by the name of the network."""


def main(*, out: Path = FOLDER) -> None:
    """Make the pictures, and the movies of all networks that the package has.

    Args:
        out: The folder of the pictures and movies.
    """
    make_pictures(out)
    missing = MOVIES.keys() - set(pretrained_names())
    if missing:
        print(f"left out, because the package has no such network: {', '.join(sorted(missing))}")
    paths = [make_movie(name, movie, out) for name, movie in MOVIES.items() if name not in missing]
    total = sum(path.stat().st_size for path in paths)
    print(f"{len(paths)} movies in {out}, {total / 1e6:.2f} MB")
    if total > MAX_TOTAL_BYTES:
        usage_error(f"all movies must have at most {MAX_TOTAL_BYTES / 1e6:g} MB together")


def make_pictures(folder: Path) -> None:
    """Write the predictions of two trained networks, and the waves of one."""
    dataset = open_run_dataset(Run.open(find_run("tetrominoes-nwm-linear")))
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:
        shown = show_trained(dataset, temporary)
        for path in (shown.predictions, shown.wave_strip):
            shutil.copyfile(path, folder / path.name)


def make_movie(name: str, movie: ReadmeMovie, folder: Path) -> Path:
    """Write one movie, and return its path."""
    run = Run.open(find_run(name))
    path = folder / f"{name}.gif"
    with progress_bar(Console(stderr=True), name) as progress:
        model_wave_movie(
            load_recurrent_model(run),
            open_run_dataset(run, progress=progress),
            split="test",
            samples=[movie.sample],
            channels=movie.channels,
            scale=movie.scale,
            every=movie.every,
            frames_per_second=movie.steps_per_second,
            path=path,
            progress=progress,
        )
    return path


if __name__ == "__main__":
    run_benchmark(main)
