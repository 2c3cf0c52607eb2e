"""On which devices a model is trained, and who has started the processes for them."""

from __future__ import annotations

import os
from typing import Literal

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
"""Where tensors live; ``auto`` takes a GPU if there is one."""

Strategy = Literal["auto", "ddp"]
"""How several devices train one model. ``ddp``: each has the whole model and a part of every batch, and gradients are
averaged. ``auto``: that, where there are several."""

RENDEZVOUS_VARIABLES = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK")
"""Variables by which processes on several nodes find each other, where no cluster tells them."""


class Devices(Config):
    """The devices of a training, each with a process of its own."""

    accelerator: Accelerator = "auto"
    """Where tensors live."""
    devices: PositiveInt = 1
    """Devices of each node; of a CPU, processes."""
    nodes: PositiveInt = 1
    """Nodes."""
    strategy: Strategy = "auto"
    """How several devices train one model."""

    @property
    def count(self) -> int:
        """How many processes there are."""
        return self.devices * self.nodes

    def describe(self) -> dict[str, str]:
        """What a run's configuration says of them."""
        strategy = "ddp" if self.count > 1 else "one device"
        return {"devices": str(self.devices), "nodes": str(self.nodes), "strategy": strategy}


class DrumheadEnvironment(LightningEnvironment):
    """Processes that Fabric need not start: they are started in :mod:`drumhead.training.workers`, or by hand."""

    @property
    def creates_processes_externally(self) -> bool:
        return True


def make_fabric(devices: Devices) -> Fabric:
    """Lightning Fabric on these devices; nothing is started yet.

    Raises:
        RunError: if there are no such devices, or they cannot be put together so.
    """
    environment = find_environment(devices)
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


def find_environment(devices: Devices) -> ClusterEnvironment:
    """Who has started the processes.

    A training on one device takes no notice of what is around it: an interactive job of many tasks, say.

    Raises:
        RunError: if another number of processes has been started, or other nodes cannot be found.
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
    """Whether a launcher has started a process for every device; if it has started but one, it has not.

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
    """Whether, of all processes of a training, this is the one that writes and shows; they need not have met yet.

    Raises:
        RunError: as :func:`find_environment`.
    """
    environment = find_environment(devices)
    return devices.count == 1 or environment.node_rank() * devices.devices + environment.local_rank() == 0
