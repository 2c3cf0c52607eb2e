"""``drumhead figure``: pictures for papers, each as PDF and PNG. ``FIGURES`` is the table of kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import tyro
from matplotlib.figure import Figure
from rich.console import Console

from drumhead.cli import OK
from drumhead.evaluation import SplitName
from drumhead.report.run_figures import sample_waves_figure, samples_figure
from drumhead.report.run_samples import check_samples, recurrent_model, shared_dataset
from drumhead.report.run_scores import METRICS, SHARES, MetricName, run_bars
from drumhead.report.run_titles import run_titles
from drumhead.report.score_figure import scores_figure
from drumhead.report.style import DPI, check_dpi, save_figure
from drumhead.runs import Run, RunError, run_folders

Runs = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")]
OUT = Path("figures")
SAMPLES = 6


def main(words: list[str]) -> int:
    """Run ``drumhead figure``."""
    tyro.extras.subcommand_cli_from_dict(
        FIGURES,
        prog="drumhead figure",
        description="Make a figure, as PDF and PNG.",
        args=words,
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
    out: Path = OUT,
    dpi: int = DPI,
) -> None:
    """Test scores as bars, a panel for each dataset: means over seeds, every seed, and the standard deviation.

    Runs that differ in their seed alone share a bar; other recipes are other bars.

    Args:
        runs: Folders of finished runs, or folders that hold such.
        metric: Which score.
        out: The folder for scores-METRIC.pdf and .png.
        dpi: Pixels to an inch.
    """
    check_dpi(dpi)
    if not runs:
        raise ValueError("name at least one run folder, or a folder of runs; `drumhead runs` lists them")
    bars = run_bars([Run.open(folder) for folder in find_runs(runs)], metric)
    write(scores_figure(bars, score=METRICS[metric], share=metric in SHARES, dpi=dpi), out, f"scores-{metric}")


FIGURES: dict[str, Callable[..., None]] = {
    "samples": samples,
    "scores": scores,
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
        Console().print(f"wrote {path}", highlight=False, soft_wrap=True)
