"""Reproduction of the paper: the runs that its tables and figures need, and the files made from them."""

from __future__ import annotations

from drumhead.reproduce.outputs import write_outputs
from drumhead.reproduce.plan import Target, plan_runs

__all__ = ["Target", "plan_runs", "write_outputs"]
