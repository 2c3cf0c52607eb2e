"""Training a run: an experiment and a dataset in, a run folder out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from drumhead.data import Dataset, check_hashes
from drumhead.experiments import Experiment
from drumhead.runs import (
    DataRecord,
    FolderLock,
    InitialWeights,
    Run,
    RunConfig,
    RunError,
    check_new_run_folder,
    lock_folder,
    package_versions,
)
from drumhead.runs.config import COMMIT
from drumhead.training.class_weights import check_pixels_count
from drumhead.training.devices import Accelerator, Devices, Strategy, make_fabric
from drumhead.training.initial_weights import describe_initial_weights
from drumhead.training.launching import process_group
from drumhead.training.machine import describe_machine
from drumhead.training.observers import Observer
from drumhead.training.processes import Processes
from drumhead.training.progress_file import ProgressFile
from drumhead.training.same_run import check_same_run
from drumhead.training.trainer import Trainer
from drumhead.training.workers import WorkerRequest


def train(
    experiment: Experiment,
    dataset: Dataset,
    folder: Path | str,
    *,
    accelerator: Accelerator = "auto",
    devices: int = 1,
    nodes: int = 1,
    strategy: Strategy = "auto",
    initial_weights: str | Path | InitialWeights | None = None,
    observers: Sequence[Observer] = (),
) -> Run:
    """Train an experiment, or resume it; a finished run is left as it is.

    If training is interrupted at any point, by Ctrl-C or by a crash, the folder holds the last finished epoch, and the
    same call resumes from there. On the same machine with the same number of threads, the result is bit-identical to
    that of an uninterrupted run. A finished run is trained further if the experiment has more epochs than before and a
    constant learning rate.

    The batch size of the recipe does not depend on the number of devices: each device takes a part of the batch. Losses
    and weights are those of one device but for rounding, and a run may resume on another number of devices. This
    function starts the processes for the further devices of this machine; a cluster starts those of other nodes.

    Args:
        experiment: what to train; its ``dataset`` is ignored.
        dataset: the data.
        folder: the run folder: new, empty, or that of this very run.
        accelerator: the type of device.
        devices: the number of devices per node; on a CPU, the number of processes that share its cores.
        nodes: the number of nodes.
        strategy: how several devices train one model.
        initial_weights: the run folder, or the name of a trained network of the package, whose weights to start from
            (fine-tuning); see :mod:`drumhead.training.initial_weights`. For a run that resumes, its own record will do.
            None: random weights.
        observers: notified of each step and epoch, in the first process.

    Returns:
        The finished run.

    Raises:
        RunError: if the folder holds another run or other files, the data has fewer images than a batch, the devices
            are not available or cannot share a batch, class weights do not fit the classes, all pixels are ignored, or
            the model cannot start from the initial weights.
        RunBusyError: if another process trains this run.
        DatasetError: if a file of the data is damaged.
        ProcessLostError: if the process of another device has ended.
        TrainingDivergedError: if a loss is not finite.
    """
    device_config = Devices(accelerator=accelerator, devices=devices, nodes=nodes, strategy=strategy)
    check_batches(experiment, dataset, device_config)
    check_pixels_count(experiment.recipe, dataset)
    fabric = make_fabric(device_config)
    folder = Path(folder)
    if initial_weights is not None and not isinstance(initial_weights, InitialWeights):
        initial_weights = describe_initial_weights(initial_weights, experiment, dataset)
    request = WorkerRequest(
        experiment=experiment,
        data=dataset.folder,
        folder=folder.resolve(),
        devices=device_config,
        initial_weights=initial_weights,
    )
    with process_group(fabric, request), ExitStack() as locks:
        config = RunConfig(
            experiment=experiment,
            data=DataRecord.from_dataset(dataset),
            versions=package_versions(),
            machine={**describe_machine(fabric, experiment.recipe), **device_config.describe()},
            initial_weights=initial_weights,
        )
        processes = Processes(fabric)
        run = processes.run_on_first(lambda: prepare_run(folder, config, dataset, locks)) or Run(folder, config)
        if not processes.broadcast(run.state == "done"):
            Trainer(run, dataset, fabric=fabric, observers=[ProgressFile(), *observers]).fit()
    return Run(folder, run.config)


def check_batches(experiment: Experiment, dataset: Dataset, devices: Devices) -> None:
    """Raise ``RunError`` if the training images do not fill a batch, or the devices cannot share one evenly."""
    size = experiment.recipe.batch_size
    if size % devices.count:
        raise RunError(
            f"{devices.count} devices cannot share a batch of {size} images evenly: "
            f"choose a --recipe.batch-size that {devices.count} divides"
        )
    images = len(dataset.splits["train"].images)
    if images < size:
        raise RunError(
            f"{dataset.folder} has {images} training images, fewer than a batch of {size}: "
            f"choose --recipe.batch-size {images} or less"
        )


def prepare_run(folder: Path, config: RunConfig, dataset: Dataset, locks: ExitStack) -> Run:
    """Return the run in the folder: a finished one, or a new or partial one whose lock is added to ``locks``.

    Raises:
        RunError: if the folder holds another run, or other files.
        RunBusyError: if another process trains this run.
        DatasetError: if a file of the data is damaged.
    """
    if is_done(folder, config):
        return Run.open(folder)
    check_hashes(dataset)
    return open_or_create(folder, config, locks.enter_context(lock_folder(folder)))


def is_done(folder: Path, config: RunConfig) -> bool:
    """Return whether the folder holds this run, finished; takes no lock and writes nothing.

    Raises:
        RunError: if it holds another run, or other files.
    """
    if not (folder / "config.json").is_file():
        check_new_run_folder(folder)
        return False
    run = Run.open(folder)
    return not check_same_run(run, config) and run.state == "done"


def open_or_create(folder: Path, config: RunConfig, lock: FolderLock) -> Run:
    """Return the run in the folder if it is this one, or a new one if the folder is new or empty.

    A run that is to be trained for more epochs takes the new number and loses its scores.
    """
    if not (folder / "config.json").is_file():
        return Run.create(folder, config, lock=lock)
    run = Run.open(folder, lock=lock)
    differences = check_same_run(run, config)
    before, now = ({**each.versions, COMMIT: ""} for each in (run.config, config))
    if before != now:
        warnings.warn(
            f"{folder} was begun with other package versions: its numbers may differ in the last digits", stacklevel=6
        )
    if differences:
        run.scores_path.unlink(missing_ok=True)
        run.write_config(run.config.replace(experiment=config.experiment))
    return run
