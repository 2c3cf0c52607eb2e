"""Training: an experiment and a dataset in, a run folder out."""

from __future__ import annotations

import platform
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import torch
from lightning_fabric import Fabric

from drumhead.data import Dataset, check_hashes
from drumhead.experiments import Experiment, Recipe
from drumhead.runs import (
    DataRecord,
    FolderLock,
    Run,
    RunConfig,
    RunError,
    check_new_run_folder,
    check_not_imported,
    lock_folder,
    package_versions,
)
from drumhead.training.devices import Accelerator, Devices, Strategy, is_first_process, make_fabric
from drumhead.training.launching import joined
from drumhead.training.loggers import LOGGERS, LoggerName, LoggerWarning
from drumhead.training.loop import Training, TrainingDivergedError
from drumhead.training.observers import EpochReport, Observer, StepReport
from drumhead.training.precision import product_precision
from drumhead.training.processes import Processes, ProcessLostError
from drumhead.training.progress_file import Progress, ProgressFile, read_progress
from drumhead.training.schedule import learning_rate
from drumhead.training.workers import WorkerRequest

__all__ = [
    "LOGGERS",
    "Accelerator",
    "Devices",
    "EpochReport",
    "LoggerName",
    "LoggerWarning",
    "Observer",
    "ProcessLostError",
    "Progress",
    "ProgressFile",
    "StepReport",
    "Strategy",
    "TrainingDivergedError",
    "flatten",
    "is_first_process",
    "learning_rate",
    "make_fabric",
    "read_progress",
    "train",
]


def train(
    experiment: Experiment,
    dataset: Dataset,
    folder: Path | str,
    *,
    accelerator: Accelerator = "auto",
    devices: int = 1,
    nodes: int = 1,
    strategy: Strategy = "auto",
    observers: Sequence[Observer] = (),
) -> Run:
    """Train an experiment, or go on with it where it stopped; a finished run is left as it is.

    Interrupted at any point, by Ctrl-C or worse, the folder holds the last finished epoch, and the same call goes
    on from there: on the same machine, with as many threads, the result is the same to the bit. A finished run goes
    on if the experiment has more epochs than before and a constant learning rate.

    On several devices the batch stays what the recipe says, and each device takes a part of it: losses and weights are
    those of one device but for rounding, and a run may go on with another number of devices. The processes for
    further devices of this machine are started here; those on other nodes, by a cluster.

    Args:
        experiment: what to train; its ``dataset`` is not looked at.
        dataset: the data.
        folder: the run's folder, new or empty or of this very run.
        accelerator: where to train.
        devices: how many devices of each node; on a CPU, how many processes share its cores.
        nodes: how many nodes.
        strategy: how several devices train one model.
        observers: who is told of each step and epoch, in the first process.

    Returns:
        The finished run.

    Raises:
        RunError: if the folder holds another run or other things, the data has fewer images than a batch, or the
            devices are not there or cannot share a batch.
        RunBusyError: if another process trains this run.
        DatasetError: if a file of the data is damaged.
        ProcessLostError: if the process of another device has ended.
        TrainingDivergedError: if a loss is not finite.
    """
    where = Devices(accelerator=accelerator, devices=devices, nodes=nodes, strategy=strategy)
    check_batches(experiment, dataset, where)
    fabric = make_fabric(where)
    folder = Path(folder)
    request = WorkerRequest(experiment=experiment, data=dataset.folder, folder=folder.resolve(), devices=where)
    with joined(fabric, request), ExitStack() as rights:
        config = RunConfig(
            experiment=experiment,
            data=DataRecord.from_dataset(dataset),
            versions=package_versions(),
            machine={**describe_machine(fabric, experiment.recipe), **where.described()},
        )
        processes = Processes(fabric)
        run = processes.alone(lambda: begin(folder, config, dataset, rights)) or Run(folder, config)
        if not processes.of_first(run.state == "done"):
            Training(run, dataset, fabric=fabric, observers=[ProgressFile(), *observers]).fit()
    return Run(folder, run.config)


def check_batches(experiment: Experiment, dataset: Dataset, devices: Devices) -> None:
    """Raise ``RunError`` if the training images do not fill a batch, or the devices cannot share one."""
    size = experiment.recipe.batch_size
    if size % devices.count:
        raise RunError(
            f"{devices.count} devices cannot share a batch of {size} images evenly: "
            f"choose a --recipe.batch-size that {devices.count} divides"
        )
    images = len(dataset.splits["train"].images)
    if images < experiment.recipe.batch_size:
        raise RunError(
            f"{dataset.folder} has {images} training images, fewer than a batch of {experiment.recipe.batch_size}: "
            f"choose --recipe.batch-size {images} or less"
        )


def begin(folder: Path, config: RunConfig, dataset: Dataset, rights: ExitStack) -> Run:
    """The run in the folder, new or to go on with, the right to train there among ``rights``; or a finished one.

    Raises:
        RunError: if the folder holds another run, or other things.
        RunBusyError: if another process trains this run.
        DatasetError: if a file of the data is damaged.
    """
    if is_done(folder, config):
        return Run.open(folder)
    check_hashes(dataset)
    return open_or_create(folder, config, rights.enter_context(lock_folder(folder)))


def is_done(folder: Path, config: RunConfig) -> bool:
    """Whether the folder holds this run, finished; nothing is written, and nobody's leave is needed.

    Raises:
        RunError: if it holds another run, or other things.
    """
    if not (folder / "config.json").is_file():
        check_new_run_folder(folder)
        return False
    run = Run.open(folder)
    return not check_same_run(run, config) and run.state == "done"


def open_or_create(folder: Path, config: RunConfig, right: FolderLock) -> Run:
    """The run in the folder if it is this one, or a new one if the folder is new or empty."""
    if not (folder / "config.json").is_file():
        return Run.create(folder, config, lock=right)
    run = Run.open(folder, lock=right)
    differences = check_same_run(run, config)
    if run.config.versions != config.versions:
        warnings.warn(
            f"{folder} was begun with other package versions: its numbers may differ in the last digits", stacklevel=6
        )
    if differences:
        run.scores_path.unlink(missing_ok=True)
        run.write_config(run.config.replace(experiment=config.experiment))
    return run


def check_same_run(run: Run, config: RunConfig) -> dict[str, tuple[object, object]]:
    """What differs between a run and a configuration it can go on with: nothing, or the number of epochs.

    Raises:
        RunError: if the run is another one.
    """
    check_not_imported(run)
    differences = differing_fields(run.config, config)
    if differences and not may_be_extended(run.config.experiment, config.experiment, differences):
        listed = "; ".join(f"{name} is {old!r}, not {new!r}" for name, (old, new) in differences.items())
        raise RunError(f"{run.folder} holds another run: {listed}. Choose another folder with --out")
    return differences


def may_be_extended(old: Experiment, new: Experiment, differences: dict[str, tuple[object, object]]) -> bool:
    """Whether a run can go on with more epochs: only if none of its steps would have been different."""
    more = new.recipe.epochs > old.recipe.epochs
    unscheduled = new.recipe.schedule == "constant" and new.recipe.warmup == 0
    return list(differences) == ["recipe.epochs"] and more and unscheduled


def differing_fields(old: RunConfig, new: RunConfig) -> dict[str, tuple[object, object]]:
    """What makes two runs different: every field of the experiment, the data's fingerprint and its classes."""
    before, after = (
        {
            **flatten(config.experiment.model_dump(exclude={"dataset"})),
            "data": config.data.fingerprint,
            "classes": config.data.class_names,
        }
        for config in (old, new)
    )
    names = dict.fromkeys([*before, *after])
    return {name: (before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)}


def flatten(values: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Nested fields under dotted names, as the command line has them.

    >>> flatten({"seed": 1, "model": {"steps": 5}})
    {'seed': 1, 'model.steps': 5}
    """
    flat: dict[str, object] = {}
    for name, value in values.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat


def describe_machine(fabric: Fabric, recipe: Recipe) -> dict[str, str]:
    """What the numbers may depend on besides versions."""
    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "device": str(fabric.device),
        "threads": str(torch.get_num_threads()),
        "precision": product_precision(recipe, fabric.device),
    }
