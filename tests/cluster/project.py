"""A project folder on a cluster, with settings, data and runs, in which tests run commands as a user would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from drumhead.cli import USAGE_ERROR
from drumhead.data import open_dataset, prepare_dataset
from drumhead.runs import Run
from drumhead.sweeps import parse_overrides, plan_sweep
from drumhead.training import EpochReport, Observer, train

from .slurm_cluster import SlurmCluster

COMMAND = """
import signal, sys
from drumhead.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of a shell ignore it
sys.exit(main())
"""
EXPERIMENT = "tetrominoes-nwm-linear"
SETTINGS = """\
partition: low
time: 1:00:00
cpus: 1
mem: 1G
signal_delay: 30
"""
SMALL = (
    *("dataset.cell=5", "dataset.max-pieces=2", "dataset.canvas=24"),
    *("model.steps=6", "model.width=4", "model.pixel-widths=16"),
)
"""Overrides that reduce a training step of the NWM to milliseconds."""


class Clock(Observer):
    """Records when each epoch ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def epoch_ended(self, report: EpochReport) -> None:
        self.times.append(time.monotonic())


def seconds_per_epoch(folder: Path) -> float:
    """Measure how long an epoch of the small NWM takes on this machine under its present load."""
    fields = parse_overrides([*SMALL, "recipe.epochs=15"])
    (planned,) = plan_sweep([EXPERIMENT], "smoke", out=folder, overrides=fields)
    assert planned.experiment.dataset is not None
    clock = Clock()
    dataset = prepare_dataset(planned.experiment.dataset, folder / "data")
    train(planned.experiment, dataset, planned.folder, accelerator="cpu", observers=[clock])
    return (clock.times[-1] - clock.times[4]) / 10  # the first epochs may include compilation


class Project:
    """A project folder with ``drumhead.yaml``.

    Args:
        folder: an empty folder.
        cluster: the cluster for the jobs.
        pace: seconds per epoch.
    """

    def __init__(self, folder: Path, cluster: SlurmCluster, *, pace: float) -> None:
        self.folder, self.cluster, self.pace = folder, cluster, pace
        (folder / "drumhead.yaml").write_text(SETTINGS)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of commands: the cluster's, with one thread and the tested package."""
        path = os.pathsep.join(filter(None, sys.path))
        return {**self.cluster.environment, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Start a ``drumhead`` command that runs while the test continues."""
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *args],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def drumhead(self, *args: str, code: int = 0) -> str:
        """Run a ``drumhead`` command; see :func:`command_output`."""
        return command_output(self.start(*args), code=code)

    def sweep_args(self, seeds: str, *more: str, epochs: int = 2) -> list[str]:
        """Return the arguments of a command that sweeps a small NWM over seeds on the cluster."""
        fields = [arg for each in (*SMALL, f"recipe.epochs={epochs}") for arg in ("--set", each)]
        return ["sweep", EXPERIMENT, "--recipe", "smoke", "--seeds", seeds, *fields, "--on", "slurm", *more]

    def sweep(self, seeds: str, *more: str, epochs: int = 2, code: int = 0) -> str:
        """Run that command; return its output."""
        return self.drumhead(*self.sweep_args(seeds, *more, epochs=epochs), code=code)

    def runs(self) -> dict[int, Run]:
        """Return the runs in the folder, by seed."""
        runs = (Run.open(path.parent) for path in self.folder.glob("runs/*/config.json"))
        return {run.config.experiment.seed: run for run in runs}

    def epochs(self, seed: int = 0) -> int:
        """Return the epoch after which a run resumes; the ``metrics.csv`` of a killed run may be one behind."""
        run = self.runs().get(seed)
        checkpoint = None if run is None else run.load_checkpoint()
        return 0 if checkpoint is None else int(checkpoint["epoch"])

    def is_done(self, seed: int = 0) -> bool:
        """Return whether a run is done."""
        return (run := self.runs().get(seed)) is not None and run.state == "done"

    def wait_until_done(self, seed: int = 0) -> None:
        """Wait until a run is done and no job is left."""
        self.cluster.wait_for(lambda: self.is_done(seed) and not self.cluster.jobs(), "the run's end", seconds=500)

    def wait_for_epochs(self, count: int, seed: int = 0) -> None:
        """Wait until a run has finished ``count`` epochs."""
        self.cluster.wait_for(lambda: self.epochs(seed) >= count, f"{count} epochs", seconds=500)

    def epochs_in(self, seconds: float) -> int:
        """Return the number of epochs that take about ``seconds``, at least 12."""
        return max(12, round(seconds / self.pace))

    def log(self, seed: int = 0) -> str:
        """Return everything that the jobs of a run printed during training."""
        return (self.runs()[seed].folder / "log.txt").read_text()

    def job_logs(self) -> str:
        """Return everything that jobs printed before and after training."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("runs/.submitit/*/*_log.out")))

    def first_lines_of_watch(self, count: int) -> list[str]:
        """Return the first lines of ``drumhead runs --watch``, and stop it with Ctrl-C."""
        with self.start("runs", "--watch") as watching:
            assert watching.stdout is not None
            lines = [watching.stdout.readline() for _ in range(count)]
            watching.send_signal(signal.SIGINT)
            assert watching.wait(60) == 0
        return lines

    def uninterrupted(self, seed: int = 0) -> Run:
        """Train the same run here without interruption, and return it."""
        run = self.runs()[seed]
        dataset = open_dataset(Path(run.config.data.folder))
        return train(run.config.experiment, dataset, self.folder / "uninterrupted", accelerator="cpu")


def command_output(command: subprocess.Popen[str], *, code: int = 0, seconds: float = 500) -> str:
    """Return the standard output of a command when it has ended, or its standard error if ``code`` is a usage error."""
    with command:
        try:
            output, errors = command.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            command.kill()
            raise
    assert command.returncode == code, f"{command.args!r} ended with {command.returncode}\n{output}\n{errors}"
    return errors if code == USAGE_ERROR else output
