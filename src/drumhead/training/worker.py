"""``python -m drumhead.training.worker``: a process of a training for a further device of a node.

It is started by :mod:`drumhead.training.workers`, does what a line on its standard input says, writes no file, and
ends when the process that started it does.
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
    """Take part in a training; returns the exit code."""
    warnings.simplefilter("ignore")  # the first process says it
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    line = sys.stdin.readline()
    if not line:
        return 1  # the process that started this one is gone
    request = WorkerRequest.model_validate_json(line)
    threading.Thread(target=exit_with_parent, args=(request.parent,), daemon=True).start()
    try:
        dataset = open_dataset(request.data)
        os.write(1, READY)
        os.dup2(2, 1)  # nobody reads more of it
        train(
            request.experiment,
            dataset,
            request.folder,
            **request.devices.model_dump(),
        )
    except (ProcessLostError, TrainingDivergedError, FloatingPointError):
        return 1  # the first process says it
    except (ValueError, OSError) as error:
        print(f"drumhead: process {os.environ['LOCAL_RANK']}: {error}", file=sys.stderr)
        return 1
    return 0


def exit_with_parent(parent: int) -> None:
    """End this process when its parent is no longer there."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
