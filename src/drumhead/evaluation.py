"""Evaluation of a run: scores of its best weights on a split of its own dataset, or of another compatible one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal

from torch import Tensor

from drumhead.data import Dataset, DatasetError, check_hashes, open_dataset, prepare_dataset, unpadded_loader
from drumhead.runs import Run
from drumhead.scores import Scores, evaluate_model
from drumhead.training import Accelerator, Devices, make_fabric
from drumhead.zoo import is_pretrained

SplitName = Literal["train", "val", "test"]


def open_run_dataset(
    run: Run, folder: str | Path | None = None, *, progress: Callable[[int, int], None] | None = None
) -> Dataset:
    """Open the dataset that a run was trained on, or another dataset that its model can be evaluated on.

    Args:
        run: the run.
        folder: another dataset folder, or the new folder of the same dataset. None: the folder the run was trained on.
            For a trained network of the package, that is a folder under ``data``, which is made if it is missing.
            Its ignored label may be another than that of the training data, or none: it belongs to the masks.
        progress: called with the number done and the total while the dataset is made.

    Raises:
        DatasetError: if the dataset is missing, has changed since training, or does not fit the model.
    """
    record = run.config.data
    if folder is None and is_pretrained(run.folder):
        assert run.config.experiment.dataset is not None
        folder = prepare_dataset(run.config.experiment.dataset, progress=progress).folder
    if folder is None and not Path(record.folder).is_dir():
        raise DatasetError(f"{record.folder}: the dataset of {run.folder} is missing; give its folder with --data")
    dataset = open_dataset(Path(folder or record.folder))
    if folder is None and dataset.fingerprint != record.fingerprint:
        raise DatasetError(
            f"{dataset.folder}: not the dataset that {run.folder} was trained on; to use it anyway, give it with --data"
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
    """Return the scores of a run's best weights on a split.

    Args:
        run: a run with at least one finished epoch.
        dataset: a dataset from :func:`open_run_dataset`.
        split: the split to score.
        batch_size: the largest number of images per batch; images of different sizes are in different batches.
        accelerator: the hardware to compute on.
        progress: called with the number of finished batches and the total.

    Raises:
        ValueError: if this machine has no such accelerator.
        DatasetError: if a file of that split is damaged.
    """
    check_hashes(dataset, [split])
    fabric = make_fabric(Devices(accelerator=accelerator))
    model = fabric.to_device(run.load_model())
    loader = unpadded_loader(dataset.splits[split], batch_size=batch_size)
    batches = with_progress(loader, len(loader), progress)
    return evaluate_model(model, batches, dataset.class_names, ignored_label=dataset.ignored_label)


def with_progress(
    batches: Iterable[tuple[Tensor, Tensor]], total: int, progress: Callable[[int, int], None] | None
) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield the batches, and call ``progress`` after each of them has been consumed."""
    for number, batch in enumerate(batches, start=1):
        yield batch
        if progress is not None:
            progress(number, total)
