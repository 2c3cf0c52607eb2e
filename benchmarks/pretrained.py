"""Make an entry of the zoo from a finished run: round its weights, score them on the test set, write its card.

    python benchmarks/pretrained.py RUN [RUN ...]

The entry is ``src/drumhead/pretrained/NAME``, where NAME is the run's experiment; an earlier entry is replaced. The
dataset of the run must be the standard one, so that users can make it again. The matrices of the readout and
the pixel network are stored as float16, all else as float32. The card has the scores of the stored weights, beside
those of the run and the published ones.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import tyro
from torch import Tensor

from command_line import run_benchmark, usage_error
from drumhead.cli.console import Console
from drumhead.cli.progress import progress_bar
from drumhead.data import Dataset, default_folder, find_reference_dataset, to_tensors
from drumhead.evaluation import evaluate_run, open_run_dataset
from drumhead.models.half_precision import may_be_float16
from drumhead.runs import Run
from drumhead.zoo import PRETRAINED_FOLDER
from pretrained_card import Card

MAX_TOTAL_BYTES = 6_000_000
"""The greatest size of all entries together."""
MACHINE_FIELDS = ("processor", "device", "threads", "precision", "devices")
"""What an entry says of the machine of its training."""
IMAGES_FOR_STABILITY = 64
"""Test images for which the time step is checked."""


def main(runs: tyro.conf.Positional[tuple[Path, ...]], /, *, data: Path | None = None) -> None:
    """Add finished runs to the zoo.

    Args:
        runs: Folders of finished runs, one for each experiment.
        data: The folder of their dataset. By default the folder that each run was trained on.
    """
    for folder in runs:
        try:
            entry = add_entry(Run.open(folder), data)
        except ValueError as error:
            usage_error(f"{folder}: {error}")
        print(
            f"wrote {entry}, {folder_bytes(entry) / 1000:.0f} kB; all: {folder_bytes(PRETRAINED_FOLDER) / 1e6:.2f} MB"
        )


def add_entry(run: Run, data: Path | None = None, *, zoo: Path = PRETRAINED_FOLDER) -> Path:
    """Make the entry of a run in the zoo, and return its folder.

    Raises:
        ValueError: if the run is not finished, its data are not a standard dataset, a weight is too large for float16,
            or the zoo would be too large.
    """
    trained_scores = run.scores()
    if trained_scores is None or run.config.imported_from is not None:
        raise ValueError("only a finished training becomes an entry of the zoo")
    dataset = open_run_dataset(run, data)
    reference = find_reference_dataset(dataset)
    if run.config.experiment.dataset is None or reference is None:
        raise ValueError("only a network that was trained on a standard dataset becomes an entry of the zoo")
    entry = zoo / run.config.experiment.name
    zoo.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=zoo) as temporary:
        stored = copy_run(run, Path(temporary) / entry.name)
        with progress_bar(Console(stderr=True), entry.name) as progress:
            scores = evaluate_run(stored, dataset, progress=progress)
        stored.write_scores(scores)
        card = Card(stored, scores, trained_scores, reference.title, instability(stored, dataset))
        (stored.folder / "card.md").write_text(card.text(), encoding="utf-8")
        others = sum(folder_bytes(path) for path in zoo.glob("[!.]*") if path != entry)
        if others + folder_bytes(stored.folder) > MAX_TOTAL_BYTES:
            raise ValueError(f"all entries must have at most {MAX_TOTAL_BYTES / 1e6:g} MB together")
        if entry.exists():
            shutil.rmtree(entry)
        stored.folder.rename(entry)
    return entry


def copy_run(run: Run, folder: Path) -> Run:
    """Return a copy of a run with rounded weights, without what only its machine has a use for."""
    dataset = run.config.experiment.dataset
    assert dataset is not None
    config = run.config.replace(
        data=run.config.data.replace(folder=default_folder(dataset).as_posix()),
        machine={name: run.config.machine[name] for name in MACHINE_FIELDS if name in run.config.machine},
    )
    stored = Run.create(folder, config)
    stored.save_weights(round_weights(run.load_model().state_dict()))
    stored.write_metrics(run.metrics())
    return stored


def round_weights(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return weights with those as float16 that may be, see :mod:`drumhead.models.half_precision`; the others stay.

    Raises:
        ValueError: if a weight is too large for float16.
    """
    rounded = {name: tensor.half() if may_be_float16(name, tensor) else tensor for name, tensor in weights.items()}
    for name, tensor in rounded.items():
        if not torch.isfinite(tensor).all():
            raise ValueError(f"{name} has a weight that is not finite as float16")
    return rounded


def instability(run: Run, dataset: Dataset) -> str | None:
    """Return the warning that the time step is too long for the first test images; None if it is not."""
    split = dataset.splits["test"]
    images, _ = to_tensors(split, range(min(IMAGES_FOR_STABILITY, len(split.images))))
    return run.load_model().stability_warning(images)


def folder_bytes(folder: Path) -> int:
    """Return the size of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    run_benchmark(main)
