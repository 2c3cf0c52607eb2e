"""Launching and connecting the processes that train one model.

Lightning Fabric connects them and averages their gradients. It would start them by running the whole script again. That
is impossible in a notebook and wrong for a script that does more than train. So if no cluster has started the
processes, the first process of a node starts :mod:`drumhead.training.worker` for each further device.
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
"""Seconds to wait before the process group is destroyed, while gloo's threads release the last tensors.

They need Python's global lock for that; destroying the group holds the lock and would wait for them for ever."""
DISCONNECT_MESSAGES = ("Connection closed", "Connection reset", "Broken pipe", "failed to recv", "Socket closed")
"""Parts of torch's error messages when another process has ended."""


@contextmanager
def process_group(fabric: Fabric, request: WorkerRequest) -> Iterator[None]:
    """Start the processes for further devices of this node, and connect all processes inside the ``with`` block.

    Afterwards the started processes have ended, and the environment and threads of this process are as before.

    Args:
        fabric: from :func:`drumhead.training.devices.make_fabric`.
        request: what the other processes are to do.

    Raises:
        ProcessLostError: if another process ends too early.
    """
    if request.devices.count == 1:
        yield
        return
    start = starts_workers(fabric)
    rendezvous = local_rendezvous() if start and request.devices.nodes == 1 else {}
    with temporary_environment(rendezvous), Workers(request, start=start) as workers:
        try:
            workers.wait_until_ready()
            fabric.launch()
            yield
        except RuntimeError as error:
            if lost_error := lost_process_error(error, workers):
                raise lost_error from error
            raise
        finally:
            workers.end()
            if distributed.is_initialized():
                time.sleep(TEARDOWN_SECONDS)
                distributed.destroy_process_group()


def starts_workers(fabric: Fabric) -> bool:
    """Return whether this process starts those for the other devices of its node."""
    environment = getattr(fabric.strategy, "cluster_environment", None)
    return isinstance(environment, DrumheadEnvironment) and "LOCAL_RANK" not in os.environ


def lost_process_error(error: RuntimeError, workers: Workers) -> ProcessLostError | None:
    """Return the ``ProcessLostError`` for an error that the loss of another process has caused, else None."""
    if isinstance(error, ProcessLostError):
        return error
    disconnected = isinstance(error, distributed.DistError) or any(text in str(error) for text in DISCONNECT_MESSAGES)
    failure = workers.find_failure(timeout=5.0 if disconnected else 0.0)
    if failure or disconnected:
        return ProcessLostError(failure or "another process of this training has ended")
    return None


@contextmanager
def temporary_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables that are not set yet, and restore them afterwards.

    What Fabric sets is restored too: variables, and torch's number of threads (a share of the cores, unless
    OMP_NUM_THREADS is set).
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
    """Return environment variables by which processes find each other on this machine's loopback interface."""
    with socket.socket() as free_socket:
        free_socket.bind(("127.0.0.1", 0))
        port = free_socket.getsockname()[1]
    loopback = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
    interface = {"GLOO_SOCKET_IFNAME": loopback[0]} if loopback else {}
    return {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), **interface}
