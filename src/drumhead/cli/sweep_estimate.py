"""The work of a sweep, estimated before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drumhead.cli.console import Console
from drumhead.cli.status_display import counts, duration
from drumhead.data import default_folder
from drumhead.sweeps import PlannedRun, SlurmJobs, estimate_plan, plan_statuses


def print_estimate(console: Console, plan: Sequence[PlannedRun], out: Path, *, workers: int) -> None:
    """List runs with their states, remaining steps and times; then dataset folders, and the totals."""
    seen = plan_statuses(plan, jobs=SlurmJobs.query(out))
    remaining = estimate_plan(plan, out)
    for planned, status, left in zip(plan, seen, remaining, strict=True):
        steps = "? steps" if left.steps is None else f"{left.steps:,} steps"
        time = "time unknown" if left.seconds is None else duration(left.seconds)
        line = f"{status.state:10}  {steps:>15}  {time:>12}  {planned.folder}"
        console.print(line, soft_wrap=True)
    for folder in dict.fromkeys(default_folder(each.experiment.dataset) for each in plan if each.experiment.dataset):
        state = "done" if folder.exists() else "missing"
        console.print(f"{state:10}  {'data':>15}  {'':12}  {folder}", soft_wrap=True)
    console.print(counts(seen))
    known = [each.seconds for each in remaining if each.seconds is not None]
    unknown = len(remaining) - len(known)
    total = sum(known)
    if total or not unknown:
        one_worker = f"{duration(total)} of training by one worker"
        together = max([total / workers, *known])
        shared = f", about {duration(together)} by {workers}" if workers > 1 else ""
        why = f"at the speed of similar runs in {out}, without scoring"
        console.print(f"{one_worker}{shared}, {why}", soft_wrap=True)
    if unknown:
        why = f"no similar run in {out} has finished an epoch yet"
        console.print(f"{unknown} runs of unknown time: {why}", soft_wrap=True)
