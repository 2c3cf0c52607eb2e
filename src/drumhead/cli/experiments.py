"""``drumhead experiments``: list the experiments, with their published scores."""

from __future__ import annotations

from typing import Annotated

import tyro
from rich import box
from rich.table import Table

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.cli.parsing import parse
from drumhead.data import DATASETS
from drumhead.experiments import ExperimentSpec, experiment_specs
from drumhead.published import PublishedMetric, published_scores
from drumhead.report.tables.score_tables import DASH

SCORE: PublishedMetric = "iou_foreground"
"""The published score that is listed, which separates models best; with one, names and seeds fit in 80 columns."""
CAPTION = """\
Published runs: IoU fg is the foreground IoU, mean ± standard deviation over the seeds.
`drumhead train NAME` trains one; `drumhead train NAME --help` lists fields.
On your own data (--data FOLDER), models have plain names: nwm-, lstm-, gru- or rnn-READOUT, cnn-LAYERS, unet-WIDTH."""


def main(args: list[str]) -> int:
    """Run ``drumhead experiments``."""
    parse(list_experiments, args, prog="drumhead experiments")
    return OK


def list_experiments(
    words: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[WORD ...]")] = (),
    *,
    dataset: str | None = None,
) -> None:
    """List the experiments: the paper's, with published scores and seeds, and then others.

    Args:
        words: List only experiments whose names contain all of these words, such as: nwm fft.
        dataset: List only experiments on this dataset.
    """
    specs = select_experiments(words, dataset)
    scores = published_scores()
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("experiment", no_wrap=True)
    table.add_column("para-\nmeters", justify="right", no_wrap=True)
    table.add_column("IoU fg", justify="right", no_wrap=True)
    table.add_column("seeds", overflow="fold")
    for previous, spec in zip([None, *specs], specs, strict=False):
        experiment = spec.experiment
        if previous is not None and previous.experiment.dataset != experiment.dataset:
            table.add_section()
        published = scores.get(experiment.name, {})
        score = str(published[SCORE]) if published else DASH
        table.add_row(experiment.name, f"{spec.parameter_count:,}", score, format_ranges(spec.seeds) or DASH)
    console = Console(highlight=False)
    console.print(table)
    console.print(CAPTION, style="italic")


def select_experiments(words: tuple[str, ...], dataset: str | None) -> list[ExperimentSpec]:
    """Return the experiments on a dataset whose names contain all the words.

    Raises:
        ValueError: if the dataset is unknown, or no experiment matches.
    """
    dataset = None if dataset is None else dataset.replace("-", "_")  # `drumhead data` accepts both
    if dataset is not None and dataset not in DATASETS:
        raise ValueError(f"--dataset must be one of {', '.join(DATASETS)}; got {dataset!r}")
    selected = [
        spec
        for name, spec in experiment_specs().items()
        if all(word.lower() in name for word in words)
        and dataset in (None, getattr(spec.experiment.dataset, "name", None))
    ]
    if not selected:
        where = "" if dataset is None else f" on {dataset}"
        raise ValueError(f"no experiment{where} has {' and '.join(words)} in its name; without WORD, all are listed")
    return selected


def format_ranges(seeds: tuple[int, ...]) -> str:
    """Return seeds as text, with consecutive ones as a range.

    >>> format_ranges((400, 401, 402, 404, 3400, 3401))
    '400-402, 404, 3400-3401'
    """
    rows: list[list[int]] = []
    for seed in seeds:
        if rows and seed == rows[-1][-1] + 1:
            rows[-1].append(seed)
        else:
            rows.append([seed])
    return ", ".join(str(row[0]) if len(row) == 1 else f"{row[0]}-{row[-1]}" for row in rows)
