"""``drumhead figure``: figures for papers, each as PDF and PNG. ``FIGURES`` lists them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from drumhead.analysis.class_study import study_dataset
from drumhead.analysis.drums import Rim
from drumhead.analysis.drums.named import find_drum
from drumhead.analysis.drums.study import check_mode_count, study_drum
from drumhead.analysis.receptive_field import check_steps
from drumhead.analysis.receptive_field_study import study_receptive_field
from drumhead.analysis.spectrum import Window
from drumhead.analysis.square_area import SIDES, study_areas
from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.figure_files import DEFAULT_FOLDER, figure_files, print_written, write_figure
from drumhead.cli.figure_scores import scores
from drumhead.cli.parsing import parse_subcommand
from drumhead.cli.progress import progress_bar
from drumhead.cli.run_data import open_run_data, open_shared_data
from drumhead.data import DATASETS, open_dataset, prepare_dataset, to_tensors
from drumhead.evaluation import SplitName
from drumhead.models import NWM, RecurrentSegmenter
from drumhead.report.figures.dataset_figure import COLUMNS, dataset_figure
from drumhead.report.figures.drum_figure import drums_figure
from drumhead.report.figures.model_figures import Crop, model_predictions_figure, model_waves_figure
from drumhead.report.figures.polygon_figure import polygon_figure
from drumhead.report.figures.receptive_field_figure import receptive_field_figure
from drumhead.report.figures.square_area_figure import square_area_figure
from drumhead.report.figures.wave_figure import WaveRow
from drumhead.report.page.sections import slug
from drumhead.report.samples import check_samples, load_recurrent_model
from drumhead.report.style import DPI, check_dpi
from drumhead.report.tables.class_spectra_table import class_spectra_table, write_spectra_csv
from drumhead.report.tables.drum_table import drum_table
from drumhead.report.tables.receptive_field_table import receptive_field_table, write_receptive_field_csv
from drumhead.report.tables.square_area_table import area_table, write_area_csv
from drumhead.report.tables.text_table import TerminalTable
from drumhead.results.run_titles import run_titles
from drumhead.runs import Run
from drumhead.zoo import find_run

Runs = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN [RUN ...]")]
DEFAULT_SAMPLES = 6
DEFAULT_DRUMS = ("square", "disc", "isospectral-1", "isospectral-2")
DEFAULT_GALLERY = 24


def main(args: list[str]) -> int:
    """Run ``drumhead figure``."""
    parse_subcommand(FIGURES, args, prog="drumhead figure", summary="Draw a figure for a paper, as PDF and PNG.")
    return OK


def samples(
    runs: Runs,
    *,
    samples: tuple[int, ...] = (),
    split: SplitName = "test",
    titles: tuple[str, ...] = (),
    data: Path | None = None,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Draw inputs, true masks and the predictions of runs on some samples, side by side.

    Args:
        runs: Run folders of any models that were trained on the same data, or names of trained networks.
        samples: Indices of the samples in the split, from 0. By default the first six.
        split: The split that contains the samples.
        titles: One title per run. By default the model, or the run folder.
        data: Another dataset folder to take samples from. By default the runs' dataset.
        out: The folder for samples-SPLIT.pdf and .png.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    opened = open_runs(runs, titles)
    dataset = open_shared_data(list(opened.values()), data, Console())
    samples = samples or tuple(range(min(DEFAULT_SAMPLES, len(dataset.splits[split].images))))
    check_samples(dataset, split, samples)
    files = figure_files(out, f"samples-{split}")
    models = {title: run.load_model() for title, run in opened.items()}
    figure = model_predictions_figure(models, dataset, split=split, samples=samples, dpi=dpi)
    write_figure(figure, files)


def data(
    name: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="NAME")],
    *,
    samples: tuple[int, ...] = (),
    split: SplitName = "test",
    columns: int = COLUMNS,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Draw a gallery of a dataset, without a run: images, and below them their true masks.

    Args:
        name: The name of a dataset, such as tetrominoes, which is made under data/ if it is not there; or a folder with
            a dataset or with your own images and masks. A folder that has the name of a dataset is given as ./NAME.
        samples: Indices of the samples in the split, from 0. By default the first 24.
        split: The split that contains the samples.
        columns: Number of samples side by side.
        out: The folder for data-NAME-SPLIT.pdf and .png.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    title = slug(Path(name).absolute().name)
    files = figure_files(out, f"data-{title}-{split}")
    spec = DATASETS.get(name.replace("-", "_"))
    if spec is None:
        dataset = open_dataset(Path(name))
    else:
        with progress_bar(Console(), f"making {name}") as progress:
            dataset = prepare_dataset(spec.config(), progress=progress)
    samples = samples or tuple(range(min(DEFAULT_GALLERY, len(dataset.splits[split].images))))
    write_figure(dataset_figure(dataset, split=split, samples=samples, columns=columns, dpi=dpi), files)


def waves(
    runs: Runs,
    *,
    sample: int = 0,
    channel: int = 0,
    times: tuple[int, ...] = (),
    bins: tuple[int, ...] = (),
    rows: tuple[WaveRow, ...] = ("spectrum",),
    crop: Annotated[tuple[int, int, int, int] | None, tyro.conf.arg(metavar="TOP LEFT HEIGHT WIDTH")] = None,
    split: SplitName = "test",
    titles: tuple[str, ...] = (),
    data: Path | None = None,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Draw the hidden states of recurrent runs at some times, and below them their spectrum or their readout.

    (`drumhead waves` is another command: it measures where waves go and how fast, of a run or of a recording.)

    Args:
        runs: Run folders of recurrent models that were trained on the same data, or names of trained networks; one
            row each.
        sample: Index of the sample in the split, from 0.
        channel: Index of the field's channel, from 0.
        times: Time steps to show, from 1. By default six, spread over all steps of each model.
        bins: Frequencies to show, in cycles per total duration; 0 is the mean. Or, in the row readout, numbers of
            maps, from 0. By default six: frequencies over the whole range, maps that differ most between pixels.
        rows: Rows below the states: the spectrum over time of every pixel, the maps that a linear readout has learned,
            each on a scale of its own, or both.
        crop: The part of the image to show, in pixels. By default all of it.
        split: The split that contains the sample.
        titles: One title per run. By default the model, or the run folder.
        data: Another dataset folder to take the sample from. By default the runs' dataset.
        out: The folder for waves-SPLIT-SAMPLE.pdf and .png.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    opened = open_runs(runs, titles)
    files = figure_files(out, f"waves-{split}-{sample}")
    models = {title: load_recurrent_model(run) for title, run in opened.items()}
    dataset = open_shared_data(list(opened.values()), data, Console())
    figure = model_waves_figure(
        models,
        dataset,
        split=split,
        sample=sample,
        channel=channel,
        times=times,
        bins=bins,
        rows=rows,
        crop=None if crop is None else Crop(*crop),
        dpi=dpi,
    )
    write_figure(figure, files)


def square_area(
    *,
    sides: tuple[int, ...] = SIDES,
    duration: float = 1000.0,
    strikes: int = 8,
    points: int = 16,
    dt: float = 0.1,
    c: float = 1.0,
    seed: int = 0,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Estimate the area of square drums from the time series of single points, and draw spectra, areas and errors.

    The command needs no run. It prints a table, and writes all numbers to square-area.csv.

    Args:
        sides: Sides of the squares, in grid spacings. A side of n has n - 1 oscillators between fixed rims.
        duration: The longest recording time T dt, above 10. The shortest is the paper's, 10.
        strikes: Strikes of each square, at random positions.
        points: Recording points of each square, at random positions.
        dt: Length of a time step, at most 1 / (c sqrt(2)).
        c: Wave speed, in grid spacings per unit of time.
        seed: Seed of all random positions.
        out: The folder for square-area.pdf, .png and .csv.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    *files, csv = figure_files(out, "square-area", ".pdf", ".png", ".csv")
    console = Console()
    with progress_bar(console, "simulating") as progress:
        study = study_areas(
            sides, duration=duration, strikes=strikes, points=points, seed=seed, dt=dt, c=c, progress=progress
        )
    console.print(area_table(study))
    write_figure(square_area_figure(study, dpi=dpi), files)
    write_area_csv(study, csv)
    print_written(csv)


def drums(
    shapes: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[SHAPE ...]")] = DEFAULT_DRUMS,
    *,
    modes: Annotated[int, tyro.conf.arg(metavar="INT")] = 9,
    frequencies: int = 100,
    nodes: int = 6000,
    rim: Rim = "fixed",
    seed: int = 0,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Draw the modes of drums of any shape, and what their frequencies tell about their area and rim.

    The command needs no run. It prints a table with each drum's area and rim beside the values that its frequencies
    imply by Weyl's law, and says which drums sound alike.

    Args:
        shapes: Names (square, disc, triangle, l-shape, isospectral-1, isospectral-2, near-miss), or files of masks
            (PNG, TIFF, .npy) whose pixels other than 0 are the drum. By default square, disc and the isospectral pair.
        modes: Modes drawn of each drum, 1 or more.
        frequencies: Lowest modes computed of each drum, 1 to a tenth of its nodes. Area and rim need 24 or more.
        nodes: About how many grid nodes a named drum has, 16 or more. Frequencies are more accurate with more.
        rim: The rim: fixed (at rest), or free (without slope).
        seed: Seed of the places of strikes and pick-ups.
        out: The folder for drums.pdf and .png.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    if modes < 1:
        raise ValueError(f"modes must be 1 or more, got {modes}")
    files = figure_files(out, "drums")
    found = [find_drum(shape, nodes=nodes) for shape in shapes]
    for drum in found:
        check_mode_count(drum, frequencies)
    console, generator = Console(), np.random.default_rng(seed)
    with progress_bar(console, "computing modes") as progress:
        studies = []
        for number, drum in enumerate(found):
            progress(number, len(found))
            studies.append(study_drum(drum, count=frequencies, rim=rim, generator=generator))
        progress(len(found), len(found))
    console.print(TerminalTable(drum_table(studies, generator=generator)))
    write_figure(drums_figure(studies, shown_modes=modes, dpi=dpi), files)


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
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Draw how a wave network represents shapes: natural frequencies inside and outside, waves, and class spectra.

    The figure is made for polygons, but works with any run of an nwm. The command prints the natural frequencies, and
    the accuracy of a linear probe that classifies single pixels by their spectra. The CSV file holds the mean spectra.

    Args:
        run: The run folder of an nwm, or the name of a trained network.
        sample: Index of the sample to show, from 0.
        split: The split that the spectra are computed on.
        images: Images used, from the first. The probe is fitted on half of them and scored on the rest.
        per_class: The greatest number of pixels per class and image.
        window: Window of the spectra. The readout fft uses none; then slow drifts leak into all frequencies.
        seed: Seed of the choice of pixels, and of the split into halves for the probe.
        data: Another dataset folder. By default the run's dataset.
        out: The folder for polygons-SPLIT-SAMPLE.pdf, .png and .csv.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    opened = Run.open(find_run(run))
    *files, csv = figure_files(out, f"polygons-{split}-{sample}", ".pdf", ".png", ".csv")
    model = load_recurrent_model(opened)
    if not isinstance(model, NWM):
        raise ValueError(f"{run} is a {model.config.name}, which has no natural frequencies; choose a run of an nwm")
    console = Console()
    dataset = open_run_data(opened, data, console)
    check_samples(dataset, split, [sample])
    with progress_bar(console, "simulating") as progress:
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
    console.print(class_spectra_table(study))
    write_figure(polygon_figure(model, dataset, study, split=split, sample=sample, dpi=dpi), files)
    write_spectra_csv(study, dataset.class_names, csv)
    print_written(csv)


def receptive_field(
    runs: Runs,
    *,
    images: int = 8,
    steps: tuple[int, ...] = (),
    split: SplitName = "test",
    titles: tuple[str, ...] = (),
    data: Path | None = None,
    out: Path = DEFAULT_FOLDER,
    dpi: int = DPI,
) -> None:
    """Draw how the receptive field of the middle pixel grows over the steps of recurrent models, and of a CNN's layers.

    The receptive field after a step is the sensitivity of the pixel's state to each pixel of the input: the norm of the
    derivative, averaged over images. The command prints how far it reaches and how fast its front goes; the CSV file
    holds the distances after each step.

    Args:
        runs: Run folders of models that were trained on the same data, or names of trained networks.
        images: Images used, from the first of the split.
        steps: Steps to compute, from 1. By default about 20, spread over all steps of each model.
        split: The split that the images are from.
        titles: One title per run. By default the model, or the run folder.
        data: Another dataset folder. By default the runs' dataset.
        out: The folder for receptive-field.pdf, .png and .csv.
        dpi: Dots per inch, from 72 to 1200.
    """
    check_dpi(dpi)
    if images < 1:
        raise ValueError(f"images must be 1 or more, got {images}")
    opened = open_runs(runs, titles)
    *files, csv = figure_files(out, "receptive-field", ".pdf", ".png", ".csv")
    models = {title: run.load_model() for title, run in opened.items()}
    for model in models.values():
        if isinstance(model, RecurrentSegmenter):
            check_steps(steps, model)
    console = Console()
    dataset = open_shared_data(list(opened.values()), data, console)
    count = min(images, len(dataset.splits[split].images))
    check_samples(dataset, split, range(count))
    inputs, _ = to_tensors(dataset.splits[split], range(count))
    studies = {}
    for title, model in models.items():
        with progress_bar(console, title) as progress:
            studies[title] = study_receptive_field(model, inputs, steps=steps, progress=progress)
    console.print(receptive_field_table(studies, images=count, split=split))
    write_figure(receptive_field_figure(studies, dpi=dpi), files)
    write_receptive_field_csv(studies, csv)
    print_written(csv)


FIGURES: dict[str, Callable[..., None]] = {
    "data": data,
    "drums": drums,
    "polygons": polygons,
    "receptive-field": receptive_field,
    "samples": samples,
    "scores": scores,
    "square-area": square_area,
    "waves": waves,
}


def open_runs(folders: Sequence[Path], titles: Sequence[str]) -> dict[str, Run]:
    """Return the runs by title."""
    if not folders:
        raise ValueError("name at least one run folder; `drumhead runs` lists them")
    runs = [Run.open(find_run(folder)) for folder in folders]
    names = list(titles) or run_titles(runs)
    if len(names) != len(runs) or len(set(names)) < len(names):
        raise ValueError(f"--titles must be a different one for each of the {len(runs)} runs; got {', '.join(names)}")
    return dict(zip(names, runs, strict=True))
