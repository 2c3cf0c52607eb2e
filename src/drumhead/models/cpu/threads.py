"""Parts of a computation in Python threads, each with torch on one thread.

What stays in cache is too small for torch to share among its threads; whole images are not. Small tensors are too: on
a busy machine torch's threads wait for each other, and burn a processor meanwhile. The threads here live for one call,
so none is there when a process forks.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch


def run_parts(run: Callable[[int], object], parts: int, *, threads: int) -> None:
    """Call ``run`` for each of so many parts, as many at a time as there are threads, without recording gradients.

    To be called with torch on one thread: then what a part computes does not depend on the number of threads. Inside,
    autocast and inference mode are what they are outside.
    """
    settings = _Settings()
    if min(threads, parts) <= 1:
        for part in range(parts):
            settings.call(run, part)
        return
    # The matrix library's number of threads is each thread's own, and a new one starts with the default.
    with ThreadPoolExecutor(min(threads, parts), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        futures = [pool.submit(settings.call, run, part) for part in range(parts)]
        try:
            for future in futures:
                future.result()  # raises here what was raised there
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


class _Settings:
    """Settings of torch that are a thread's own, as they are where this is made."""

    def __init__(self) -> None:
        self.inference = torch.is_inference_mode_enabled()
        self.autocast = torch.is_autocast_enabled("cpu")
        self.autocast_dtype = torch.get_autocast_dtype("cpu")

    def call(self, run: Callable[[int], object], part: int) -> None:
        """Call ``run`` under them, without recording gradients."""
        with (
            torch.inference_mode(self.inference),
            torch.no_grad(),
            torch.autocast("cpu", dtype=self.autocast_dtype, enabled=self.autocast),
        ):
            run(part)
