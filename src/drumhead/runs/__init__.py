"""A run: one training of one experiment with one seed, in one folder.

| file | what it holds |
|---|---|
| ``config.json`` | all that made it: experiment, data, package versions, machine |
| ``metrics.csv`` | a row for each epoch |
| ``last.ckpt`` | the state after the last epoch, to go on from (tensors and plain values only) |
| ``previous.ckpt`` | the same of the epoch before, used where the last is damaged |
| ``model.safetensors`` | the weights of the best epoch by validation loss, to use |
| ``scores.json`` | scores on the test set; written last, so its presence means done |
| ``diverged.json`` | why training stopped, if its numbers were no longer finite; removed when it goes on |
| ``.lock``, ``owner.json`` | who trains there now, see :func:`claim`; the second is there only meanwhile |

Each file of a run but the last two holds its own checksum, see ``drumhead.checksums``.
"""

from __future__ import annotations

from drumhead.runs.config import DataRecord, RunConfig, package_versions
from drumhead.runs.errors import DamageWarning, RunBusyError, RunError
from drumhead.runs.folders import check_new_run_folder, run_folders
from drumhead.runs.json_files import write_json
from drumhead.runs.lock import FolderLock, LockOwner, lock_folder, lock_owner, read_owner
from drumhead.runs.run import Run, RunState, check_not_imported, load

__all__ = [
    "DamageWarning",
    "DataRecord",
    "FolderLock",
    "LockOwner",
    "Run",
    "RunBusyError",
    "RunConfig",
    "RunError",
    "RunState",
    "check_new_run_folder",
    "check_not_imported",
    "load",
    "lock_folder",
    "lock_owner",
    "package_versions",
    "read_owner",
    "run_folders",
    "write_json",
]
