"""A folder of the authors' code becomes a run."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch

from drumhead.data import Dataset
from drumhead.experiments import Experiment, experiment_name, experiment_specs, variant_field
from drumhead.files import atomic_replace
from drumhead.models import ModelConfig, model_config
from drumhead.published.checkpoint import match_tensors, read_tensors
from drumhead.published.datasets import PUBLISHED_DATASETS
from drumhead.published.errors import ImportRunError
from drumhead.published.params import Params, read_params
from drumhead.runs import DataRecord, Run, RunConfig, check_new_run_folder, package_versions

WEIGHTS_FILE, CONFIG_FILE = "cp.pt", ".hydra/config.yaml"


class ImportedRun(NamedTuple):
    """An imported run, and what of its source it does not keep."""

    run: Run
    dropped: dict[str, int]
    """How many numbers each tensor held that no forward pass uses, by its published name."""


def import_run(folder: Path | str, out: Path | str, *, dataset: Dataset | None = None) -> ImportedRun:
    """Make a run of the ``cp.pt`` and ``.hydra/config.yaml`` in a folder, whole or not at all.

    No code in the files is run, and each tensor is accounted for. The run's recipe is the paper's, whatever the
    authors' file says of it; it has no scores until it is evaluated.

    Args:
        folder: a run folder of the authors' code.
        out: the run's folder, new or empty.
        dataset: the data it was trained on, where that is not the published set.

    Raises:
        ImportRunError: if a file is missing or damaged, or the weights are not of the model and data it describes.
        RunError: if ``out`` holds anything.
    """
    folder, out = Path(folder), Path(out)
    check_new_run_folder(out)
    missing = [name for name in (WEIGHTS_FILE, CONFIG_FILE) if not (folder / name).is_file()]
    if missing:
        raise ImportRunError(f"{folder} is not a run folder of the authors' code: it has no {' and no '.join(missing)}")
    params = read_params(folder / CONFIG_FILE)
    config = RunConfig(
        experiment=described_experiment(params, dataset),
        data=data_record(params, dataset),
        versions=package_versions(),
        machine={},
        imported_from=str(folder.resolve()),
    )
    with torch.device("meta"):  # shapes without numbers: only what the file holds takes memory
        expected = Run(out, config).new_model()
    weights = match_tensors(read_tensors(folder / WEIGHTS_FILE), expected, where=folder / WEIGHTS_FILE)
    model = Run(out, config).new_model()
    model.load_state_dict(weights.tensors)
    with atomic_replace(out) as temporary:
        Run.create(temporary, config).save_model(model)
    return ImportedRun(Run.open(out), {name: tensor.numel() for name, tensor in weights.dropped.items()})


def data_record(params: Params, dataset: Dataset | None) -> DataRecord:
    """The record of a run's data: of the dataset if there is one, else of the published set.

    Raises:
        ImportRunError: if the parameters are of data of another shape.
    """
    published = PUBLISHED_DATASETS[params.dataset].record
    record = published if dataset is None else DataRecord.from_dataset(dataset)
    expected = (published.channels, params.side, params.side, params.classes)
    got = (record.channels, record.height, record.width, len(record.class_names))
    if got != expected:
        raise ImportRunError(
            f"params describes a run on {describe(*expected)}; {record.name} "
            f"{'as published' if dataset is None else f'in {record.folder}'} is {describe(*got)}. "
            "Name the data it was trained on with --data"
        )
    return record


def describe(channels: int, height: int, width: int, classes: int) -> str:
    """The shape of a dataset, in words."""
    return f"{channels} x {height} x {width} pixels with {classes} classes"


def described_experiment(params: Params, dataset: Dataset | None) -> Experiment:
    """The experiment the parameters describe; its dataset is none where the data is not the published set."""
    published, model = PUBLISHED_DATASETS[params.dataset], params.model()
    as_published = dataset is None or dataset.fingerprint == published.record.fingerprint
    return Experiment.model_validate(
        {
            "name": descriptive_name(published.name, model),
            "dataset": published.config if as_published else None,
            "model": model,
            "seed": params.seed,
        }
    )


def descriptive_name(dataset: str, model: ModelConfig) -> str:
    """The name of the listed experiment, followed by each field in which this model differs from that one's.

    >>> descriptive_name("tetrominoes", model_config("nwm", pixel_widths=(32, 32)))
    'tetrominoes-nwm-linear-pixel-widths-32x32'
    """
    name = experiment_name(dataset, model)
    spec = experiment_specs().get(name)
    variant = variant_field(model)
    usual = model_config(model.name, **{variant: getattr(model, variant)}) if spec is None else spec.experiment.model
    for field, value in model:
        if value != getattr(usual, field):
            text = "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
            name += f"-{field.replace('_', '-')}-{text or 'none'}"
    return name
