"""Context managers that change a mode of a model or of torch inside a block, and restore it afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import torch
from torch import nn


@dataclass
class _EvaluationUsers:
    """The blocks of :func:`evaluation_mode` that a module is in, nested or in several threads."""

    previous_mode: bool
    """Whether the module was in training mode before the first of them began."""
    blocks: int = 0
    """How many they are."""


_evaluation_users: WeakKeyDictionary[nn.Module, _EvaluationUsers] = WeakKeyDictionary()
_evaluation_lock = threading.RLock()


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode inside the block; afterwards each of its modules has its previous mode again.

    Blocks may be nested, and run in several threads: a module has its previous mode again when the last block ends.

    >>> model = nn.Sequential(nn.ReLU())
    >>> with evaluation_mode(model):
    ...     model.training
    False
    >>> model.training
    True
    """
    with _evaluation_lock:
        modules = list(model.modules())
        for module in modules:
            _evaluation_users.setdefault(module, _EvaluationUsers(module.training)).blocks += 1
        model.eval()
    try:
        yield
    finally:
        with _evaluation_lock:
            for module in modules:
                users = _evaluation_users[module]
                users.blocks -= 1
                if users.blocks == 0:
                    module.training = users.previous_mode
                    del _evaluation_users[module]


def without_autocast(device: torch.device) -> AbstractContextManager[object]:
    """Disable autocast inside the block, for recurrences: over many steps, rounding errors would accumulate."""
    if not torch.amp.is_autocast_available(device.type):
        return nullcontext()
    return torch.autocast(device.type, enabled=False)


@contextmanager
def single_threaded() -> Iterator[int]:
    """Let torch use a single thread inside the block; yield the number of threads that it used before.

    Several threads are no faster on small tensors: on a busy machine they wait for each other, and keep processors busy
    while they wait. In a forked process, torch can deadlock with several threads, but not with one.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)
