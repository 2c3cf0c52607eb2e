"""The devices a model is trained on, and the launcher that starts a process for each of them."""

from __future__ import annotations

import os
from typing import Literal

import torch
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.slurm import SLURMEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.utilities.exceptions import MisconfigurationException
from pydantic import PositiveInt
from torch import distributed

from drumhead.config import Config
from drumhead.runs import RunError

Accelerator = Literal["auto", "cpu", "cuda", "mps"]
"""The type of device; ``auto`` takes a GPU if there is one."""

Strategy = Literal["auto", "ddp"]
"""How several devices train one model. ``ddp`` (distributed data parallel): each device has the whole model and a part
of every batch, and gradients are averaged. ``auto``: ``ddp`` if there are several devices."""

RENDEZVOUS_VARIABLES = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK")
"""Environment variables by which processes on several nodes find each other if no cluster sets this up."""


class Devices(Config):
    """The devices a model is trained on, each with a process of its own."""

    accelerator: Accelerator = "auto"
    """The type of device."""
    devices: PositiveInt = 1
    """The number of devices per node; on a CPU, the number of processes."""
    nodes: PositiveInt = 1
    """The number of nodes."""
    strategy: Strategy = "auto"
    """How several devices train one model."""

    @property
    def count(self) -> int:
        """The number of devices on all nodes, and so of processes."""
        return self.devices * self.nodes

    def describe(self) -> dict[str, str]:
        """Return the entries that a run's configuration has for them under ``machine``."""
        strategy = "ddp" if self.count > 1 else "one device"
        return {"devices": str(self.devices), "nodes": str(self.nodes), "strategy": strategy}


class DrumheadEnvironment(LightningEnvironment):
    """Processes that Fabric must not start: :mod:`drumhead.training.workers` or the user starts them."""

    @property
    def creates_processes_externally(self) -> bool:
        return True


def make_fabric(devices: Devices) -> Fabric:
    """Return Lightning Fabric for these devices, without starting any process.

    Raises:
        RunError: if the devices are not available or cannot be combined.
    """
    environment = find_environment(devices)
    check_available(devices)
    try:
        return Fabric(
            accelerator=devices.accelerator,
            strategy=DDPStrategy() if devices.count > 1 else "auto",
            devices=devices.devices,
            num_nodes=devices.nodes,
            plugins=[environment],
        )
    except (MisconfigurationException, RuntimeError, ValueError) as error:
        raise RunError(f"no training on {devices.devices} devices ({devices.accelerator}): {error}") from error


def check_available(devices: Devices) -> None:
    """Raise ``RunError`` if this machine has fewer devices of the type that is asked for."""
    counts = {"cuda": torch.cuda.device_count(), "mps": int(torch.backends.mps.is_available())}
    count = counts.get(devices.accelerator)
    if count is not None and count < devices.devices:
        raise RunError(
            f"--accelerator {devices.accelerator} --devices {devices.devices} needs {devices.devices}, but this "
            f"machine has {count}: choose fewer --devices, or --accelerator auto or cpu"
        )


def find_environment(devices: Devices) -> ClusterEnvironment:
    """Return the environment of the launcher that started the processes.

    Training on one device ignores any cluster around it, such as an interactive job with many tasks.

    Raises:
        RunError: if the launcher has started another number of processes, or other nodes cannot be found.
    """
    if devices.count == 1:
        return DrumheadEnvironment()
    if distributed.is_torchelastic_launched() and started_all("torchrun", os.environ.get("WORLD_SIZE"), devices):
        return TorchElasticEnvironment()
    if started_all("srun", os.environ.get("SLURM_STEP_NUM_TASKS"), devices):
        if "SLURM_NTASKS_PER_NODE" not in os.environ:
            raise RunError(f"start the processes with `srun --ntasks-per-node {devices.devices}`, which was not given")
        return SLURMEnvironment(auto_requeue=False)
    missing = [name for name in RENDEZVOUS_VARIABLES if name not in os.environ]
    if devices.nodes > 1 and missing:
        raise RunError(
            f"{devices.nodes} nodes: start a process for each device with `srun --nodes {devices.nodes} "
            f"--ntasks-per-node {devices.devices} drumhead train ...`; without Slurm, give this command on each node "
            f"with the variables {', '.join(RENDEZVOUS_VARIABLES)} set; not set here: {', '.join(missing)}"
        )
    return DrumheadEnvironment()


def started_all(launcher: str, started: str | None, devices: Devices) -> bool:
    """Return whether a launcher has started a process for every device; False if it has started only one process.

    Args:
        launcher: the launcher's name, for messages.
        started: the number of processes it has started, from its environment variable; None if that is not set.
        devices: the devices that need a process each.

    Raises:
        RunError: if it has started another number.
    """
    number = int(started or 1)
    if number not in (1, devices.count):
        raise RunError(
            f"{launcher} has started {number} processes, but {devices.nodes} nodes of {devices.devices} devices need "
            f"{devices.count}: give --devices and --nodes to match"
        )
    return number == devices.count


def is_first_process(devices: Devices) -> bool:
    """Return whether this process is the one that writes and prints; works before the processes are connected.

    Raises:
        RunError: as :func:`find_environment`.
    """
    environment = find_environment(devices)
    return devices.count == 1 or environment.node_rank() * devices.devices + environment.local_rank() == 0
