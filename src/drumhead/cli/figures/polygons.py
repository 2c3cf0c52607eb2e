"""``drumhead figure polygons``: natural frequencies and class spectra of a wave network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from drumhead.analysis.class_study import study_dataset
from drumhead.analysis.spectrum import Window
from drumhead.cli.console import Console
from drumhead.cli.figures.files import DEFAULT_FOLDER, figure_files, print_written, write_figure
from drumhead.cli.progress import progress_bar
from drumhead.cli.run_data import open_run_data
from drumhead.evaluation import SplitName
from drumhead.models import NWM
from drumhead.report.figures.polygon_figure import polygon_figure
from drumhead.report.samples import check_samples, load_recurrent_model
from drumhead.report.style import DPI, check_dpi
from drumhead.report.tables.class_spectra_table import class_spectra_table, write_spectra_csv
from drumhead.runs import Run
from drumhead.zoo import find_run


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
