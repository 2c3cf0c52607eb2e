"""Run the parts of a computation in Python threads, with torch on one thread in each.

Blocks that fit in cache are too small for torch to divide among its own threads; whole images are not. Small tensors do
not gain either: on a busy machine torch's threads wait for each other and keep a processor busy meanwhile. The threads
here live for one call, so that none is alive when a process forks.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch


def run_parts(run: Callable[[int], object], parts: int, *, threads: int) -> None:
    """Call ``run(part)`` for each part from 0 to ``parts - 1`` in up to ``threads`` threads, without autograd.

    The caller must have set torch to one thread: then the result of a part does not depend on the number of threads.
    Autocast and inference mode are the same inside as outside. An exception in a part is raised here.
    """
    settings = _ThreadSettings()
    if min(threads, parts) <= 1:
        for part in range(parts):
            settings.call(run, part)
        return
    # The matrix library has a number of threads for each Python thread, and a new thread starts with the default.
    with ThreadPoolExecutor(min(threads, parts), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        futures = [pool.submit(settings.call, run, part) for part in range(parts)]
        try:
            for future in futures:
                future.result()  # raises the exception of the part, if any
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class _ThreadSettings:
    """The settings that torch holds for each thread, copied from the thread that creates this object."""

    def __init__(self) -> None:
        self.inference = torch.is_inference_mode_enabled()
        self.autocast = torch.is_autocast_enabled("cpu")
        self.autocast_dtype = torch.get_autocast_dtype("cpu")

    def call(self, run: Callable[[int], object], part: int) -> None:
        """Call ``run(part)`` under these settings, without recording gradients."""
        with (
            torch.inference_mode(self.inference),
            torch.no_grad(),
            torch.autocast("cpu", dtype=self.autocast_dtype, enabled=self.autocast),
        ):
            run(part)
