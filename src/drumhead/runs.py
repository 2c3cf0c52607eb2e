"""A run: one training of one experiment with one seed, in one folder.

| file | what it holds |
|---|---|
| ``config.json`` | all that made it: experiment, data, package versions, machine |
| ``metrics.csv`` | a row for each epoch |
| ``last.ckpt`` | the state after the last epoch, to go on from (tensors and plain values only) |
| ``model.safetensors`` | the weights of the best epoch by validation loss, to use |
| ``scores.json`` | scores on the test set; written last, so its presence means done |
"""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from drumhead.config import Config
from drumhead.data import Dataset
from drumhead.experiments import Experiment
from drumhead.files import replacing
from drumhead.models import Segmenter, build
from drumhead.pickles import PickleError, read_pickle
from drumhead.scores import Scores
from drumhead.seeds import derive_seed

RunState = Literal["done", "imported", "unfinished"]
VERSIONED = ("drumhead", "torch", "numpy", "lightning-fabric", "pydantic", "pillow", "safetensors")


class RunError(ValueError):
    """A folder that is not a run, or not the run that was meant."""


class DataRecord(Config):
    """Which data a run was trained on."""

    folder: str
    """Where it was."""
    name: str
    """The dataset's name."""
    fingerprint: str
    """SHA-256 over the hashes of all its arrays."""
    channels: int
    """Channels of the images."""
    height: int
    """Height of the images, in pixels."""
    width: int
    """Width of the images, in pixels."""
    class_names: tuple[str, ...]
    """Names of the classes; the first is background."""

    @classmethod
    def of(cls, dataset: Dataset) -> DataRecord:
        return cls(
            folder=str(dataset.folder.resolve()),
            name=dataset.manifest.name,
            fingerprint=dataset.fingerprint,
            channels=dataset.channels,
            height=dataset.height,
            width=dataset.width,
            class_names=tuple(dataset.class_names),
        )


class RunConfig(Config):
    """All that made a run: what ``config.json`` holds."""

    experiment: Experiment
    """What was trained."""
    data: DataRecord
    """On what."""
    versions: dict[str, str]
    """Versions of Python and of the packages that shape the numbers."""
    machine: dict[str, str]
    """System, processor, accelerator and threads."""
    imported_from: str | None = None
    """Where the weights were found, if they were not trained here: such a run has no training to go on with."""


class Run:
    """A run folder, opened. Attributes: ``folder`` and ``config``."""

    def __init__(self, folder: Path, config: RunConfig) -> None:
        self.folder = folder
        self.config = config

    @classmethod
    def open(cls, folder: Path | str) -> Run:
        """The run in a folder.

        Raises:
            RunError: if the folder is not there, or holds no run, or its ``config.json`` is damaged.
        """
        folder = Path(folder)
        path = folder / "config.json"
        if not path.is_file():
            raise RunError(f"{folder} is not a run folder: it has no config.json")
        try:
            return cls(folder, RunConfig.model_validate_json(path.read_bytes()))
        except ValidationError as error:
            raise RunError(f"{path} is not a run's configuration: {error}") from error

    @classmethod
    def create(cls, folder: Path | str, config: RunConfig) -> Run:
        """A new run in an empty or new folder, with its ``config.json`` written.

        Raises:
            RunError: if the folder holds anything.
        """
        folder = Path(folder)
        check_new_run_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        run = cls(folder, config)
        run.write_config(config)
        return run

    def write_config(self, config: RunConfig) -> None:
        """Replace ``config.json``."""
        write_json(self.folder / "config.json", config.model_dump(mode="json"))
        self.config = config

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name

    @property
    def state(self) -> RunState:
        """``done`` once the test set has been scored; before that, ``imported`` if there is no training to finish."""
        if self.scores_path.is_file():
            return "done"
        return "unfinished" if self.config.imported_from is None else "imported"

    @property
    def checkpoint_path(self) -> Path:
        """Where the state to go on from is."""
        return self.folder / "last.ckpt"

    @property
    def model_path(self) -> Path:
        """Where the best weights are."""
        return self.folder / "model.safetensors"

    @property
    def scores_path(self) -> Path:
        """Where the test scores are."""
        return self.folder / "scores.json"

    @property
    def metrics_path(self) -> Path:
        """Where the row for each epoch is."""
        return self.folder / "metrics.csv"

    def metrics(self) -> list[dict[str, float]]:
        """A row for each finished epoch; empty if there is none."""
        if not self.metrics_path.is_file():
            return []
        with self.metrics_path.open(newline="") as file:
            return [{key: float(value) for key, value in row.items() if value} for row in csv.DictReader(file)]

    def write_metrics(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Replace ``metrics.csv``."""
        with replacing(self.metrics_path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def save_checkpoint(self, state: Mapping[str, Any]) -> None:
        """Replace the state to go on from."""
        with replacing(self.checkpoint_path) as temporary:
            torch.save(dict(state), temporary)

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The state to go on from, or none; only tensors and plain values are read, no code is run.

        Raises:
            RunError: if the file is damaged, or holds anything else.
        """
        if not self.checkpoint_path.is_file():
            return None
        try:
            state: dict[str, Any] = read_pickle(self.checkpoint_path)
        except PickleError as error:
            raise RunError(f"{error}: this run cannot go on; train in another folder") from error
        return state

    def new_model(self) -> Segmenter:
        """The run's model, untrained, with the initial weights its seed gives."""
        data = self.config.data
        experiment = self.config.experiment
        return build(
            experiment.model,
            in_channels=data.channels,
            classes=len(data.class_names),
            seed=derive_seed(experiment.seed, "initialisation"),
        )

    def save_model(self, model: Segmenter) -> None:
        """Replace the best weights."""
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
        with replacing(self.model_path) as temporary:
            save_file(weights, temporary, metadata={"experiment": self.config.experiment.name})

    def load_model(self) -> Segmenter:
        """The model with its best weights, in evaluation mode, on the CPU.

        Raises:
            RunError: if no epoch has finished yet, or the file is damaged or of another model.
        """
        if not self.model_path.is_file():
            raise RunError(f"{self.folder} has no model.safetensors: no epoch of this run has finished yet")
        model = self.new_model()
        try:
            model.load_state_dict(load_file(self.model_path))
        except (SafetensorError, RuntimeError) as error:
            raise RunError(f"{self.model_path} does not hold this run's weights: {error}") from error
        return model.eval()

    def scores(self) -> Scores | None:
        """The test scores, or none while the run is unfinished.

        Raises:
            RunError: if the file is damaged.
        """
        if not self.scores_path.is_file():
            return None
        try:
            return Scores.model_validate_json(self.scores_path.read_bytes())
        except ValidationError as error:
            raise RunError(f"{self.scores_path} does not hold scores: {error}") from error

    def write_scores(self, scores: Scores) -> None:
        """Replace the test scores, which marks the run as done."""
        write_json(self.scores_path, scores.model_dump(mode="json"))


def load(folder: Path | str) -> Segmenter:
    """The trained model in a run folder, in evaluation mode, on the CPU.

    Raises:
        RunError: if the folder is not a run, or none of its epochs has finished.
    """
    return Run.open(folder).load_model()


def check_new_run_folder(folder: Path) -> None:
    """Raise ``RunError`` if the folder holds anything, and so cannot become a run."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{folder} holds other things already: choose an empty or new folder for the run")


def check_trained_here(run: Run) -> None:
    """Raise ``RunError`` if a run's weights were imported."""
    if run.config.imported_from is not None:
        raise RunError(
            f"{run.folder} holds imported weights, which have no training to go on with: choose another folder"
        )


def run_folders(folder: Path | str) -> list[Path]:
    """Every folder that holds a run, or what is left of one, at or below ``folder``; sorted.

    Raises:
        RunError: if the folder is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise RunError(f"{folder} is not a folder")
    found = (path.parent.relative_to(folder) for path in folder.rglob("config.json"))
    # A hidden folder is a file being written, see drumhead.files.
    return [folder / path for path in sorted(found) if not any(part.startswith(".") for part in path.parts)]


def package_versions() -> dict[str, str]:
    """Versions of Python and of the packages that shape the numbers."""
    versions = {"python": platform.python_version()}
    for package in VERSIONED:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "unknown"
    return versions


def write_json(path: Path, content: object) -> None:
    """Write JSON, whole or not at all; numbers that are not finite are refused."""
    text = json.dumps(content, indent=2, allow_nan=False)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n")
