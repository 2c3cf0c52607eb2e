"""``drumhead figure receptive-field``: how the receptive fields of models grow."""

from __future__ import annotations

from pathlib import Path

from drumhead.analysis.receptive_field import check_steps
from drumhead.analysis.receptive_field_study import study_receptive_field
from drumhead.cli.console import Console
from drumhead.cli.figures.files import DEFAULT_FOLDER, figure_files, print_written, write_figure
from drumhead.cli.figures.titled_runs import Runs, open_runs
from drumhead.cli.progress import progress_bar
from drumhead.cli.run_data import open_shared_data
from drumhead.data import to_tensors
from drumhead.evaluation import SplitName
from drumhead.models import RecurrentSegmenter
from drumhead.report.figures.receptive_field_figure import receptive_field_figure
from drumhead.report.samples import check_samples
from drumhead.report.style import DPI, check_dpi
from drumhead.report.tables.receptive_field_table import receptive_field_table, write_receptive_field_csv


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
