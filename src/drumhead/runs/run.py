"""A run folder, opened: its configuration, its checkpoint, its weights, its numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from torch import Tensor

from drumhead.checksums import ChecksumError
from drumhead.config import Config
from drumhead.files import atomic_replace
from drumhead.models import Segmenter, build
from drumhead.pickles import PickleError
from drumhead.runs.checkpoint import checkpoint_bytes, link_or_copy, read_checkpoint
from drumhead.runs.config import RunConfig
from drumhead.runs.errors import DamageWarning, RunError
from drumhead.runs.folders import check_new_run_folder
from drumhead.runs.json_files import json_with_checksum, read_json_with_checksum
from drumhead.runs.lock import FolderLock
from drumhead.runs.metrics import metrics_csv, read_metrics
from drumhead.runs.model_size import check_model_size
from drumhead.runs.weights import read_weights, weights_bytes
from drumhead.scores import Scores
from drumhead.seeds import derive_seed

RunState = Literal["done", "imported", "diverged", "unfinished"]

CHECKPOINT_KEYS = {"epoch", "step", "seconds", "best_loss", "history", "model", "optimizer"}
"""What a checkpoint of any version holds."""


class Divergence(Config):
    """What ``diverged.json`` holds."""

    message: str
    """Why training stopped."""


class Run:
    """A run folder, opened.

    Args:
        folder: where it is.
        config: what its ``config.json`` says.
        lock: the right to train there, if this process has it: checked before anything is replaced.
    """

    def __init__(self, folder: Path, config: RunConfig, *, lock: FolderLock | None = None) -> None:
        self.folder = folder
        self.config = config
        self.lock = lock
        self.last_checkpoint_is_valid = False
        """Whether ``last.ckpt`` was found, or written, whole: only then does it become ``previous.ckpt``."""

    @classmethod
    def open(cls, folder: Path | str, *, lock: FolderLock | None = None) -> Run:
        """The run in a folder; to read it takes no claim.

        Raises:
            RunError: if the folder is not there, or holds no run, or its ``config.json`` is damaged.
        """
        folder = Path(folder)
        path = folder / "config.json"
        if not path.is_file():
            raise RunError(f"{folder} is not a run folder: it has no config.json")
        try:
            return cls(folder, read_json_with_checksum(path, RunConfig), lock=lock)
        except ValueError as error:
            raise RunError(f"{path} is not a run's configuration: {error}") from error

    @classmethod
    def create(cls, folder: Path | str, config: RunConfig, *, lock: FolderLock | None = None) -> Run:
        """A new run in an empty or new folder, with its ``config.json`` written.

        Raises:
            RunError: if the folder holds anything.
        """
        folder = Path(folder)
        check_new_run_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        run = cls(folder, config, lock=lock)
        run.write_config(config)
        return run

    @contextmanager
    def replacing(self, path: Path) -> Iterator[Path]:
        """A temporary path that takes the place of one of the run's files if the block succeeds.

        Raises:
            RunError: if the folder is gone, or another process has the right to train there now.
        """
        if not self.folder.is_dir():
            raise RunError(f"{self.folder} is gone: it was moved or removed, or its disk is no longer there")
        if self.lock is not None:
            self.lock.check()
        with atomic_replace(path, durable=True) as temporary:
            yield temporary
            if self.lock is not None:
                self.lock.check()  # once more, at the last moment: writing may have taken long

    def write(self, path: Path, content: bytes) -> None:
        """Replace one of the run's files."""
        with self.replacing(path) as temporary:
            temporary.write_bytes(content)

    def write_config(self, config: RunConfig) -> None:
        """Replace ``config.json``."""
        self.write(self.folder / "config.json", json_with_checksum(config).encode())
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
    def previous_checkpoint_path(self) -> Path:
        """Where the state before that is."""
        return self.folder / "previous.ckpt"

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
            return read_metrics(self.metrics_path)
        except ValueError as error:
            raise RunError(f"{self.metrics_path} is damaged: {error}. {self.repair_hint}") from error

    def write_metrics(self, rows: Sequence[Mapping[str, object]]) -> None:
        """Replace ``metrics.csv``."""
        self.write(self.metrics_path, metrics_csv(rows).encode())

    def save_checkpoint(self, state: Mapping[str, Any]) -> None:
        """Replace the state to go on from, and keep the one before it."""
        content = checkpoint_bytes(state)
        with self.replacing(self.checkpoint_path) as temporary:
            temporary.write_bytes(content)
            if self.last_checkpoint_is_valid and self.checkpoint_path.is_file():
                link_or_copy(self.checkpoint_path, self.previous_checkpoint_path)
        self.last_checkpoint_is_valid = True

    def load_checkpoint(self) -> dict[str, Any] | None:
        """The state to go on from, or none; only tensors and plain values are read, no code is run.

        Where the last is damaged, it is that of the epoch before, and a ``DamageWarning`` tells so.

        Raises:
            RunError: if both are damaged, or hold anything else.
        """
        faults = []
        for path in (self.checkpoint_path, self.previous_checkpoint_path):
            if not path.is_file():
                continue
            try:
                state = read_checkpoint(path)
            except PickleError as error:
                faults.append(str(error))
                continue
            self.last_checkpoint_is_valid = path == self.checkpoint_path
            if not self.last_checkpoint_is_valid:
                why = faults[0] if faults else f"{self.checkpoint_path} is missing"
                warnings.warn(f"{why}: {path.name} is used, the state one epoch before", DamageWarning, stacklevel=2)
            return state
        if faults:
            raise RunError(f"{'; '.join(faults)}: this run cannot go on; train in another folder")
        return None

    def resume(self) -> dict[str, Any] | None:
        """The state to go on from, or none; the files that follow from it are written again.

        They may be damaged, or of an epoch that will be done once more.

        Raises:
            RunError: if there is no whole checkpoint any more, or it is not of a training.
        """
        state = self.load_checkpoint()
        if state is None:
            return None
        if missing := CHECKPOINT_KEYS - state.keys():
            raise RunError(f"{self.checkpoint_path} is not of a training: it has no {', '.join(sorted(missing))}")
        if "kept_model" not in state:  # an earlier version's
            state["kept_model"] = self.load_model().state_dict()
        self.save_weights(state["kept_model"])
        self.write_metrics(state["history"])
        return state

    def new_model(self) -> Segmenter:
        """The run's model, untrained, with the initial weights its seed gives.

        Raises:
            RunError: if it is larger than any that is trained here.
        """
        data = self.config.data
        experiment = self.config.experiment
        shape = {"in_channels": data.channels, "classes": len(data.class_names)}
        check_model_size(experiment.model, **shape)
        return build(
            experiment.model,
            **shape,
            seed=derive_seed(experiment.seed, "initialisation"),
        )

    def save_model(self, model: Segmenter) -> None:
        """Replace the best weights by a model's."""
        self.save_weights(model.state_dict())

    def save_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Replace the best weights."""
        self.write(self.model_path, weights_bytes(weights, experiment=self.config.experiment.name))

    def load_model(self) -> Segmenter:
        """The model with its best weights, in evaluation mode, on the CPU.

        Raises:
            RunError: if no epoch has finished yet, or the file is damaged or of another model.
        """
        if not self.model_path.is_file():
            raise RunError(f"{self.folder} has no model.safetensors: no epoch of this run has finished yet")
        model = self.new_model()
        try:
            model.load_state_dict(read_weights(self.model_path))
        except (ChecksumError, RuntimeError) as error:
            raise RunError(
                f"{self.model_path} does not hold this run's weights: {error}. {self.repair_hint}"
            ) from error
        return model.eval()

    def scores(self) -> Scores | None:
        """The test scores, or none while the run is unfinished.

        Raises:
            RunError: if the file is damaged.
        """
        if not self.scores_path.is_file():
            return None
        try:
            return read_json_with_checksum(self.scores_path, Scores)
        except ValueError as error:
            raise RunError(f"{self.scores_path} does not hold scores: {error}. {self.repair_hint}") from error

    def write_scores(self, scores: Scores) -> None:
        """Replace the test scores, which marks the run as done."""
        self.write(self.scores_path, json_with_checksum(scores).encode())

    def divergence(self) -> str | None:
        """Why training diverged, or none if it did not, or has gone on since."""
        if not self.divergence_path.is_file():
            return None
        try:
            return read_json_with_checksum(self.divergence_path, Divergence).message
        except ValueError as error:
            raise RunError(f"{self.divergence_path} does not tell why training diverged: {error}") from error

    def write_divergence(self, message: str) -> None:
        """Mark the run as diverged."""
        self.write(self.divergence_path, json_with_checksum(Divergence(message=message)).encode())

    @property
    def repair_hint(self) -> str:
        """What helps when a file is damaged that follows from others."""
        if self.config.imported_from is not None:
            return "Import the run again"
        return f"To have it made again, remove {self.scores_path} if it is there, and: drumhead train {self.folder}"


def load(folder: Path | str) -> Segmenter:
    """The trained model in a run folder, in evaluation mode, on the CPU.

    Raises:
        RunError: if the folder is not a run, or none of its epochs has finished.
    """
    return Run.open(folder).load_model()


def check_not_imported(run: Run) -> None:
    """Raise ``RunError`` if a run's weights were imported."""
    if run.config.imported_from is not None:
        raise RunError(
            f"{run.folder} holds imported weights, which have no training to go on with: choose another folder"
        )
