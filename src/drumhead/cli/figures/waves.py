"""``drumhead figure waves``: the hidden states of recurrent runs at some times."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from drumhead.cli.console import Console
from drumhead.cli.figures.files import DEFAULT_FOLDER, figure_files, write_figure
from drumhead.cli.figures.titled_runs import Runs, open_runs
from drumhead.cli.run_data import open_shared_data
from drumhead.evaluation import SplitName
from drumhead.report.figures.model_figures import Crop, model_waves_figure
from drumhead.report.figures.wave_figure import WaveRow
from drumhead.report.samples import load_recurrent_model
from drumhead.report.style import DPI, check_dpi


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
