"""``drumhead sweep``: the product of experiments, seeds and fields, on this machine or on a Slurm cluster."""

from __future__ import annotations

import time as clock
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import tyro

from drumhead.cli import FAILED, OK, print_error
from drumhead.cli.console import Console
from drumhead.cli.progress import progress_bar
from drumhead.cli.status_display import SweepDisplay, counts, reasons
from drumhead.cli.sweep_estimate import print_estimate
from drumhead.experiments import RecipeName
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

POLL = {"local": 0.5, "slurm": 10.0}
"""Seconds between two looks at runs."""


def main(args: list[str]) -> int:
    """Run ``drumhead sweep``."""
    return tyro.cli(sweep, args=args, prog="drumhead sweep")


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
    retry_failed: bool = False,
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
    """Train the product of experiments, seeds and fields: what is not done, and is not being trained already.

    The same command again goes on: finished runs stay, unfinished ones go on from their last epoch, and nothing is
    trained twice at once, whoever started it. A run that diverges or fails does not stop the others.
    `drumhead runs FOLDER --watch` shows what happens, `drumhead cancel FOLDER` stops it.

    On this machine, workers are processes that end with this command, by Ctrl-C cleanly. On Slurm, each run is a
    task of a job array, queued again at its time limit or when pre-empted until it is done; the command returns once
    they are submitted. What jobs need is read from drumhead.yaml, and flags override it.

    Args:
        names: Experiments, patterns such as 'tetrominoes-nwm-*', or published sweeps: paper-tetrominoes, paper-mnist,
            paper-multi-mnist, paper.
        seeds: Seeds of every experiment, so that they compare in pairs: 0:10 is 0 to 9; or 1,2,3. By default the
            published ones for a published sweep, else 0.
        recipe: How the runs are trained, as of drumhead train.
        fields: A field and its values, as flags of drumhead train have them: model.steps=50,100. May be repeated. A
            value of several numbers has spaces: 'model.pixel-widths=64 32,128 64'.
        out: Runs go to OUT/EXPERIMENT[-FIELD=VALUE...]-seedSEED.
        data: A folder of data for all runs; by default each experiment's own, made under data/ if not there yet.
        mnist_root: A folder with MNIST's four IDX files, if needed; else that of DRUMHEAD_MNIST_ROOT, or a download.
        accelerator: Where to train.
        devices: Devices of each node that share every batch of a run.
        nodes: On Slurm, nodes that train a run together.
        strategy: How several devices train one model, as of drumhead train.
        on: This machine, or the Slurm cluster it is part of.
        retry_failed: Go on with runs that diverged, too; with the same seed they mostly do so again.
        dry_run: List every run, its folder, its state, and how long it will take; make nothing.
        workers: On this machine, how many runs at a time: by default one for each GPU, or one.
        threads: On this machine, threads of each worker; by default its share of the processors. Results are the same
            to the bit for the same number of threads.
        wait: On Slurm, stay until all jobs have ended.
        cluster: On Slurm, a file of settings; by default drumhead.yaml, if there is one.
        partition: On Slurm, where jobs go.
        account: On Slurm, who is charged.
        qos: On Slurm, quality of service.
        time: On Slurm, time limit of a job: 4:00:00, or minutes.
        gpus: On Slurm, GPUs of a job.
        cpus: On Slurm, processors of a job.
        mem: On Slurm, memory of a job: 16G.
        array_parallelism: On Slurm, how many jobs may run at a time.
    """
    console = Console()
    its_seeds = None if seeds is None else parse_seeds(seeds)
    plan = plan_sweep(names, recipe, out=out, seeds=its_seeds, overrides=parse_overrides(fields), data=data)
    for name, value in (("workers", workers), ("threads", threads)):
        if value is not None and value < 1:
            raise ValueError(f"--{name} must be 1 or more; got {value}")
    if nodes > 1 and on == "local":
        raise ValueError(f"--nodes {nodes} needs a cluster: --on slurm")
    where = Devices(accelerator=accelerator, devices=devices, nodes=nodes, strategy=strategy)
    if on == "slurm":
        settings = read_cluster_settings(
            cluster,
            partition=partition,
            account=account,
            qos=qos,
            time=time,
            gpus=gpus,
            cpus=cpus,
            mem=mem,
            array_parallelism=array_parallelism,
        )
        if not dry_run:
            check_slurm()
    for planned in plan:
        planned_state(planned)  # a folder that holds something else is told before any work
    if dry_run:
        print_estimate(console, plan, out, workers=workers or 1)
        return OK
    to_do = [planned for planned in plan if known_result(planned, retry_diverged=retry_failed) is None]
    prepare(console, to_do, where, mnist_root=mnist_root)
    if on == "slurm":
        return run_on_slurm(console, plan, to_do, out, settings, wait, where=where, retry_failed=retry_failed)
    return run_locally(
        console,
        plan,
        to_do,
        out,
        workers=workers or max(1, len(visible_gpus(accelerator)) // devices),
        threads=threads,
        where=where,
        retry_failed=retry_failed,
    )


def prepare(console: Console, to_do: Sequence[PlannedRun], where: Devices, *, mnist_root: Path | None) -> None:
    """Make the data of runs that are to be trained, once, before anything is started.

    Raises:
        DatasetError: if data cannot be had.
        RunError: if there are fewer images than a batch.
    """
    for planned in {each.dataset_key: each for each in to_do}.values():
        with progress_bar(console, planned.dataset_name) as progress:
            dataset = planned_dataset(planned, mnist_root=mnist_root, progress=progress)
        for each in to_do:
            if each.dataset_key == planned.dataset_key:
                check_batches(each.experiment, dataset, where)


def run_locally(
    console: Console,
    plan: Sequence[PlannedRun],
    to_do: Sequence[PlannedRun],
    out: Path,
    *,
    workers: int,
    threads: int | None,
    where: Devices,
    retry_failed: bool,
) -> int:
    """Make runs by workers on this machine, and show how they go."""
    if not to_do:
        return print_outcome(console, plan, out)
    workers = min(workers, len(to_do))
    console.print(f"{len(to_do)} of {len(plan)} runs to make in {out}, {workers} at a time")
    try:
        with (
            SweepDisplay(console, out) as view,
            local_sweep(
                plan,
                out=out,
                workers=workers,
                threads=threads,
                devices=where,
                retry_failed=retry_failed,
            ) as sweep,
        ):
            try:
                while sweep.poll():
                    view.show(plan_statuses(plan, previous=view.before))
                    clock.sleep(POLL["local"])
            except KeyboardInterrupt:
                console.print("stopping the workers ...")
                raise
            view.show(plan_statuses(plan, previous=view.before))
    except KeyboardInterrupt:
        print_error("stopped; finished epochs are kept, and the same command goes on from there")
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
    where: Devices,
    retry_failed: bool,
) -> int:
    """Submit what is neither done nor queued; follow it, if that is wanted."""
    new = submit(to_do, out=out, settings=settings, devices=where, retry_failed=retry_failed)
    for folder, submitted in new.items():
        console.print(f"job {submitted.job}  {out / folder.name}", soft_wrap=True)
    seen = plan_statuses(plan, jobs=SlurmJobs.query(out))
    if not wait:
        console.print(f"{len(new)} jobs submitted; {counts(seen)}", soft_wrap=True)
        console.print(
            f"`drumhead runs {out} --watch` shows them, `drumhead cancel {out}` ends them; the same command again "
            "submits what is then neither done nor queued.",
            soft_wrap=True,
        )
        return OK
    try:
        with SweepDisplay(console, out) as view:
            view.show(seen)
            while any(each.state in ("running", "queued") for each in seen):
                clock.sleep(POLL["slurm"])
                if (
                    jobs := SlurmJobs.query(out)
                ).slurm_answered:  # while Slurm does not answer, no job is known to have ended
                    seen = plan_statuses(plan, jobs=jobs, previous=view.before)
                    view.show(seen)
    except KeyboardInterrupt:
        print_error(f"no longer waiting; the jobs go on, and `drumhead cancel {out}` ends them")
        raise
    return print_outcome(console, plan, out)


def print_outcome(console: Console, plan: Sequence[PlannedRun], out: Path) -> int:
    """Tell what came of a sweep; the exit code is 0 if all of it is done, or left to others who are at it."""
    seen = plan_statuses(plan, jobs=SlurmJobs.query(out))
    for text in reasons(seen, out):
        console.print(text, soft_wrap=True)
    console.print(counts(seen))
    fine = ("done", "running", "queued")
    return OK if all(each.state in fine for each in seen) else FAILED
