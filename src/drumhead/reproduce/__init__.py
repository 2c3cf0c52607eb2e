"""The paper again: which runs its tables and figures need, making those that are missing, and what they show."""

from __future__ import annotations

from drumhead.reproduce.outputs import write_outputs
from drumhead.reproduce.plan import PlannedRun, Target, plan_runs
from drumhead.reproduce.work import Outcome, make_runs, planned_dataset, state_of

__all__ = [
    "Outcome",
    "PlannedRun",
    "Target",
    "make_runs",
    "plan_runs",
    "planned_dataset",
    "state_of",
    "write_outputs",
]
