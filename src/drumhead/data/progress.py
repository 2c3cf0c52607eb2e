"""Counting finished samples for a progress callback."""

from __future__ import annotations

from collections.abc import Callable


def progress_counter(progress: Callable[[int, int], None] | None, *, total: int) -> Callable[[int], None]:
    """Return a function that takes the number of newly finished samples and calls ``progress(done, total)``.

    Example:
        >>> update_progress = progress_counter(lambda done, total: print(f"{done}/{total}"), total=3)
        >>> update_progress(2)
        2/3
        >>> update_progress(1)
        3/3
    """
    done = 0

    def update_progress(newly_done: int) -> None:
        nonlocal done
        done += newly_done
        if progress is not None:
            progress(done, total)

    return update_progress
