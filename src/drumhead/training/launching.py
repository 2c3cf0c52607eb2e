"""The processes of a training come together, and part again.

Lightning Fabric joins them and averages their gradients. It would start them by running the whole script again, which a
notebook cannot, and a script that does more than train should not; so where no cluster has started them, the first
process of a node starts :mod:`drumhead.training.worker` for each further device.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from lightning_fabric import Fabric
from torch import distributed

from drumhead.training.devices import ADDRESS, StartedHere
from drumhead.training.processes import ProcessLostError
from drumhead.training.workers import WorkerRequest, Workers

GONE = ("Connection closed", "Connection reset", "Broken pipe", "failed to recv", "Socket closed")
"""What torch says when another process is no longer there."""


@contextmanager
def joined(fabric: Fabric, request: WorkerRequest) -> Iterator[None]:
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
    start_here = are_started_here(fabric)
    with settings_restored(set_address=start_here), Workers(request, start=start_here) as workers:
        try:
            workers.wait_until_ready()
            fabric.launch()
            yield
        except RuntimeError as error:
            if found := loss_of_a_process(error, workers):
                raise found from error
            raise
        finally:
            workers.end()
            if distributed.is_initialized():
                distributed.destroy_process_group()


def are_started_here(fabric: Fabric) -> bool:
    """Whether this process is the one to start those for the other devices of its node."""
    environment = getattr(fabric.strategy, "cluster_environment", None)
    return isinstance(environment, StartedHere) and "LOCAL_RANK" not in os.environ


def loss_of_a_process(error: RuntimeError, workers: Workers) -> ProcessLostError | None:
    """The error as the loss of another process, if it comes from that."""
    if isinstance(error, ProcessLostError):
        return error
    gone = isinstance(error, distributed.DistError) or any(words in str(error) for words in GONE)
    found = workers.lost(patience=5.0 if gone else 0.0)
    if found or gone:
        return ProcessLostError(found or "another process of this training has ended")
    return None


@contextmanager
def settings_restored(*, set_address: bool) -> Iterator[None]:
    """What joining processes sets is put back afterwards: variables, and how many threads torch has.

    Args:
        set_address: tell the processes of this machine how to find each other, unless they are told.
    """
    names = (*ADDRESS, "WORLD_SIZE", "OMP_NUM_THREADS")
    before, threads = {name: os.environ.get(name) for name in names}, torch.get_num_threads()
    if set_address:
        os.environ.setdefault("MASTER_ADDR", "127.0.0.1")
        os.environ.setdefault("MASTER_PORT", str(free_port()))
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
