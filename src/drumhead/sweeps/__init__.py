"""Sweeps: plan many runs, train them on one machine or on a Slurm cluster, and follow their progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drumhead.lazy_imports import lazy_imports
from drumhead.sweeps.cancellation import CancelResult, cancel
from drumhead.sweeps.cluster_settings import ClusterSettings, SettingsError, read_cluster_settings
from drumhead.sweeps.estimate import Estimate, estimate_plan
from drumhead.sweeps.failure import Failure, read_failure
from drumhead.sweeps.named_sweeps import PUBLISHED_SWEEPS
from drumhead.sweeps.overrides import parse_overrides
from drumhead.sweeps.plan import PlannedRun, order_runs, parse_seeds, plan_sweep, run_name
from drumhead.sweeps.slurm_queue import SlurmError, SubmittedJob
from drumhead.sweeps.status import (
    PROBLEM_STATES,
    ObservedState,
    RunStatus,
    SlurmJobs,
    plan_statuses,
    run_status,
    run_statuses,
)

if TYPE_CHECKING:
    from drumhead.sweeps.execution import PlanResult, known_result, planned_dataset, planned_state, train_plan
    from drumhead.sweeps.local import LocalSweep, WorkersDiedError, local_sweep
    from drumhead.sweeps.slurm import check_slurm, submit
else:
    __getattr__, __dir__ = lazy_imports(
        __name__,
        {
            "execution": ["PlanResult", "known_result", "planned_dataset", "planned_state", "train_plan"],
            "local": ["LocalSweep", "WorkersDiedError", "local_sweep"],
            "slurm": ["check_slurm", "submit"],
        },
    )

__all__ = [
    "PROBLEM_STATES",
    "PUBLISHED_SWEEPS",
    "CancelResult",
    "ClusterSettings",
    "Estimate",
    "Failure",
    "LocalSweep",
    "ObservedState",
    "PlanResult",
    "PlannedRun",
    "RunStatus",
    "SettingsError",
    "SlurmError",
    "SlurmJobs",
    "SubmittedJob",
    "WorkersDiedError",
    "cancel",
    "check_slurm",
    "estimate_plan",
    "known_result",
    "local_sweep",
    "order_runs",
    "parse_overrides",
    "parse_seeds",
    "plan_statuses",
    "plan_sweep",
    "planned_dataset",
    "planned_state",
    "read_cluster_settings",
    "read_failure",
    "run_name",
    "run_status",
    "run_statuses",
    "submit",
    "train_plan",
]
