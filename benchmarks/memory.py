"""What a computation needs of memory, measured in a process of its own."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Memory(NamedTuple):
    """Megabytes (2^20 bytes) of a process."""

    interpreter: float
    """With modules, model and data, before the first step."""
    start: float
    """What a first, tiny computation needed beyond that, and kept: compiled kernels, the machinery of libraries."""
    above: float
    """What all needed beyond the interpreter, at most; ``start`` is part of it."""


def measure_memory(compute: Callable[[], object], *, tiny: Callable[[], object]) -> Memory:
    """What this process has, and what it needs at most to compute; what it gave back before counts for nothing.

    To be called once in a process that has computed nothing yet, see :func:`in_own_process`.

    Args:
        compute: what is measured.
        tiny: the same on very little data, computed first.
    """
    import numba  # noqa: F401  (also the modules that a model loads when it first needs them are at hand before)

    interpreter = _megabytes("VmRSS")
    tiny()
    start = _megabytes("VmRSS")
    compute()
    return Memory(interpreter, start - interpreter, _megabytes("VmHWM") - interpreter)


def in_own_process(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the function returns in a new interpreter.

    Raises:
        concurrent.futures.process.BrokenProcessPool: the process was killed, as for want of memory.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def _megabytes(field: str) -> float:
    """Memory of this process as Linux counts it now (VmRSS) or at most so far (VmHWM); elsewhere at most, for both.

    The peak that ``getrusage`` tells on Linux may be that of the process this one was started by.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines[field].split()[0]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
