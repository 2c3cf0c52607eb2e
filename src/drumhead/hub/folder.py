"""Writing a model to a folder in the layout of the Hugging Face hub, and opening it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import torch
from torch import Tensor

from drumhead.checksums import ChecksumError
from drumhead.files import atomic_replace, check_writable, read_json
from drumhead.hub.card import model_card, run_card
from drumhead.hub.config import HubConfig
from drumhead.models import Segmenter, build
from drumhead.runs import Run, RunError
from drumhead.runs.json_files import json_with_checksum, read_json_with_checksum
from drumhead.runs.model_size import check_model_size
from drumhead.runs.weights import read_weights, weights_bytes

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
RUN_FILES = ("last.ckpt", "previous.ckpt", ".lock", "owner.json", "diverged.json", "card.md")
"""Files of run folders that are never written here: a folder with one of them is a run's own."""


def save_folder(model: Segmenter, folder: str | Path) -> None:
    """Write a model to a folder; each file is replaced as a whole, and a card that is there is kept.

    The run of a model is known if it was loaded from a run folder, which still holds these very weights.

    Args:
        model: the model.
        folder: a new or empty folder, or one that an earlier call wrote.

    Raises:
        RunError: if the folder is the folder of a run, whose files would be lost.
        OSError: if the folder cannot be written.
    """
    folder = Path(folder)
    if own := [name for name in RUN_FILES if (folder / name).exists()]:
        raise RunError(
            f"{folder} is the folder of a run, with {own[0]}, which saving a model would damage: choose another folder"
        )
    check_writable(folder / CONFIG)
    run = known_run(model)
    if run is None:
        config = HubConfig.model_validate(
            {
                "version": version("drumhead"),
                "model": model.config,
                "in_channels": model.in_channels,
                "classes": model.classes,
            }
        )
        files = {
            CONFIG: json_with_checksum(config).encode(),
            WEIGHTS: weights_bytes(model.state_dict(), experiment=config.model.name),
            CARD: model_card(model).encode(),
        }
    else:
        files = run_files(run) | {CARD: run_card(run, model).encode()}
    if (folder / CARD).exists():
        del files[CARD]
    for name, content in files.items():
        with atomic_replace(folder / name, durable=True) as temporary:
            temporary.write_bytes(content)


def known_run(model: Segmenter) -> Run | None:
    """Return the run that a model was loaded from, if its weights are still the same; else None."""
    if model.run_folder is None:
        return None
    try:
        run = Run.open(model.run_folder)
        stored = read_weights(run.model_path)
    except (RunError, ChecksumError, OSError):
        return None
    same_model = run.config.experiment.model == model.config
    return run if same_model and is_same(stored, model.state_dict()) else None


def is_same(stored: Mapping[str, Tensor], weights: Mapping[str, Tensor]) -> bool:
    """Whether stored weights are those of a model, which has their values in its own dtypes."""
    return stored.keys() == weights.keys() and all(
        tensor.shape == weights[name].shape and torch.equal(tensor.to(weights[name].dtype), weights[name].cpu())
        for name, tensor in stored.items()
    )


def run_files(run: Run) -> dict[str, bytes]:
    """Return the content of the files of a finished or imported run, without the paths of this machine."""
    data = run.config.data.replace(folder=f"data/{run.config.data.name}")
    initial = run.config.initial_weights
    if initial is not None:
        initial = initial.replace(source=Path(initial.source).name)
    source = run.config.imported_from
    config = run.config.replace(
        data=data, initial_weights=initial, imported_from=None if source is None else Path(source).name or source
    )
    files = {CONFIG: json_with_checksum(config).encode(), WEIGHTS: run.model_path.read_bytes()}
    scores = run.scores()
    if scores is not None:
        files[run.scores_path.name] = json_with_checksum(scores).encode()
    if run.metrics():
        files[run.metrics_path.name] = run.metrics_path.read_bytes()
    return files


def holds_model_alone(folder: str | Path) -> bool:
    """Whether a folder has the configuration of a model without a run. Nothing but its ``config.json`` is read."""
    try:
        fields = read_json(Path(folder) / CONFIG)
    except (OSError, ValueError):
        return False
    return isinstance(fields, dict) and "library" in fields


def open_folder(folder: str | Path) -> Segmenter:
    """Return the model in a folder, in evaluation mode, on the CPU; no code in it is run.

    Args:
        folder: a folder that :func:`save_folder` wrote, a run folder, or one that huggingface_hub's own functions wrote
            with such a ``config.json``.

    Raises:
        RunError: if the folder is missing or holds something else, a file is damaged, or the model is larger than
            :mod:`drumhead.runs.model_size` allows.
    """
    folder = Path(folder)
    if not holds_model_alone(folder):
        return Run.open(folder).load_model()
    try:
        config = read_json_with_checksum(folder / CONFIG, HubConfig)
    except ValueError as error:
        raise RunError(f"{folder / CONFIG} is not the configuration of a model: {error}") from error
    check_model_size(config.model, in_channels=config.in_channels, classes=config.classes)
    model = build(config.model, in_channels=config.in_channels, classes=config.classes)
    if not (folder / WEIGHTS).is_file():
        raise RunError(f"{folder} has no {WEIGHTS}: a model is {CONFIG} and {WEIGHTS}")
    try:
        weights = read_weights(folder / WEIGHTS)
        floats = {tensor.dtype for tensor in weights.values() if tensor.is_floating_point()}
        if floats == {torch.float64}:
            model.double()
        model.load_state_dict(weights)
    except (ChecksumError, RuntimeError) as error:
        raise RunError(f"{folder / WEIGHTS} does not hold the weights of this model: {error}") from error
    return model.eval()
