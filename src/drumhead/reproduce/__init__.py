"""The paper again: which runs its tables and figures need, and what they show."""

from __future__ import annotations

from drumhead.reproduce.outputs import write_outputs
from drumhead.reproduce.plan import Target, plan_runs

__all__ = ["Target", "plan_runs", "write_outputs"]
