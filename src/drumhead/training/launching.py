"""The processes of a training come together, and part again.

Lightning Fabric joins them and averages their gradients. It would start them by running the whole script again, which a
notebook cannot, and a script that does more than train should not; so where no cluster has started them, the first
process of a node starts :mod:`drumhead.training.worker` for each further device.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from lightning_fabric import Fabric
from torch import distributed

from drumhead.training.devices import RENDEZVOUS_VARIABLES, DrumheadEnvironment
from drumhead.training.processes import ProcessLostError
from drumhead.training.workers import WorkerRequest, Workers

TEARDOWN_SECONDS = 0.2
"""Seconds for gloo's threads to let go of the last tensors: they need Python's lock for that, and who takes the group
of processes down with that lock in hand waits for them for ever."""
DISCONNECT_MESSAGES = ("Connection closed", "Connection reset", "Broken pipe", "failed to recv", "Socket closed")
"""What torch says when another process is no longer there."""


@contextmanager
def process_group(fabric: Fabric, request: WorkerRequest) -> Iterator[None]:
    """All processes of a training, those for further devices of this node started; inside, they can talk.

    Afterwards this process is as it was, and those that were started have ended.

    Args:
        fabric: from :func:`drumhead.training.devices.make_fabric`.
        request: what the others are to do.

    Raises:
        ProcessLostError: if another process ends before its time.
    """
    if request.devices.count == 1:
        yield
        return
    start_here = starts_workers(fabric)
    address = local_rendezvous() if start_here and request.devices.nodes == 1 else {}
    with temporary_environment(address), Workers(request, start=start_here) as workers:
        try:
            workers.wait_until_ready()
            fabric.launch()
            yield
        except RuntimeError as error:
            if found := lost_process_error(error, workers):
                raise found from error
            raise
        finally:
            workers.end()
            if distributed.is_initialized():
                time.sleep(TEARDOWN_SECONDS)
                distributed.destroy_process_group()


def starts_workers(fabric: Fabric) -> bool:
    """Whether this process is the one to start those for the other devices of its node."""
    environment = getattr(fabric.strategy, "cluster_environment", None)
    return isinstance(environment, DrumheadEnvironment) and "LOCAL_RANK" not in os.environ


def lost_process_error(error: RuntimeError, workers: Workers) -> ProcessLostError | None:
    """The error as the loss of another process, if it comes from that."""
    if isinstance(error, ProcessLostError):
        return error
    gone = isinstance(error, distributed.DistError) or any(words in str(error) for words in DISCONNECT_MESSAGES)
    found = workers.lost(patience=5.0 if gone else 0.0)
    if found or gone:
        return ProcessLostError(found or "another process of this training has ended")
    return None


@contextmanager
def temporary_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Environment variables, where they are not set; they, and what Fabric sets, are put back afterwards.

    Fabric sets variables too, and how many threads torch has: a share of the cores, unless OMP_NUM_THREADS tells.
    """
    names = {*variables, *RENDEZVOUS_VARIABLES, "WORLD_SIZE", "OMP_NUM_THREADS"}
    before, threads = {name: os.environ.get(name) for name in names}, torch.get_num_threads()
    os.environ.update({name: value for name, value in variables.items() if name not in os.environ})
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def local_rendezvous() -> dict[str, str]:
    """Variables by which the processes of one machine find each other, without leaving it."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    loopback = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
    interface = {"GLOO_SOCKET_IFNAME": loopback[0]} if loopback else {}
    return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), **interface}
