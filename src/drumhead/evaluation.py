"""Judging a finished run: its kept weights on a split of its own data, or of other data that fits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from torch import Tensor

from drumhead.data import Dataset, DatasetError, check_hashes, image_loader, open_dataset
from drumhead.runs import Run
from drumhead.scores import Scores, evaluate_model
from drumhead.training import Accelerator, Devices, make_fabric

SplitName = Literal["train", "val", "test"]


def open_run_dataset(run: Run, folder: Path | None = None) -> Dataset:
    """The data a run was trained on, or other data that its model can be judged on.

    Args:
        run: the run.
        folder: other data, or the same in another place; by default where the run found it.

    Raises:
        DatasetError: if the data is not there, is no longer what the run was trained on, or does not fit the model.
    """
    record = run.config.data
    if folder is None and not Path(record.folder).is_dir():
        raise DatasetError(f"{record.folder}: the data of {run.folder} is gone; tell where it is with --data")
    dataset = open_dataset(folder or Path(record.folder))
    if folder is None and dataset.fingerprint != record.fingerprint:
        raise DatasetError(
            f"{dataset.folder}: this data is not what {run.folder} was trained on; name it with --data if it is meant"
        )
    if (dataset.channels, dataset.class_names) != (record.channels, record.class_names):
        raise DatasetError(
            f"{dataset.folder}: {run.folder} needs {record.channels} channels and the classes "
            f"{', '.join(record.class_names)}; got {dataset.channels} and {', '.join(dataset.class_names)}"
        )
    return dataset


def evaluate_run(
    run: Run,
    dataset: Dataset,
    *,
    split: SplitName = "test",
    batch_size: int = 64,
    accelerator: Accelerator = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Scores:
    """The scores of a run's kept weights on a split.

    Args:
        run: a run of which at least one epoch has finished.
        dataset: from :func:`open_run_dataset`.
        split: which images.
        batch_size: images at a time.
        accelerator: where to compute.
        progress: called with the number of batches done and the total.

    Raises:
        ValueError: if this machine has no such accelerator.
        DatasetError: if a file of that split is damaged.
    """
    check_hashes(dataset, [split])
    fabric = make_fabric(Devices(accelerator=accelerator))
    model = fabric.to_device(run.load_model())
    loader = image_loader(dataset.splits[split], batch_size=batch_size, order=None)
    return evaluate_model(model, with_progress(loader, len(loader), progress), dataset.class_names)


def with_progress(
    batches: Iterable[tuple[Tensor, Tensor]], total: int, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches, with ``progress`` told of each when the next is asked for."""
    for number, batch in enumerate(batches, start=1):
        yield batch
        if progress is not None:
            progress(number, total)
