"""Training in several processes, forked from the test, so that what it patches is patched in them too.

The process of the tests never joins a process group itself: that leaves threads, beside which a fork could hang.
"""

from __future__ import annotations

import multiprocessing
import os
import traceback
import warnings
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import torch

from drumhead.data import Dataset
from drumhead.experiments import Experiment
from drumhead.runs import Run
from drumhead.training import Observer, train
from drumhead.training.launching import local_rendezvous

TIMEOUT = 100.0
"""Seconds after which a process that has not ended is taken to hang."""


def in_processes(*functions: Callable[[], Any]) -> list[Any]:
    """Call each function in a process of its own, and return their results; all must succeed.

    The local rank of each process is the number of its function.
    """
    context = multiprocessing.get_context("fork")
    rendezvous = local_rendezvous()

    def run(rank: int, function: Callable[[], Any], sender: Connection) -> None:
        os.environ.update(rendezvous, LOCAL_RANK=str(rank))
        try:
            sender.send((function(), None))
        except BaseException:
            sender.send((None, traceback.format_exc()))

    pipes = [context.Pipe(duplex=False) for _ in functions]
    processes = [
        context.Process(target=run, args=(rank, function, pipes[rank][1]), daemon=True)
        for rank, function in enumerate(functions)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside other threads; torch's are idle
        for process in processes:
            process.start()
    results: dict[int, Any] = {}
    receivers = {receiver: rank for rank, (receiver, _) in enumerate(pipes)}
    try:
        while len(results) < len(functions):  # in any order: a process that fails may leave the others waiting
            ready = wait([receiver for receiver, rank in receivers.items() if rank not in results], timeout=TIMEOUT)
            assert ready, f"some process hangs; only {sorted(results)} have ended"
            for receiver in ready:
                assert isinstance(receiver, Connection)
                results[receivers[receiver]], failure = receiver.recv()
                assert failure is None, f"process {receivers[receiver]}:\n{failure}"
    finally:
        for process in processes:
            process.kill()
    return [results[rank] for rank in range(len(functions))]


def train_one_rank(
    experiment: Experiment, dataset: Dataset, folder: Path, *observers: Observer, count: int = 2
) -> None:
    """Train as one of ``count`` processes; as all of them where this is not one of several."""
    train(experiment, dataset, folder, accelerator="cpu", devices=count, observers=observers)


def fit_in_processes(
    experiment: Experiment,
    dataset: Dataset,
    folder: Path,
    *,
    count: int = 2,
    others_first: Sequence[Callable[[], Any]] = (),
) -> Run:
    """Train in several processes; those but the first call ``others_first`` before they train."""

    def other() -> None:
        for action in others_first:
            action()
        train_one_rank(experiment, dataset, folder, count=count)

    in_processes(lambda: train_one_rank(experiment, dataset, folder, count=count), *[other] * (count - 1))
    return Run.open(folder)


def largest_difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Return the largest difference between two models' weights, relative to the largest weight of each tensor."""
    return max(
        float((one[name] - other[name]).abs().max() / one[name].abs().max().clamp(min=1e-3))
        for name in one
        if torch.is_floating_point(one[name])
    )
