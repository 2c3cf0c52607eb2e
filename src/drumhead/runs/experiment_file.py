"""Experiments in files: the ``config.json`` of a run, or YAML with the same fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from drumhead.experiments import Experiment, experiment_specs, find_experiment, own_data_experiment
from drumhead.renamed_fields import with_current_names
from drumhead.runs.config import RunConfig
from drumhead.runs.errors import RunError
from drumhead.runs.initial_weights import InitialWeights
from drumhead.runs.json_files import read_json_with_checksum
from drumhead.validation_errors import explain_validation_error
from drumhead.yaml_files import read_yaml_mapping


class ExperimentFile(NamedTuple):
    """The content of a file that describes an experiment."""

    experiment: Experiment
    """The experiment."""
    data: Path | None
    """The folder of its data, if the file names one."""
    initial_weights: InitialWeights | None = None
    """The weights that its training started from, if the file is that of a run and names some."""


def read_experiment(path: str | Path) -> ExperimentFile:
    """Return the experiment in a file.

    The file is the ``config.json`` of a run, or YAML with the fields of an experiment, at its top or under
    ``experiment``. In YAML, fields that are left out have the values of the listed experiment with that name, if there
    is one, and else their defaults.

    Raises:
        RunError: if the file holds no experiment, with the fields that are wrong.
        OSError: if the file cannot be read.
    """
    path = Path(path)
    if path.suffix == ".json":
        try:
            config = read_json_with_checksum(path, RunConfig)
        except ValueError as error:
            raise RunError(f"{path} is not a run's configuration: {error}") from error
        return ExperimentFile(config.experiment, Path(config.data.folder), config.initial_weights)
    try:
        values = read_yaml_mapping(path)
    except ValueError as error:
        raise RunError(str(error)) from error
    fields, record = values, None
    if "experiment" in values:
        fields, record = values["experiment"], values.get("data")
        if not isinstance(fields, dict) or not values.keys() <= RunConfig.model_fields.keys():
            raise RunError(f"{path} must have the fields of an experiment under `experiment`, or at its top")
    folder = record.get("folder") if isinstance(record, dict) else None
    try:
        experiment = Experiment.model_validate(with_listed_fields(fields))
    except ValidationError as error:
        raise RunError(f"{path} is not an experiment: {explain_validation_error(error)}") from error
    return ExperimentFile(experiment, None if folder is None else Path(str(folder)))


def with_listed_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an experiment, completed by those of the listed experiment with the same name.

    A part with another ``name`` than the listed one, such as another model, is not completed.

    >>> with_listed_fields({"name": "mnist-cnn-2", "recipe": {"epochs": 5}})["recipe"]["learning_rate"]
    0.001
    """
    name, fields = fields.get("name"), with_current_names(fields)
    if not isinstance(name, str) or (name not in experiment_specs() and own_data_experiment(name) is None):
        return fields
    listed = find_experiment(name).model_dump()
    for part, values in fields.items():
        known = listed.get(part)
        if isinstance(values, dict) and isinstance(known, dict) and values.get("name") in (None, known.get("name")):
            listed[part] = {**known, **values}
        else:
            listed[part] = values
    return listed
