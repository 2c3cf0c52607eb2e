"""``python -m drumhead.training.worker``: a worker process, which trains on a further device of a node.

:mod:`drumhead.training.workers` starts it and sends it a :class:`WorkerRequest` as one line on its standard input. It
writes no file, and ends when the process that started it ends.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import warnings

from drumhead.data import open_dataset
from drumhead.training import ProcessLostError, TrainingDivergedError, train
from drumhead.training.workers import READY, WorkerRequest


def main() -> int:
    """Train as one of several processes; return the exit code."""
    warnings.simplefilter("ignore")  # the first process shows the same warnings
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    line = sys.stdin.readline()
    if not line:
        return 1  # the process that started this one has ended
    request = WorkerRequest.model_validate_json(line)
    threading.Thread(target=exit_with_parent, args=(request.parent,), daemon=True).start()
    try:
        dataset = open_dataset(request.data)
        os.write(1, READY)
        os.dup2(2, 1)  # nobody reads this process's output after READY
        train(
            request.experiment,
            dataset,
            request.folder,
            **request.devices.model_dump(),
            initial_weights=request.initial_weights,
        )
    except (ProcessLostError, TrainingDivergedError, FloatingPointError):
        return 1  # the first process reports the same error
    except (ValueError, OSError) as error:
        print(f"drumhead: process {os.environ['LOCAL_RANK']}: {error}", file=sys.stderr)
        return 1
    return 0


def exit_with_parent(parent: int) -> None:
    """End this process when its parent has ended."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
