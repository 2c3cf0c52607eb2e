"""``drumhead figure samples``: the predictions of runs on some samples."""

from __future__ import annotations

from pathlib import Path

from drumhead.cli.console import Console
from drumhead.cli.figures.files import DEFAULT_FOLDER, figure_files, write_figure
from drumhead.cli.figures.titled_runs import Runs, open_runs
from drumhead.cli.run_data import open_shared_data
from drumhead.evaluation import SplitName
from drumhead.report.figures.model_figures import model_predictions_figure
from drumhead.report.samples import check_samples
from drumhead.report.style import DPI, check_dpi

DEFAULT_SAMPLES = 6


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
