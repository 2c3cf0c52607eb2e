"""The paper's 35 experiments, read from ``published.csv``.

Source: Jacobs, Budzinski, Muller, Ba, Keller 2025, arXiv 2502.06034. One line of the table is one experiment: the
dataset, the fields of the model, and the seeds of its runs. A field that is empty is none of the model's. All have one
recipe, which is what :class:`drumhead.experiments.Recipe` is by default.
"""

from __future__ import annotations

import csv
from importlib.resources import files

from drumhead.experiments.experiment_spec import ExperimentSpec, make_spec
from drumhead.models import model_config


def published_experiments() -> list[ExperimentSpec]:
    """Every experiment of the paper, in the order tetrominoes, MNIST, Multi-MNIST."""
    lines = files("drumhead.experiments").joinpath("published.csv").read_text(encoding="utf-8").splitlines()
    return [read_row(row) for row in csv.DictReader(lines)]


def read_row(row: dict[str, str]) -> ExperimentSpec:
    """The experiment in a line of the table."""
    fields: dict[str, object] = {name: text for name, text in row.items() if text}
    dataset, model, seeds = str(fields.pop("dataset")), str(fields.pop("model")), str(fields.pop("seeds"))
    if "pixel_widths" in fields:
        fields["pixel_widths"] = row["pixel_widths"].split()
    return make_spec(dataset, model_config(model, **fields), [int(seed) for seed in seeds.split()])
