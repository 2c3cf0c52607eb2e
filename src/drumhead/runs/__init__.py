"""A run: one training of one experiment with one seed, in one folder.

| file | content |
|---|---|
| ``config.json`` | the full configuration: experiment, data, package versions, machine |
| ``metrics.csv`` | a row for each epoch |
| ``last.ckpt`` | the training state after the last epoch, to resume from (tensors and plain values only) |
| ``previous.ckpt`` | the training state one epoch before, used if ``last.ckpt`` is damaged |
| ``model.safetensors`` | the weights of the epoch with the lowest validation loss |
| ``scores.json`` | scores on the test set; written last, so a run with this file is done |
| ``diverged.json`` | why training diverged; removed when training resumes |
| ``.lock``, ``owner.json`` | the folder's lock and its owner, see :func:`lock_folder`; the latter only in training |

Every file except the last two holds its own checksum (see ``drumhead.checksums``).
"""

from __future__ import annotations

from drumhead.runs.config import DataRecord, RunConfig, package_versions
from drumhead.runs.early_stopping import early_stop_note, epochs_without_improvement, has_stopped_early
from drumhead.runs.errors import DamageWarning, RunBusyError, RunError
from drumhead.runs.experiment_file import read_experiment
from drumhead.runs.folders import check_new_run_folder, run_folders
from drumhead.runs.initial_weights import InitialWeights
from drumhead.runs.json_files import write_json
from drumhead.runs.lock import FolderLock, LockOwner, dead_owner, lock_folder, lock_owner, read_owner
from drumhead.runs.run import Run, RunState, check_not_imported

__all__ = [
    "DamageWarning",
    "DataRecord",
    "FolderLock",
    "InitialWeights",
    "LockOwner",
    "Run",
    "RunBusyError",
    "RunConfig",
    "RunError",
    "RunState",
    "check_new_run_folder",
    "check_not_imported",
    "dead_owner",
    "early_stop_note",
    "epochs_without_improvement",
    "has_stopped_early",
    "lock_folder",
    "lock_owner",
    "package_versions",
    "read_experiment",
    "read_owner",
    "run_folders",
    "write_json",
]
