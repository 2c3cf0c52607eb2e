"""Importing a run folder of the authors' code as a run."""

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
    """An imported run, and the tensors that were dropped."""

    run: Run
    dropped: dict[str, int]
    """The number of elements of each tensor that no forward pass uses, by its published name."""


def import_run(folder: str | Path, out: str | Path, *, dataset: Dataset | None = None) -> ImportedRun:
    """Make a run from the ``cp.pt`` and ``.hydra/config.yaml`` in a folder, atomically.

    No code in the files is run, and every tensor is either imported or listed as dropped. The run's recipe is the
    paper's; the recipe in the authors' file is ignored. The run has no scores until it is evaluated.

    Args:
        folder: a run folder of the authors' code.
        out: the run folder to write, new or empty.
        dataset: the data that the model was trained on; None: the published set.

    Raises:
        ImportRunError: a file is missing or damaged, or the weights do not match the model and data it describes.
        RunError: ``out`` is not empty.
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
    with torch.device("meta"):  # shapes without values: only the file's tensors take memory
        meta_model = Run(out, config).new_model()
    weights = match_tensors(read_tensors(folder / WEIGHTS_FILE), meta_model, path=folder / WEIGHTS_FILE)
    model = Run(out, config).new_model()
    model.load_state_dict(weights.tensors)
    with atomic_replace(out) as temporary:
        Run.create(temporary, config).save_model(model)
    return ImportedRun(Run.open(out), {name: tensor.numel() for name, tensor in weights.dropped.items()})


def data_record(params: Params, dataset: Dataset | None) -> DataRecord:
    """Return the data record of a run: of the given dataset, or of the published set if it is None.

    Raises:
        ImportRunError: the parameters describe data of another shape.
    """
    published = PUBLISHED_DATASETS[params.dataset].record
    record = published if dataset is None else DataRecord.from_dataset(dataset)
    expected = (published.channels, params.side, params.side, params.classes)
    actual = (record.channels, record.height, record.width, len(record.class_names))
    if actual != expected:
        raise ImportRunError(
            f"params describes a run on {describe_shape(*expected)}; {record.name} "
            f"{'as published' if dataset is None else f'in {record.folder}'} is {describe_shape(*actual)}. "
            "Give the data that it was trained on with --data"
        )
    return record


def describe_shape(channels: int, height: int, width: int, classes: int) -> str:
    """Return the shape of a dataset in words."""
    return f"{channels} x {height} x {width} pixels with {classes} classes"


def described_experiment(params: Params, dataset: Dataset | None) -> Experiment:
    """Return the experiment that the parameters describe; its dataset is None if the data is not the published set."""
    published, model = PUBLISHED_DATASETS[params.dataset], params.model()
    is_published_set = dataset is None or dataset.fingerprint == published.record.fingerprint
    return Experiment.model_validate(
        {
            "name": descriptive_name(published.name, model),
            "dataset": published.config if is_published_set else None,
            "model": model,
            "seed": params.seed,
        }
    )


def descriptive_name(dataset: str, model: ModelConfig) -> str:
    """Return the name of the listed experiment, followed by each field in which the model differs from the listed one.

    >>> descriptive_name("tetrominoes", model_config("nwm", pixel_widths=(32, 32)))
    'tetrominoes-nwm-linear-pixel-widths-32x32'
    """
    name = experiment_name(dataset, model)
    spec = experiment_specs().get(name)
    variant = variant_field(model)
    listed_model = (
        model_config(model.name, **{variant: getattr(model, variant)}) if spec is None else spec.experiment.model
    )
    for field, value in model:
        if value != getattr(listed_model, field):
            text = "x".join(map(str, value)) if isinstance(value, tuple) else str(value)
            name += f"-{field.replace('_', '-')}-{text or 'none'}"
    return name
