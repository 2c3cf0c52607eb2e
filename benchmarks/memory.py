"""Measure the memory of a computation, in a process of its own."""

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
    """Memory of a process, in megabytes (2^20 bytes)."""

    interpreter: float
    """Memory with modules, model and data loaded, before the first computation."""
    fixed: float
    """What a first, tiny computation added and kept: compiled kernels and the internals of libraries."""
    peak: float
    """The peak above ``interpreter``; it includes ``fixed``."""


def measure_memory(compute: Callable[[], object], *, tiny: Callable[[], object]) -> Memory:
    """Run a computation in this process and measure its memory. Memory that was freed before does not count.

    Call it once, in a process that has computed nothing yet: see :func:`in_new_process`.

    Args:
        compute: the computation to measure.
        tiny: the same computation on very little data, which runs first.
    """
    import numba  # noqa: F401  (loads the modules that a model imports on first use, so that they do not count)

    interpreter = _megabytes("VmRSS")
    tiny()
    after_tiny = _megabytes("VmRSS")
    compute()
    return Memory(interpreter, after_tiny - interpreter, _megabytes("VmHWM") - interpreter)


def in_new_process(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function in a new interpreter and return its result.

    Raises:
        concurrent.futures.process.BrokenProcessPool: the process was killed, for example because memory ran out.
    """
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *args, **kwargs).result()


def _megabytes(field: str) -> float:
    """Return this process's current memory (VmRSS) or its peak so far (VmHWM); other systems than Linux have the peak.

    On Linux, ``getrusage`` is not used because it may report the peak of the parent process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines[field].split()[0]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
