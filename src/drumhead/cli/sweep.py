"""``drumhead sweep``: train every combination of experiments, seeds and fields, locally or on a Slurm cluster."""

from __future__ import annotations

import shlex
import time as clock
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from drumhead.cli import FAILED, OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.data_notes import describe_own_data
from drumhead.cli.parsing import parse
from drumhead.cli.progress import progress_bar
from drumhead.cli.status_display import SweepDisplay, counts, failure_reasons
from drumhead.cli.sweep_estimate import print_estimate
from drumhead.experiments import RecipeName
from drumhead.files import check_writable
from drumhead.sweeps import (
    ClusterSettings,
    PlannedRun,
    SlurmJobs,
    WorkersDiedError,
    check_slurm,
    known_result,
    local_sweep,
    parse_overrides,
    parse_seeds,
    plan_statuses,
    plan_sweep,
    planned_dataset,
    planned_state,
    read_cluster_settings,
    submit,
)
from drumhead.sweeps.local import visible_gpus
from drumhead.training import Accelerator, Devices, Strategy, check_batches

POLL_SECONDS = {"local": 0.5, "slurm": 10.0}
"""Time between two readings of the run folders."""


def main(args: list[str]) -> int:
    """Run ``drumhead sweep``."""
    code: int = parse(sweep, args, prog="drumhead sweep")
    return code


def sweep(
    names: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="NAME [NAME ...]")],
    *,
    seeds: str | None = None,
    recipe: RecipeName = "paper",
    fields: Annotated[
        tuple[str, ...], tyro.conf.UseAppendAction, tyro.conf.arg(name="set", metavar="FIELD=VALUE,...")
    ] = (),
    out: Path = Path("runs"),
    data: Path | None = None,
    mnist_root: Path | None = None,
    accelerator: Accelerator = "auto",
    devices: int = 1,
    nodes: int = 1,
    strategy: Strategy = "auto",
    on: Literal["local", "slurm"] = "local",
    retry_diverged: Annotated[bool, tyro.conf.arg(aliases=["--retry-failed"])] = False,
    dry_run: bool = False,
    workers: int | None = None,
    threads: int | None = None,
    wait: bool = False,
    cluster: Path | None = None,
    partition: str | None = None,
    account: str | None = None,
    qos: str | None = None,
    time: str | None = None,
    gpus: int | None = None,
    cpus: int | None = None,
    mem: str | None = None,
    array_parallelism: int | None = None,
) -> int:
    """Train every combination of experiments, seeds and fields.

    Re-running the command skips finished runs and resumes partial ones. It is safe to start it twice, even as different
    users: each run is trained by one process at a time. A run that diverges or fails does not stop the others.

    Run `drumhead runs FOLDER --watch` to watch the runs, and `drumhead cancel FOLDER` to stop them.

    Locally, workers are processes that end with this command; Ctrl-C stops them cleanly. On Slurm, each run is a task
    of a job array, and is requeued at its time limit or when pre-empted until it is finished; the command returns after
    submission. Job resources are read from drumhead.yaml, and flags override them.

    Args:
        names: Experiments, patterns such as 'tetrominoes-nwm-*', or the published sweeps
            paper-tetrominoes, paper-mnist, paper-multi-mnist and paper.
            With --data, also models by plain names such as unet-4 or 'nwm-*'.
        seeds: Seeds of every experiment, such as 0:10 (0 to 9) or 1,2,3.
            By default the published seeds for a published sweep, else 0.
        recipe: The training recipe, as in `drumhead train`.
        fields: A field and its values, such as model.steps=50,100. May be repeated.
            Values that are lists are separated by spaces inside: 'model.pixel-widths=64 32,128 64'.
        out: The folder of the runs; a run is in OUT/EXPERIMENT[-FIELD=VALUE...]-seedSEED.
        data: A dataset folder for all runs. By default each experiment's own dataset, made under data/ if missing.
        mnist_root: A folder with MNIST's four IDX files. By default DRUMHEAD_MNIST_ROOT, or a download.
        accelerator: The hardware to train on.
        devices: Devices per node; each takes an equal part of every batch of a run.
        nodes: Slurm: nodes that train one run together.
        strategy: How several devices train one model, as in `drumhead train`.
        on: Train on this machine (local), or submit to the Slurm cluster.
        retry_diverged: Retry runs that diverged, too. With the same seed they usually diverge again.
        dry_run: List every run with its folder, state and estimated time, and do nothing else.
        workers: Local: the number of simultaneous runs. By default one per GPU, or one.
        threads: Local: threads per worker. By default an equal share of the processors.
            Results are bit-identical only for the same number of threads.
        wait: Slurm: wait until all jobs have ended.
        cluster: Slurm: the settings file. By default drumhead.yaml in the current directory, if it exists.
        partition: Slurm: the partition.
        account: Slurm: the account that is charged.
        qos: Slurm: the quality of service.
        time: Slurm: the time limit of a job, as 4:00:00 or in minutes.
        gpus: Slurm: GPUs per job.
        cpus: Slurm: processors per job.
        mem: Slurm: memory per job, such as 16G.
        array_parallelism: Slurm: the greatest number of jobs that run at a time.
    """
    console = Console()
    seed_numbers = None if seeds is None else parse_seeds(seeds)
    plan = plan_sweep(names, recipe, out=out, seeds=seed_numbers, overrides=parse_overrides(fields), data=data)
    for name, value in (("workers", workers), ("threads", threads)):
        if value is not None and value < 1:
            raise ValueError(f"--{name} must be 1 or more; got {value}")
    if nodes > 1 and on == "local":
        raise ValueError(f"--nodes {nodes} needs a cluster: --on slurm")
    all_devices = Devices(accelerator=accelerator, devices=devices, nodes=nodes, strategy=strategy)
    job_flags = {
        "partition": partition,
        "account": account,
        "qos": qos,
        "time": time,
        "gpus": gpus,
        "cpus": cpus,
        "mem": mem,
        "array_parallelism": array_parallelism,
    }
    check_place(on, slurm={"cluster": cluster, "wait": wait or None, **job_flags}, local={"workers": workers})
    if on == "slurm":
        settings = read_cluster_settings(cluster, **job_flags)
        if not dry_run:
            check_slurm()
    for planned in plan:
        planned_state(planned)  # an error, before any work, if a folder holds another run
    if dry_run:
        print_estimate(console, plan, out, workers=workers or 1)
        return OK
    check_writable(out / "runs")
    to_do = [planned for planned in plan if known_result(planned, retry_diverged=retry_diverged) is None]
    prepare(console, to_do, all_devices, mnist_root=mnist_root)
    if on == "slurm":
        return run_on_slurm(
            console, plan, to_do, out, settings, wait, devices=all_devices, retry_diverged=retry_diverged
        )
    return run_locally(
        console,
        plan,
        to_do,
        out,
        workers=workers or max(1, len(visible_gpus(accelerator)) // devices),
        threads=threads,
        devices=all_devices,
        retry_diverged=retry_diverged,
    )


def check_place(on: str, *, slurm: Mapping[str, object], local: Mapping[str, object]) -> None:
    """Raise ``ValueError`` if a flag is given that has no effect where the runs are trained."""
    unused, instead = (slurm, "slurm") if on == "local" else (local, "local")
    given = [f"--{name.replace('_', '-')}" for name, value in unused.items() if value is not None]
    if given:
        raise ValueError(f"{', '.join(given)} would have no effect with --on {on}: add --on {instead}, or drop it")


def prepare(console: Console, to_do: Sequence[PlannedRun], devices: Devices, *, mnist_root: Path | None) -> None:
    """Make each dataset of the runs that are to be trained, before any of them starts.

    Raises:
        DatasetError: if a dataset is missing and cannot be made.
        RunError: if a dataset has fewer images than a batch.
    """
    for planned in {each.dataset_key: each for each in to_do}.values():
        with progress_bar(console, planned.dataset_name) as progress:
            dataset = planned_dataset(planned, mnist_root=mnist_root, progress=progress)
        for each in to_do:
            if each.dataset_key == planned.dataset_key:
                check_batches(each.experiment, dataset, devices)
        if planned.data is not None:
            describe_own_data(dataset, console)


def run_locally(
    console: Console,
    plan: Sequence[PlannedRun],
    to_do: Sequence[PlannedRun],
    out: Path,
    *,
    workers: int,
    threads: int | None,
    devices: Devices,
    retry_diverged: bool,
) -> int:
    """Train runs with workers on this machine, and show their progress."""
    if not to_do:
        return print_outcome(console, plan, out)
    workers = min(workers, len(to_do))
    console.print(f"training {len(to_do)} of {len(plan)} runs in {out}, {workers} at a time")
    try:
        with (
            SweepDisplay(console, out) as display,
            local_sweep(
                plan,
                out=out,
                workers=workers,
                threads=threads,
                devices=devices,
                retry_diverged=retry_diverged,
            ) as sweep,
        ):
            try:
                while sweep.poll():
                    display.show(plan_statuses(plan, previous=display.before))
                    clock.sleep(POLL_SECONDS["local"])
            except KeyboardInterrupt:
                console.print("stopping the workers ...")
                raise
            display.show(plan_statuses(plan, previous=display.before))
    except KeyboardInterrupt:
        print_error("stopped; finished epochs are kept, and the same command resumes from them")
        raise
    except WorkersDiedError as error:
        print_error(str(error))
        return FAILED
    return print_outcome(console, plan, out)


def run_on_slurm(
    console: Console,
    plan: Sequence[PlannedRun],
    to_do: Sequence[PlannedRun],
    out: Path,
    settings: ClusterSettings,
    wait: bool,
    *,
    devices: Devices,
    retry_diverged: bool,
) -> int:
    """Submit the runs that are neither finished nor queued, and wait for them if ``wait`` is set."""
    new = submit(to_do, out=out, settings=settings, devices=devices, retry_diverged=retry_diverged)
    for folder, submitted in new.items():
        console.print(f"job {submitted.job}  {out / folder.name}", soft_wrap=True)
    seen = plan_statuses(plan, jobs=SlurmJobs.query(out))
    quoted = shlex.quote(str(out))
    if not wait:
        console.print(f"{len(new)} jobs submitted; {counts(seen)}", soft_wrap=True)
        console.print(
            f"`drumhead runs {quoted} --watch` shows them, and `drumhead cancel {quoted}` stops them. The same command "
            "submits the runs that are then neither finished nor queued.",
            soft_wrap=True,
        )
        return OK
    try:
        with SweepDisplay(console, out) as display:
            display.show(seen)
            while any(each.state in ("running", "queued") for each in seen):
                clock.sleep(POLL_SECONDS["slurm"])
                if (jobs := SlurmJobs.query(out)).slurm_answered:  # while Slurm does not answer, jobs may still run
                    seen = plan_statuses(plan, jobs=jobs, previous=display.before)
                    display.show(seen)
    except KeyboardInterrupt:
        print_error(f"no longer waiting; the jobs continue, and `drumhead cancel {quoted}` stops them")
        raise
    return print_outcome(console, plan, out)


def print_outcome(console: Console, plan: Sequence[PlannedRun], out: Path) -> int:
    """Print the result of a sweep; the exit code is 0 if every run is finished, running or queued."""
    seen = plan_statuses(plan, jobs=SlurmJobs.query(out))
    for text in failure_reasons(seen, out):
        console.print(text, soft_wrap=True)
    console.print(counts(seen))
    successful = ("done", "running", "queued")
    return OK if all(each.state in successful for each in seen) else FAILED
