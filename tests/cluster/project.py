"""A project's folder on a cluster: settings, data and runs, and the command line as a user there calls it."""

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
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job of a shell ignores it
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
"""Fields that make a step of the NWM take milliseconds."""


class Clock(Observer):
    """Notes when each epoch ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def epoch_ended(self, report: EpochReport) -> None:
        self.times.append(time.monotonic())


def seconds_per_epoch(folder: Path) -> float:
    """How long an epoch of the small NWM takes on this machine, as busy as it is."""
    fields = parse_overrides([*SMALL, "recipe.epochs=15"])
    (planned,) = plan_sweep([EXPERIMENT], "smoke", out=folder, overrides=fields)
    assert planned.experiment.dataset is not None
    clock = Clock()
    dataset = prepare_dataset(planned.experiment.dataset, folder / "data")
    train(planned.experiment, dataset, planned.folder, accelerator="cpu", observers=[clock])
    return (clock.times[-1] - clock.times[4]) / 10  # the first ones may compile


class Project:
    """A folder with ``drumhead.yaml``.

    Args:
        folder: empty.
        cluster: where jobs go.
        pace: seconds that an epoch takes.
    """

    def __init__(self, folder: Path, cluster: SlurmCluster, *, pace: float) -> None:
        self.folder, self.cluster, self.pace = folder, cluster, pace
        (folder / "drumhead.yaml").write_text(SETTINGS)

    @property
    def environment(self) -> dict[str, str]:
        """A user's environment: the cluster's, one thread, the package that is tested."""
        path = os.pathsep.join(filter(None, sys.path))
        return {**self.cluster.environment, "OMP_NUM_THREADS": "1", "PYTHONPATH": path}

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """A command that goes on beside the test."""
        return subprocess.Popen(
            [sys.executable, "-c", COMMAND, *words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def drumhead(self, *words: str, code: int = 0) -> str:
        """What a command says on standard output, or on standard error if it is to refuse."""
        return command_output(self.begin(*words), code=code)

    def sweep_args(self, seeds: str, *more: str, epochs: int = 2) -> list[str]:
        """The command that sweeps a small NWM over seeds on the cluster."""
        fields = [word for each in (*SMALL, f"recipe.epochs={epochs}") for word in ("--set", each)]
        return ["sweep", EXPERIMENT, "--recipe", "smoke", "--seeds", seeds, *fields, "--on", "slurm", *more]

    def sweep(self, seeds: str, *more: str, epochs: int = 2, code: int = 0) -> str:
        """What that command says."""
        return self.drumhead(*self.sweep_args(seeds, *more, epochs=epochs), code=code)

    def runs(self) -> dict[int, Run]:
        """The runs there are, by seed."""
        found = (Run.open(path.parent) for path in self.folder.glob("runs/*/config.json"))
        return {run.config.experiment.seed: run for run in found}

    def epochs(self, seed: int = 0) -> int:
        """How many epochs of a run are finished."""
        return len(run.metrics()) if (run := self.runs().get(seed)) else 0

    def is_done(self, seed: int = 0) -> bool:
        """Whether a run is done."""
        return (run := self.runs().get(seed)) is not None and run.state == "done"

    def wait_until_done(self, seed: int = 0) -> None:
        """Wait for a run to be done, and its job to have ended."""
        self.cluster.wait_for(lambda: self.is_done(seed) and not self.cluster.jobs(), "the run's end", seconds=500)

    def wait_for_epochs(self, count: int, seed: int = 0) -> None:
        """Wait for a run to have finished so many epochs."""
        self.cluster.wait_for(lambda: self.epochs(seed) >= count, f"{count} epochs", seconds=500)

    def epochs_in(self, seconds: float) -> int:
        """So many epochs that a run takes about so long."""
        return max(12, round(seconds / self.pace))

    def log(self, seed: int = 0) -> str:
        """All that a run's jobs printed while they trained."""
        return (self.runs()[seed].folder / "log.txt").read_text()

    def job_logs(self) -> str:
        """All that jobs printed before and after."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("runs/.submitit/*/*_log.out")))

    def first_lines_of_watch(self, count: int) -> list[str]:
        """What ``drumhead runs --watch`` says before it is ended by Ctrl-C."""
        with self.begin("runs", "--watch") as watching:
            assert watching.stdout is not None
            lines = [watching.stdout.readline() for _ in range(count)]
            watching.send_signal(signal.SIGINT)
            assert watching.wait(60) == 0
        return lines

    def uninterrupted(self, seed: int = 0) -> Run:
        """The same run, trained here in one go."""
        run = self.runs()[seed]
        dataset = open_dataset(Path(run.config.data.folder))
        return train(run.config.experiment, dataset, self.folder / "through", accelerator="cpu")


def command_output(command: subprocess.Popen[str], *, code: int = 0, seconds: float = 500) -> str:
    """What a command says until its end; on standard output, or if it is to refuse, on standard error."""
    with command:
        try:
            output, errors = command.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            command.kill()
            raise
    assert command.returncode == code, f"{command.args!r} ended with {command.returncode}\n{output}\n{errors}"
    return errors if code == USAGE_ERROR else output
