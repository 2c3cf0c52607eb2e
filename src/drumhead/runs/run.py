"""A run folder, opened: its configuration, its checkpoint, its weights, its numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from drumhead.files import read_json, read_small, replacing
from drumhead.models import Segmenter, build
from drumhead.pickles import PickleError, read_pickle
from drumhead.runs.claim import Claim
from drumhead.runs.config import RunConfig
from drumhead.runs.errors import RunError
from drumhead.runs.folders import check_new_run_folder
from drumhead.runs.json_files import json_text
from drumhead.runs.sizes import check_size
from drumhead.scores import Scores
from drumhead.seeds import derive_seed

MEASURED = frozenset({"epoch", "seconds", "train_loss", "val_loss"})
"""What every epoch has in ``metrics.csv``, besides scores."""
RunState = Literal["done", "imported", "diverged", "unfinished"]


class Run:
    """A run folder, opened.

    Args:
        folder: where it is.
        config: what its ``config.json`` says.
        claim: the right to train there, if this process has it: checked before anything is replaced.
    """

    def __init__(self, folder: Path, config: RunConfig, *, claim: Claim | None = None) -> None:
        self.folder = folder
        self.config = config
        self.claim = claim

    @classmethod
    def open(cls, folder: Path | str, *, claim: Claim | None = None) -> Run:
        """The run in a folder; to read it takes no claim.

        Raises:
            RunError: if the folder is not there, or holds no run, or its ``config.json`` is damaged.
        """
        folder = Path(folder)
        path = folder / "config.json"
        if not path.is_file():
            raise RunError(f"{folder} is not a run folder: it has no config.json")
        try:
            return cls(folder, RunConfig.model_validate_json(read_small(path)), claim=claim)
        except ValueError as error:
            raise RunError(f"{path} is not a run's configuration: {error}") from error

    @classmethod
    def create(cls, folder: Path | str, config: RunConfig, *, claim: Claim | None = None) -> Run:
        """A new run in an empty or new folder, with its ``config.json`` written.

        Raises:
            RunError: if the folder holds anything.
        """
        folder = Path(folder)
        check_new_run_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        run = cls(folder, config, claim=claim)
        run.write_config(config)
        return run

    @contextmanager
    def replacing(self, path: Path) -> Iterator[Path]:
        """A temporary path that takes the place of one of the run's files if the block succeeds.

        Raises:
            RunError: if the folder is gone, or another process has the right to train there now.
        """
        if self.claim is not None:
            self.claim.check()
        with replacing(path) as temporary:
            yield temporary
            if self.claim is not None:
                self.claim.check()  # once more, at the last moment: writing may have taken long

    def write_json(self, path: Path, content: object) -> None:
        """Replace one of the run's JSON files."""
        text = json_text(content)
        with self.replacing(path) as temporary:
            temporary.write_text(text)

    def write_config(self, config: RunConfig) -> None:
        """Replace ``config.json``."""
        self.write_json(self.folder / "config.json", config.model_dump(mode="json"))
        self.config = config

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.folder.resolve().name

    @property
    def state(self) -> RunState:
        """``done`` once the test set has been scored; before that, ``imported`` if there is no training to finish, or
        ``diverged`` if it stopped without finite numbers."""
        if self.scores_path.is_file():
            return "done"
        if self.config.imported_from is not None:
            return "imported"
        return "diverged" if self.divergence_path.is_file() else "unfinished"

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

    @property
    def divergence_path(self) -> Path:
        """Where it stands why training diverged."""
        return self.folder / "diverged.json"

    def metrics(self) -> list[dict[str, float]]:
        """A row for each finished epoch; empty if there is none.

        Raises:
            RunError: if the file is damaged.
        """
        if not self.metrics_path.is_file():
            return []
        try:
            table = csv.DictReader(StringIO(read_small(self.metrics_path).decode(), newline=""))
            rows = [{key: float(value) for key, value in row.items() if value} for row in table]
            missing = MEASURED - set(table.fieldnames or ()).intersection(*rows)
            if missing:
                raise ValueError(f"{', '.join(sorted(missing))} missing")
            return rows
        except (ValueError, TypeError, csv.Error) as error:
            raise RunError(f"{self.metrics_path} does not hold a row of numbers for each epoch: {error}") from error

    def write_metrics(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Replace ``metrics.csv``."""
        with self.replacing(self.metrics_path) as temporary, temporary.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def save_checkpoint(self, state: Mapping[str, Any]) -> None:
        """Replace the state to go on from."""
        with self.replacing(self.checkpoint_path) as temporary:
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
        """The run's model, untrained, with the initial weights its seed gives.

        Raises:
            RunError: if it is larger than any that is trained here.
        """
        data = self.config.data
        experiment = self.config.experiment
        shape = {"in_channels": data.channels, "classes": len(data.class_names)}
        check_size(experiment.model, **shape)
        return build(
            experiment.model,
            **shape,
            seed=derive_seed(experiment.seed, "initialisation"),
        )

    def save_model(self, model: Segmenter) -> None:
        """Replace the best weights."""
        weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
        with self.replacing(self.model_path) as temporary:
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
            return Scores.model_validate_json(read_small(self.scores_path))
        except ValueError as error:
            raise RunError(f"{self.scores_path} does not hold scores: {error}") from error

    def write_scores(self, scores: Scores) -> None:
        """Replace the test scores, which marks the run as done."""
        self.write_json(self.scores_path, scores.model_dump(mode="json"))

    def divergence(self) -> str | None:
        """Why training diverged, or none if it did not, or has gone on since."""
        if not self.divergence_path.is_file():
            return None
        try:
            return str(read_json(self.divergence_path)["message"])
        except (ValueError, TypeError, KeyError) as error:
            raise RunError(f"{self.divergence_path} does not tell why training diverged: {error!r}") from error

    def write_divergence(self, message: str) -> None:
        """Mark the run as diverged."""
        self.write_json(self.divergence_path, {"message": message})


def load(folder: Path | str) -> Segmenter:
    """The trained model in a run folder, in evaluation mode, on the CPU.

    Raises:
        RunError: if the folder is not a run, or none of its epochs has finished.
    """
    return Run.open(folder).load_model()


def check_trained_here(run: Run) -> None:
    """Raise ``RunError`` if a run's weights were imported."""
    if run.config.imported_from is not None:
        raise RunError(
            f"{run.folder} holds imported weights, which have no training to go on with: choose another folder"
        )
