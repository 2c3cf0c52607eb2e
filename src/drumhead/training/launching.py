"""How a training comes to have several processes: a cluster has started them, or they are started here.

Lightning Fabric joins the processes and averages their gradients. It would start them by running the whole script
again, which a notebook cannot, and a script that does more than train should not; so here the first process of a node
starts :mod:`drumhead.training.worker` for each further device.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from lightning_fabric.strategies import DDPStrategy
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import distributed

from drumhead.runs import RunError
from drumhead.training.precision import FabricPrecision
from drumhead.training.processes import ProcessLostError
from drumhead.training.workers import WorkerRequest, Workers

Accelerator = Literal["auto", "cpu", "cuda", "mps"]
"""Where tensors live; ``auto`` takes a GPU if there is one."""

Strategy = Literal["auto", "ddp"]
"""How several devices train one model. ``ddp``: each has the whole model and a part of every batch, and gradients are
averaged. ``auto`` is ``ddp`` where there are several devices."""

ADDRESS = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK")
"""Variables by which processes on several nodes find each other, where no cluster tells them."""

GONE = ("Connection closed", "Connection reset", "Broken pipe", "Socket closed")
"""What torch says when another process is no longer there."""


class StartedHere(LightningEnvironment):
    """Processes that were started one by one, here or by hand: Fabric is to start none."""

    @property
    def creates_processes_externally(self) -> bool:
        return True


def make_fabric(
    accelerator: Accelerator, *, precision: FabricPrecision = "32-true", devices: int = 1, nodes: int = 1
) -> Fabric:
    """The devices to train on; nothing is started yet.

    Raises:
        RunError: if there are not so many devices, or they cannot be put together so.
    """
    environment = find_environment(devices, nodes)
    try:
        return Fabric(
            accelerator=accelerator,
            strategy="auto" if devices * nodes == 1 else DDPStrategy(),
            devices=devices,
            num_nodes=nodes,
            precision=precision,
            plugins=[environment],
        )
    except (MisconfigurationException, RuntimeError) as error:
        raise RunError(f"--accelerator {accelerator} --devices {devices}: {error}") from error


def find_environment(devices: int, nodes: int) -> ClusterEnvironment:
    """Who has started the processes of a training on so many devices of so many nodes.

    A training on one device takes no notice of what is around it: an interactive job, say, of many tasks.

    Raises:
        RunError: if another number of processes has been started, or other nodes cannot be found.
    """
    count = devices * nodes
    if count == 1:
        return StartedHere()
    for name, launcher in (("WORLD_SIZE", "torchrun"), ("SLURM_STEP_NUM_TASKS", "srun")):
        if launcher == "torchrun" and not distributed.is_torchelastic_launched():
            continue
        started = int(os.environ.get(name, 1))
        if started not in (1, count):
            raise RunError(
                f"{launcher} has started {started} processes, and {devices} devices on {nodes} nodes need {count}: "
                f"choose --devices and --nodes to match, or start one process a node"
            )
        if started == count and launcher == "torchrun":
            return TorchElasticEnvironment()
        if started == count:
            return slurm_environment(devices)
    missing = [name for name in ADDRESS if name not in os.environ]
    if nodes > 1 and missing:
        raise RunError(
            f"{nodes} nodes need a process for each device, started by `srun --nodes {nodes} --ntasks-per-node {devices}`; "
            f"or, without Slurm, this command on each node, with the variables {', '.join(ADDRESS)} set "
            f"({', '.join(missing)} not set here)"
        )
    return StartedHere()


def slurm_environment(devices: int) -> SLURMEnvironment:
    """The processes of a job step of Slurm."""
    if "SLURM_NTASKS_PER_NODE" not in os.environ:
        raise RunError(f"several processes a node are to be told to Slurm by --ntasks-per-node {devices}")
    return SLURMEnvironment(auto_requeue=False)


def is_first_process(devices: int, nodes: int) -> bool:
    """Whether, of the processes that train on so many devices, this is the one that writes and shows; none need run.

    Raises:
        RunError: as :func:`find_environment`.
    """
    environment = find_environment(devices, nodes)
    return environment.node_rank() * devices + environment.local_rank() == 0


@contextmanager
def joined(fabric: Fabric, request: WorkerRequest) -> Iterator[None]:
    """All processes of a training, those for further devices of this node started; inside, they can talk.

    Afterwards the process is as it was, without the others, and those started here have ended.

    Args:
        fabric: from :func:`make_fabric`.
        request: what the others are to do.

    Raises:
        ProcessLostError: if another process ends before its time.
    """
    if request.devices * request.nodes == 1:
        yield
        return
    with ExitStack() as stack:
        stack.enter_context(settings_restored())
        workers = None
        if isinstance(fabric.strategy.cluster_environment, StartedHere) and "LOCAL_RANK" not in os.environ:
            os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
            os.environ.setdefault("MASTER_PORT", str(free_port()))
            workers = stack.enter_context(Workers(request))
        try:
            if workers is not None:
                workers.wait_until_ready()
            fabric.launch()
            yield
        except RuntimeError as error:
            raise lost(error, workers) or error from error
        finally:
            if workers is not None:
                workers.end()
            if distributed.is_initialized():
                distributed.destroy_process_group()


def lost(error: RuntimeError, workers: Workers | None) -> ProcessLostError | None:
    """The error as the loss of another process, if that is what it comes from."""
    if isinstance(error, ProcessLostError):
        return error
    gone = isinstance(error, distributed.DistError) or any(words in str(error) for words in GONE)
    found = workers.lost(patience=5.0 if gone else 0.0) if workers is not None else None
    if found is None and not gone:
        return None
    return ProcessLostError(f"{found or 'another process of this training has ended'}; what it said is above")


@contextmanager
def settings_restored() -> Iterator[None]:
    """What joining processes sets in this one is put back: variables, torch's threads."""
    names = (*ADDRESS, "WORLD_SIZE", "OMP_NUM_THREADS")
    before, threads = {name: os.environ.get(name) for name in names}, torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def free_port() -> int:
    """A port that nobody listens at now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
