"""Trainings in several processes, forked from the test, so that what it patches is patched there too.

The process of the tests never joins others itself: to fork beside the threads that this leaves could hang.
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

PATIENCE = 100.0
"""Seconds after which a process that has not ended hangs."""


def in_processes(*works: Callable[[], Any]) -> list[Any]:
    """What each work gives, done in a process of its own, the first to the last of one training; all must succeed."""
    context = multiprocessing.get_context("fork")
    address = local_rendezvous()

    def run(number: int, work: Callable[[], Any], answer: Connection) -> None:
        os.environ.update(address, LOCAL_RANK=str(number))
        try:
            answer.send((work(), None))
        except BaseException:
            answer.send((None, traceback.format_exc()))

    pipes = [context.Pipe(duplex=False) for _ in works]
    processes = [
        context.Process(target=run, args=(number, work, pipes[number][1]), daemon=True)
        for number, work in enumerate(works)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # forking beside other threads: torch's, which are idle
        for process in processes:
            process.start()
    answers: dict[int, Any] = {}
    ears = {ear: number for number, (ear, _) in enumerate(pipes)}
    try:
        while len(answers) < len(works):  # whichever is first: one that fails may leave the others waiting
            heard = wait([ear for ear, number in ears.items() if number not in answers], timeout=PATIENCE)
            assert heard, f"some process hangs; ended have {sorted(answers)}"
            for ear in heard:
                assert isinstance(ear, Connection)
                answers[ears[ear]], failure = ear.recv()
                assert failure is None, f"process {ears[ear]}:\n{failure}"
    finally:
        for process in processes:
            process.kill()
    return [answers[number] for number in range(len(works))]


def train_one_rank(
    experiment: Experiment, dataset: Dataset, folder: Path, *observers: Observer, count: int = 2
) -> None:
    """A process's part of a training; where it is not one of several, the whole."""
    train(experiment, dataset, folder, accelerator="cpu", devices=count, observers=observers)


def fit_in_processes(
    experiment: Experiment,
    dataset: Dataset,
    folder: Path,
    *,
    count: int = 2,
    others_first: Sequence[Callable[[], Any]] = (),
) -> Run:
    """Train in several processes; in those but the first, some things are done first."""

    def other() -> None:
        for action in others_first:
            action()
        train_one_rank(experiment, dataset, folder, count=count)

    in_processes(lambda: train_one_rank(experiment, dataset, folder, count=count), *[other] * (count - 1))
    return Run.open(folder)


def largest_difference(one: dict[str, Any], other: dict[str, Any]) -> float:
    """The largest difference between two models' weights, relative to the largest weight of each tensor."""
    return max(
        float((one[name] - other[name]).abs().max() / one[name].abs().max().clamp(min=1e-3))
        for name in one
        if torch.is_floating_point(one[name])
    )
