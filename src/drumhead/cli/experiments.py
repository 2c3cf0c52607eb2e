"""``drumhead experiments``: what can be trained by name, and what was published of it."""

from __future__ import annotations

from typing import Annotated

import tyro
from rich import box
from rich.table import Table

from drumhead.cli import OK
from drumhead.cli.console import Console
from drumhead.data import DATASETS
from drumhead.experiments import ExperimentSpec, experiment_specs
from drumhead.published import PublishedMetric, published_scores
from drumhead.report.tables.score_tables import DASH

SHOWN: dict[PublishedMetric, str] = {"acc_foreground": "acc fg", "iou_foreground": "IoU fg"}
"""The published scores that tell models apart, and their headings."""
CAPTION = """\
Published runs: scores are mean ± standard deviation over the seeds; fg: on foreground pixels.
drumhead train NAME trains one; drumhead train NAME --help lists every field."""


def main(args: list[str]) -> int:
    """Run ``drumhead experiments``."""
    tyro.cli(show, args=args, prog="drumhead experiments")
    return OK


def show(
    words: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="[WORD ...]")] = (),
    *,
    dataset: str | None = None,
) -> None:
    """List what can be trained by name: the paper's experiments with their scores and seeds, then others.

    Args:
        words: List only experiments with all of these in their names: nwm fft.
        dataset: List only experiments on this dataset.
    """
    specs = chosen(words, dataset)
    scores = published_scores()
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("experiment", no_wrap=True)
    table.add_column("parameters", justify="right", no_wrap=True)
    for heading in SHOWN.values():
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("seeds", overflow="fold")
    for before, spec in zip([None, *specs], specs, strict=False):
        experiment = spec.experiment
        if before is not None and before.experiment.dataset != experiment.dataset:
            table.add_section()
        its_scores = scores.get(experiment.name, {})
        cells = [str(its_scores[metric]) if metric in its_scores else DASH for metric in SHOWN]
        table.add_row(experiment.name, f"{spec.parameter_count:,}", *cells, ranges(spec.seeds) or DASH)
    console = Console(highlight=False)
    console.print(table)
    console.print(CAPTION, style="italic")


def chosen(words: tuple[str, ...], dataset: str | None) -> list[ExperimentSpec]:
    """The experiments on a dataset with all the words in their names.

    Raises:
        ValueError: if there is no such dataset or experiment.
    """
    dataset = None if dataset is None else dataset.replace("-", "_")  # as `drumhead data` takes it
    if dataset is not None and dataset not in DATASETS:
        raise ValueError(f"--dataset must be one of {', '.join(DATASETS)}; got {dataset!r}")
    found = [
        spec
        for name, spec in experiment_specs().items()
        if all(word.lower() in name for word in words)
        and dataset in (None, getattr(spec.experiment.dataset, "name", None))
    ]
    if not found:
        where = "" if dataset is None else f" on {dataset}"
        raise ValueError(f"no experiment{where} has {' and '.join(words)} in its name; without words, all are listed")
    return found


def ranges(seeds: tuple[int, ...]) -> str:
    """Seeds, with those in a row as a range.

    >>> ranges((400, 401, 402, 404, 3400, 3401))
    '400-402, 404, 3400-3401'
    """
    rows: list[list[int]] = []
    for seed in seeds:
        if rows and seed == rows[-1][-1] + 1:
            rows[-1].append(seed)
        else:
            rows.append([seed])
    return ", ".join(str(row[0]) if len(row) == 1 else f"{row[0]}-{row[-1]}" for row in rows)
