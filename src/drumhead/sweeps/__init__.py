"""Many runs: which they are, making them on one machine or on a Slurm cluster, and seeing meanwhile how they go."""

from __future__ import annotations

from drumhead.sweeps.cancelling import Cancelled, cancel
from drumhead.sweeps.estimate import Estimate, estimates
from drumhead.sweeps.failure import Failure, read_failure
from drumhead.sweeps.fields import parse_fields
from drumhead.sweeps.local import LocalSweep, WorkersDiedError, local_sweep
from drumhead.sweeps.plan import PlannedRun, in_order, parse_seeds, plan_sweep, run_name
from drumhead.sweeps.published import PUBLISHED_SWEEPS
from drumhead.sweeps.settings import ClusterSettings, SettingsError, read_settings
from drumhead.sweeps.slurm import SlurmError, Submitted, check_slurm, submit
from drumhead.sweeps.status import WRONG, SeenState, SlurmView, Status, plan_statuses, status_of, statuses
from drumhead.sweeps.work import Outcome, make_runs, planned_dataset, settled, state_of

__all__ = [
    "PUBLISHED_SWEEPS",
    "WRONG",
    "Cancelled",
    "ClusterSettings",
    "Estimate",
    "Failure",
    "LocalSweep",
    "Outcome",
    "PlannedRun",
    "SeenState",
    "SettingsError",
    "SlurmError",
    "SlurmView",
    "Status",
    "Submitted",
    "WorkersDiedError",
    "cancel",
    "check_slurm",
    "estimates",
    "in_order",
    "local_sweep",
    "make_runs",
    "parse_fields",
    "parse_seeds",
    "plan_statuses",
    "plan_sweep",
    "planned_dataset",
    "read_failure",
    "read_settings",
    "run_name",
    "settled",
    "state_of",
    "status_of",
    "statuses",
    "submit",
]
