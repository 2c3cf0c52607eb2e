"""Parts of a computation in Python threads, each with torch on one thread.

Chunks that stay in cache are too small for torch to share among its threads; whole chunks are not. The threads live
for one call, so none is there when a process forks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch
from torch import Tensor


class Workspace(threading.local):
    """Matrices that a thread writes again and again: memory that is fresh from the system is slow to touch.

    Args:
        like: a tensor of the type and device of the matrices.
    """

    def __init__(self, like: Tensor) -> None:
        self.like = like
        self.memory: dict[str, Tensor] = {}

    def matrix(self, name: str, rows: int, columns: int) -> Tensor:
        """``(rows, columns)`` of any content; what the thread had under that name before is gone."""
        memory = self.memory.get(name)
        if memory is None or memory.numel() < rows * columns:
            memory = self.memory[name] = self.like.new_empty(rows * columns)
        return memory[: rows * columns].view(rows, columns)


@contextmanager
def torch_on_one_thread() -> Iterator[int]:
    """Torch on one thread, here and in threads started meanwhile; yields how many it had, and gives them back.

    Set here and not in those threads: the number of the matrix library is one for the whole process. In a process
    that has forked, torch on several threads can wait for ever; on one it does not.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield threads
    finally:
        torch.set_num_threads(threads)


def run_parts(run: Callable[[int], object], parts: int, *, threads: int) -> None:
    """Call ``run`` for each of so many parts, as many at a time as there are threads, without recording gradients.

    To be called with torch on one thread: then what a part computes does not depend on the number of threads.
    """
    inference = torch.is_inference_mode_enabled()
    if min(threads, parts) <= 1:
        for part in range(parts):
            _without_gradients(run, part, inference)
        return
    with ThreadPoolExecutor(min(threads, parts)) as pool:
        futures = [pool.submit(_without_gradients, run, part, inference) for part in range(parts)]
        try:
            for future in futures:
                future.result()  # raises here what was raised there
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _without_gradients(run: Callable[[int], object], part: int, inference: bool) -> None:
    # These settings are a thread's own, and new threads start with the defaults.
    with torch.inference_mode(inference), torch.no_grad(), torch.autocast("cpu", enabled=False):
        run(part)
