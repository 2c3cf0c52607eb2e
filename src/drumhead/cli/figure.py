"""``drumhead figure``: pictures for papers, each as PDF and PNG. ``FIGURES`` is the table of kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import tyro
from matplotlib.figure import Figure

from drumhead.analysis.class_study import study_dataset
from drumhead.analysis.spectrum import Window
from drumhead.analysis.square_area import SIDES, study_areas
from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.progress import progress_bar
from drumhead.evaluation import SplitName, open_run_dataset
from drumhead.models import NWM
from drumhead.report.figures.polygon_figure import polygon_figure
from drumhead.report.figures.run_figures import sample_waves_figure, samples_figure
from drumhead.report.figures.score_bars import METRIC_TITLES, beside, published_bars, run_bars
from drumhead.report.figures.score_figure import scores_figure
from drumhead.report.figures.square_area_figure import square_area_figure
from drumhead.report.samples import check_samples, recurrent_model, shared_dataset
from drumhead.report.style import DPI, check_dpi, save_figure
from drumhead.report.tables.class_spectra_table import class_table, write_spectra_csv
from drumhead.report.tables.square_area_table import area_table, write_area_csv
from drumhead.results.metric_names import FRACTIONS, MetricName
from drumhead.results.run_titles import run_titles
from drumhead.runs import Run, RunError, run_folders

Runs = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")]
OUT = Path("figures")
SAMPLES = 6


def main(args: list[str]) -> int:
    """Run ``drumhead figure``."""
    tyro.extras.subcommand_cli_from_dict(
        FIGURES,
        prog="drumhead figure",
        description="Make a figure, as PDF and PNG.",
        args=args,
    )
    return OK


def samples(
    runs: Runs,
    *,
    samples: tuple[int, ...] = (),
    split: SplitName = "test",
    titles: tuple[str, ...] = (),
    data: Path | None = None,
    out: Path = OUT,
    dpi: int = DPI,
) -> None:
    """Input, truth and the predictions of runs on some samples, side by side.

    Args:
        runs: Run folders, of any models trained on the same data.
        samples: Numbers of the samples in the split, from 0; by default the first six.
        split: Which images they are from.
        titles: What to call the runs; by default after their models, or their folders.
        data: Other data to take the samples from; by default the runs' own.
        out: The folder for samples-SPLIT.pdf and .png.
        dpi: Pixels to an inch.
    """
    check_dpi(dpi)
    opened = open_runs(runs, titles)
    dataset = shared_dataset(list(opened.values()), data)
    samples = samples or tuple(range(min(SAMPLES, len(dataset.splits[split].images))))
    check_samples(dataset, split, samples)
    models = {title: run.load_model() for title, run in opened.items()}
    figure = samples_figure(models, dataset, split=split, samples=samples, dpi=dpi)
    write(figure, out, f"samples-{split}")


def waves(
    runs: Runs,
    *,
    sample: int = 0,
    channel: int = 0,
    times: tuple[int, ...] = (),
    bins: tuple[int, ...] = (),
    split: SplitName = "test",
    titles: tuple[str, ...] = (),
    data: Path | None = None,
    out: Path = OUT,
    dpi: int = DPI,
) -> None:
    """States of recurrent runs at some times, and the spectrum of every pixel over time, beside input and truth.

    Args:
        runs: Run folders of recurrent models trained on the same data; they stand below each other.
        sample: Number of the sample in the split, from 0.
        channel: Number of the field's channel, from 0.
        times: Steps to show, from 1; by default six spread over each model's own.
        bins: Frequencies to show, in cycles per whole duration, 0 for the mean; by default six up to the fastest.
        split: Which images the sample is from.
        titles: What to call the runs; by default after their models, or their folders.
        data: Other data to take the sample from; by default the runs' own.
        out: The folder for waves-SPLIT-SAMPLE.pdf and .png.
        dpi: Pixels to an inch.
    """
    check_dpi(dpi)
    opened = open_runs(runs, titles)
    dataset = shared_dataset(list(opened.values()), data)
    models = {title: recurrent_model(run) for title, run in opened.items()}
    figure = sample_waves_figure(
        models, dataset, split=split, sample=sample, channel=channel, times=times, bins=bins, dpi=dpi
    )
    write(figure, out, f"waves-{split}-{sample}")


def scores(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[RUN ...]")] = (),
    *,
    metric: MetricName = "iou_foreground",
    published: bool = False,
    out: Path = OUT,
    dpi: int = DPI,
) -> None:
    """Test scores as bars, a panel for each dataset: means over seeds, every seed, and the standard deviation.

    Runs that differ in their seed alone share a bar; other recipes are other bars.

    Args:
        runs: Folders of finished runs, or folders that hold such.
        metric: Which score.
        published: Show the published scores too: beside runs those of the same models, or without runs all.
        out: The folder for scores-METRIC.pdf and .png.
        dpi: Pixels to an inch.
    """
    check_dpi(dpi)
    if not runs and not published:
        raise ValueError("name at least one run folder or folder of runs, or ask for --published scores")
    bars = run_bars([Run.open(folder) for folder in find_runs(runs)], metric)
    if published:
        bars = beside(bars, published_bars(metric)) if runs else published_bars(metric)
    write(scores_figure(bars, score=METRIC_TITLES[metric], share=metric in FRACTIONS, dpi=dpi), out, f"scores-{metric}")


def square_area(
    *,
    sides: tuple[int, ...] = SIDES,
    duration: float = 1000.0,
    strikes: int = 8,
    points: int = 16,
    dt: float = 0.1,
    c: float = 1.0,
    seed: int = 0,
    out: Path = OUT,
    dpi: int = DPI,
) -> None:
    """The area of square drums as points inside hear it: spectra, fundamentals, areas, errors over listening time.

    Needs no run. Prints a table; square-area.csv holds all numbers.

    Args:
        sides: Of the squares, in grid spacings; the rim is one cell beyond the edge, so a side has one cell less.
        duration: The longest listening time T dt; the shortest is the paper's.
        strikes: How often each square is struck, at random places.
        points: How many points listen in each, at random places.
        dt: Length of a step.
        c: Speed of waves, grid spacings per unit of time; dt may be at most 1 / (c sqrt(2)).
        seed: Of all that is random.
        out: The folder for square-area.pdf, .png and .csv.
        dpi: Pixels to an inch.
    """
    check_dpi(dpi)
    console = Console()
    with progress_bar(console, "listening") as progress:
        study = study_areas(
            sides, duration=duration, strikes=strikes, points=points, seed=seed, dt=dt, c=c, progress=progress
        )
    console.print(area_table(study))
    write(square_area_figure(study, dpi=dpi), out, "square-area")
    write_area_csv(study, out / "square-area.csv")
    print_written(out / "square-area.csv")


def polygons(
    run: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="RUN")],
    *,
    sample: int = 0,
    split: SplitName = "test",
    images: int = 64,
    per_class: int = 50,
    window: Window = "hann",
    seed: int = 0,
    data: Path | None = None,
    out: Path = OUT,
    dpi: int = DPI,
) -> None:
    """What a wave network makes of shapes: natural frequencies inside and outside, waves, what each class hears.

    Meant for polygons; any run of an nwm will do. Prints natural frequencies and how well a linear probe tells the
    classes by the spectra of single pixels; the CSV holds the average spectra.

    Args:
        run: A run folder of an nwm.
        sample: Number of the sample that is shown, from 0.
        split: Which images are heard.
        images: How many are heard, from the first; the probe is fitted on half of them and scored on the others.
        per_class: Pixels heard of each class in each image, at most.
        window: Of the spectra; "none" as the readout fft hears, where slow drifts leak into all frequencies.
        seed: Of the pixels, and of the probe's halves.
        data: Other data; by default the run's own.
        out: The folder for polygons-SPLIT-SAMPLE.pdf, .png and .csv.
        dpi: Pixels to an inch.
    """
    check_dpi(dpi)
    opened = Run.open(run)
    dataset = open_run_dataset(opened, data)
    model = recurrent_model(opened)
    if not isinstance(model, NWM):
        raise ValueError(f"{run} is a {model.config.name}, whose cells have no natural frequency; name a run of an nwm")
    check_samples(dataset, split, [sample])
    console = Console()
    with progress_bar(console, "listening") as progress:
        study = study_dataset(
            model,
            dataset,
            split=split,
            images=images,
            per_class=per_class,
            window=window,
            seed=seed,
            progress=progress,
        )
    console.print(class_table(study))
    name = f"polygons-{split}-{sample}"
    write(polygon_figure(model, dataset, study, split=split, sample=sample, dpi=dpi), out, name)
    write_spectra_csv(study, dataset.class_names, out / f"{name}.csv")
    print_written(out / f"{name}.csv")


FIGURES: dict[str, Callable[..., None]] = {
    "polygons": polygons,
    "samples": samples,
    "scores": scores,
    "square-area": square_area,
    "waves": waves,
}


def open_runs(folders: Sequence[Path], titles: Sequence[str]) -> dict[str, Run]:
    """Runs by their titles."""
    if not folders:
        raise ValueError("name at least one run folder; `drumhead runs` lists them")
    runs = [Run.open(folder) for folder in folders]
    names = list(titles) or run_titles(runs)
    if len(names) != len(runs) or len(set(names)) < len(names):
        raise ValueError(f"--titles must be a different one for each of the {len(runs)} runs; got {', '.join(names)}")
    return dict(zip(names, runs, strict=True))


def find_runs(folders: Sequence[Path]) -> list[Path]:
    """The run folders at or below these."""
    found = {folder: run_folders(folder) for folder in folders}
    for folder, runs in found.items():
        if not runs:
            raise RunError(f"{folder} holds no run; begin one with `drumhead train`")
    return list(dict.fromkeys(run for runs in found.values() for run in runs))


def write(figure: Figure, folder: Path, name: str) -> None:
    """Write a figure as PDF and PNG, and say where."""
    for path in save_figure(figure, folder / f"{name}.pdf", folder / f"{name}.png"):
        print_written(path)


def print_written(path: Path) -> None:
    """Say that a file was written."""
    Console().print(f"wrote {path}", highlight=False, soft_wrap=True)
