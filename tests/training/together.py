"""Trainings in several processes, forked from the test, so that what it patches is patched there too."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from drumhead.data import Dataset
from drumhead.experiments import Experiment
from drumhead.runs import Run
from drumhead.training import Observer, train
from drumhead.training.launching import local_address

PATIENCE = 60.0
"""Seconds after which a process that has not ended hangs."""


@contextmanager
def others(
    work: Callable[[], object], *, count: int = 2, before: Callable[[], object] | None = None
) -> Iterator[list[int | None]]:
    """Further processes that do some work as parts 1, 2, ... of ``count``; this one is part 0 inside the block.

    Yields the list of their exit codes, which is filled at the end: 0, or 1 for an error, written to standard error.
    """
    codes: list[int | None] = []
    set_ = {**local_address(), "LOCAL_RANK": "0"}
    kept = {name: os.environ.get(name) for name in set_}

    def take_part(number: int) -> None:
        os.environ["LOCAL_RANK"] = str(number)
        if before is not None:
            before()
        prepared.release()
        work()

    context = multiprocessing.get_context("fork")
    prepared = context.Semaphore(0)
    processes = [context.Process(target=take_part, args=(number,)) for number in range(1, count)]
    os.environ.update(set_)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # forking beside other threads: they are torch's, idle
            for process in processes:
                process.start()
        for _ in processes:
            assert prepared.acquire(timeout=PATIENCE), "a process has failed before it began"
        yield codes
    finally:
        for process in processes:
            process.join(PATIENCE)
            codes.append(process.exitcode)
            process.kill()
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
    assert None not in codes, "a process hangs"


def fit_together(
    experiment: Experiment,
    dataset: Dataset,
    folder: Path,
    *observers: Observer,
    count: int = 2,
    before: Callable[[], object] | None = None,
) -> Run:
    """Train in several processes; in those but the first, ``before`` is called before."""

    def work(observers: Sequence[Observer] = ()) -> Run:
        return train(experiment, dataset, folder, accelerator="cpu", devices=count, observers=observers)

    with others(work, count=count, before=before) as codes:
        run = work(observers)
    assert codes == [0] * (count - 1)
    return run


def largest_difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The largest difference between two models' weights, relative to the largest weight of each tensor."""
    return max(
        float((one[name] - other[name]).abs().max() / one[name].abs().max().clamp(min=1e-3))
        for name in one
        if torch.is_floating_point(one[name])
    )
