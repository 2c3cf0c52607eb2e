"""A run: the files in its folder, as Python objects."""

from __future__ import annotations

import shlex
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from drumhead.checksums import ChecksumError
from drumhead.config import Config
from drumhead.files import atomic_replace
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

if TYPE_CHECKING:
    from torch import Tensor

    from drumhead.models import Segmenter

RunState = Literal["done", "imported", "diverged", "unfinished"]

CHECKPOINT_KEYS = {"epoch", "step", "seconds", "best_loss", "history", "model", "optimizer"}
"""The keys of a checkpoint of any version."""


class Divergence(Config):
    """The content of ``diverged.json``."""

    message: str
    """Why training diverged."""


class Run:
    """A run in a folder.

    Args:
        folder: the run folder.
        config: the content of its ``config.json``.
        lock: the lock of the folder, if this process holds it; it is checked before a file is replaced.
    """

    def __init__(self, folder: str | Path, config: RunConfig, *, lock: FolderLock | None = None) -> None:
        self.folder = Path(folder)
        self.config = config
        self.lock = lock
        self.last_checkpoint_is_valid = False
        """Whether ``last.ckpt`` was read or written without error; only then does it become ``previous.ckpt``."""

    @classmethod
    def open(cls, folder: str | Path, *, lock: FolderLock | None = None) -> Run:
        """Return the run in a folder; a lock is only needed to write to it.

        Raises:
            RunError: if the folder does not exist, holds no run, or its ``config.json`` is damaged.
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
    def create(cls, folder: str | Path, config: RunConfig, *, lock: FolderLock | None = None) -> Run:
        """Create a run in an empty or new folder, and write its ``config.json``.

        Raises:
            RunError: if the folder contains other files.
        """
        folder = Path(folder)
        check_new_run_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        run = cls(folder, config, lock=lock)
        run.write_config(config)
        return run

    @contextmanager
    def atomic_replace(self, path: Path) -> Iterator[Path]:
        """Yield a temporary path that replaces one of the run's files if the block succeeds.

        Raises:
            RunError: if the folder is gone, or another process has taken its lock.
        """
        if not self.folder.is_dir():
            raise RunError(f"{self.folder} is gone: it was moved or removed, or its disk is no longer there")
        if self.lock is not None:
            self.lock.check()
        with atomic_replace(path, durable=True) as temporary:
            yield temporary
            if self.lock is not None:
                self.lock.check()  # again, just before the file is replaced: writing may have taken long

    def write(self, path: Path, content: bytes) -> None:
        """Replace one of the run's files."""
        with self.atomic_replace(path) as temporary:
            temporary.write_bytes(content)

    def write_config(self, config: RunConfig) -> None:
        """Replace ``config.json``."""
        self.write(self.folder / "config.json", json_with_checksum(config).encode())
        self.config = config

    def __repr__(self) -> str:
        experiment = self.config.experiment
        return f"Run({str(self.folder)!r}, {experiment.name!r}, seed {experiment.seed}, {self.state})"

    @property
    def name(self) -> str:
        """The name of the run folder."""
        return self.folder.resolve().name

    @property
    def state(self) -> RunState:
        """``done`` if the run has test scores; else ``imported`` if its weights were imported, ``diverged`` if its
        training diverged, and ``unfinished`` otherwise."""
        if self.scores_path.is_file():
            return "done"
        if self.config.imported_from is not None:
            return "imported"
        return "diverged" if self.divergence_path.is_file() else "unfinished"

    @property
    def checkpoint_path(self) -> Path:
        """The path of the last checkpoint."""
        return self.folder / "last.ckpt"

    @property
    def previous_checkpoint_path(self) -> Path:
        """The path of the checkpoint one epoch before the last."""
        return self.folder / "previous.ckpt"

    @property
    def model_path(self) -> Path:
        """The path of the best weights."""
        return self.folder / "model.safetensors"

    @property
    def scores_path(self) -> Path:
        """The path of the test scores."""
        return self.folder / "scores.json"

    @property
    def metrics_path(self) -> Path:
        """The path of the metrics of each epoch."""
        return self.folder / "metrics.csv"

    @property
    def divergence_path(self) -> Path:
        """The path of the file that says why training diverged."""
        return self.folder / "diverged.json"

    def metrics(self) -> list[dict[str, float]]:
        """Return a row for each finished epoch; empty if there is none.

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
        """Replace the last checkpoint; the one before it becomes the previous checkpoint."""
        content = checkpoint_bytes(state)
        with self.atomic_replace(self.checkpoint_path) as temporary:
            temporary.write_bytes(content)
            if self.last_checkpoint_is_valid and self.checkpoint_path.is_file():
                link_or_copy(self.checkpoint_path, self.previous_checkpoint_path)
        self.last_checkpoint_is_valid = True

    def load_checkpoint(self) -> dict[str, Any] | None:
        """Return the state to resume from, or None; only tensors and plain values are read, and no code is run.

        If the last checkpoint is damaged or missing, return the previous one, with a ``DamageWarning``.

        Raises:
            RunError: if no checkpoint can be read, but there is a damaged one.
        """
        errors = []
        for path in (self.checkpoint_path, self.previous_checkpoint_path):
            if not path.is_file():
                continue
            try:
                state = read_checkpoint(path)
            except PickleError as error:
                errors.append(str(error))
                continue
            self.last_checkpoint_is_valid = path == self.checkpoint_path
            if not self.last_checkpoint_is_valid:
                why = errors[0] if errors else f"{self.checkpoint_path} is missing"
                warnings.warn(f"{why}: {path.name} is used, the state one epoch before", DamageWarning, stacklevel=2)
            return state
        if errors:
            raise RunError(f"{'; '.join(errors)}: this run cannot be resumed; train in another folder")
        return None

    def resume(self) -> dict[str, Any] | None:
        """Return the state to resume from, or None; write the files that are derived from it again.

        Those files may be damaged, or from an epoch that will be repeated.

        Raises:
            RunError: if no checkpoint can be read, or it is not a training checkpoint.
        """
        state = self.load_checkpoint()
        if state is None:
            return None
        if missing := CHECKPOINT_KEYS - state.keys():
            raise RunError(
                f"{self.checkpoint_path} is not a training checkpoint: it has no {', '.join(sorted(missing))}"
            )
        if "kept_model" not in state:  # a checkpoint of an earlier version
            state["kept_model"] = self.load_model().state_dict()
        self.save_weights(state["kept_model"])
        self.write_metrics(state["history"])
        return state

    def new_model(self) -> Segmenter:
        """Return the run's untrained model, with the initial weights of its seed.

        Raises:
            RunError: if the model exceeds the limits of :mod:`drumhead.runs.model_size`.
        """
        from drumhead.models import build  # only here, because the import of torch takes seconds

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
        """Replace the best weights by those of a model."""
        self.save_weights(model.state_dict())

    def save_weights(self, weights: Mapping[str, Tensor]) -> None:
        """Replace the best weights."""
        self.write(self.model_path, weights_bytes(weights, experiment=self.config.experiment.name))

    def load_model(self) -> Segmenter:
        """Return the model with its best weights, in evaluation mode, on the CPU.

        Raises:
            RunError: if no epoch has finished yet, or the file is damaged or belongs to another model.
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
        model.run_folder = self.folder.resolve()
        return model.eval()

    def scores(self) -> Scores | None:
        """Return the test scores; None if the run is not done.

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
        """Return why training diverged; None if it did not, or has resumed since."""
        if not self.divergence_path.is_file():
            return None
        try:
            return read_json_with_checksum(self.divergence_path, Divergence).message
        except ValueError as error:
            raise RunError(f"{self.divergence_path} does not say why training diverged: {error}") from error

    def write_divergence(self, message: str) -> None:
        """Mark the run as diverged."""
        self.write(self.divergence_path, json_with_checksum(Divergence(message=message)).encode())

    @property
    def repair_hint(self) -> str:
        """How to repair a damaged file that is derived from other files."""
        if self.config.imported_from is not None:
            return "Import the run again"
        command = f"drumhead train {shlex.quote(str(self.folder))}"
        return f"To create it again, remove {self.scores_path} if it exists, and run: {command}"


def check_not_imported(run: Run) -> None:
    """Raise ``RunError`` if a run's weights were imported."""
    if run.config.imported_from is not None:
        raise RunError(f"{run.folder} holds imported weights, which have no training to resume: choose another folder")
