"""The paper's 35 experiments, read from ``published.csv``.

Source: Jacobs, Budzinski, Muller, Ba, Keller 2025, arXiv 2502.06034. Each row of the table is one experiment: the
dataset, the fields of the model, and the seeds of its runs. A field is empty if the model does not have it. All
experiments use one recipe, the default of :class:`drumhead.experiments.Recipe`.
"""

from __future__ import annotations

import csv
from importlib.resources import files

from drumhead.experiments.experiment_spec import ExperimentSpec, make_spec
from drumhead.models import model_config


def published_experiments() -> list[ExperimentSpec]:
    """Return every experiment of the paper, in the order tetrominoes, MNIST, Multi-MNIST."""
    lines = files("drumhead.experiments").joinpath("published.csv").read_text(encoding="utf-8").splitlines()
    return [parse_row(row) for row in csv.DictReader(lines)]


def parse_row(row: dict[str, str]) -> ExperimentSpec:
    """Return the experiment in a row of the table."""
    fields: dict[str, object] = {name: value for name, value in row.items() if value}
    dataset, model, seeds = str(fields.pop("dataset")), str(fields.pop("model")), str(fields.pop("seeds"))
    if "pixel_widths" in fields:
        fields["pixel_widths"] = row["pixel_widths"].split()
    return make_spec(dataset, model_config(model, **fields), [int(seed) for seed in seeds.split()])
