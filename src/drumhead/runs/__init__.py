"""A run: one training of one experiment with one seed, in one folder.

| file | what it holds |
|---|---|
| ``config.json`` | all that made it: experiment, data, package versions, machine |
| ``metrics.csv`` | a row for each epoch |
| ``last.ckpt`` | the state after the last epoch, to go on from (tensors and plain values only) |
| ``model.safetensors`` | the weights of the best epoch by validation loss, to use |
| ``scores.json`` | scores on the test set; written last, so its presence means done |
| ``diverged.json`` | why training stopped, if its numbers were no longer finite; removed when it goes on |
"""

from __future__ import annotations

from drumhead.runs.config import DataRecord, RunConfig, package_versions
from drumhead.runs.errors import RunError
from drumhead.runs.folders import check_new_run_folder, run_folders
from drumhead.runs.json_files import write_json
from drumhead.runs.run import Run, RunState, check_trained_here, load

__all__ = [
    "DataRecord",
    "Run",
    "RunConfig",
    "RunError",
    "RunState",
    "check_new_run_folder",
    "check_trained_here",
    "load",
    "package_versions",
    "run_folders",
    "write_json",
]
