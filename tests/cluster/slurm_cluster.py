"""A temporary Slurm cluster on this machine: a real controller and two emulated nodes, which start in a second.

All files are in one folder, and the cluster's processes are recognised by ``SLURM_CONF`` in their environment, so that
no other process is ever stopped. The cluster needs Debian's packages slurmctld, slurmd, slurm-client and munge.
``python -m tests.cluster`` starts and stops a cluster by hand.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from .processes import Process, kill_all, running_processes
from .slurm_settings import write_settings

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
DAEMONS = {"munged", "slurmctld", "slurmd", "slurmstepd"}
ADMIN_FOLDERS = ("/usr/sbin", "/sbin", "/usr/local/sbin")
MAX_PATH_LENGTH = 80


class ClusterError(RuntimeError):
    """The cluster does not do what it should; the message ends with its logs."""


class SlurmCluster:
    """A cluster in a folder.

    Args:
        folder: a new folder, or that of a cluster that was started before.
        nodes: the names of the nodes; all are this machine.
        cpus: the number of CPUs that each node claims to have.
    """

    def __init__(self, folder: Path, *, nodes: tuple[str, ...] = ("n1", "n2"), cpus: int = 2) -> None:
        self.folder, self.nodes, self.cpus = folder.resolve(), nodes, cpus

    @property
    def conf_path(self) -> Path:
        """The path of ``slurm.conf``, which identifies the processes of this cluster."""
        return self.folder / "etc/slurm.conf"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables with which programs use this cluster."""
        return {
            "SLURM_CONF": str(self.conf_path),
            "PATH": f"{self.folder}/bin:{search_path()}",
            "MASTER_ADDR": "127.0.0.1",  # the names of the nodes cannot be resolved; every node is this machine
        }

    @property
    def environment(self) -> dict[str, str]:
        """The environment of this process, without variables of another cluster's job, and with this cluster's."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SUBMITIT"))}
        return {**others, **self.variables}

    def start(self) -> None:
        """Start the daemons, and wait until every node is idle.

        Raises:
            ClusterError: if they do not start.
        """
        if missing := missing_programs():
            raise ClusterError(f"Slurm is not installed: no {', '.join(missing)}")
        if len(str(self.folder)) > MAX_PATH_LENGTH:
            raise ClusterError(
                f"{self.folder}: choose a path of at most {MAX_PATH_LENGTH} characters; sockets are created there"
            )
        write_settings(self.folder, nodes=self.nodes, cpus=self.cpus)
        self.start_munge()
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        self.wait_for(lambda: set(self.node_states().values()) == {"idle"}, "all nodes to be idle", seconds=30)

    def start_munge(self) -> None:
        """Start munge, which authenticates the user to the daemons."""
        run = self.folder / "run"
        self.launch(
            "munged",
            f"--key-file={self.folder}/etc/munge.key",
            f"--socket={run}/munge.socket",
            f"--pid-file={run}/munged.pid",
            f"--seed-file={run}/munged.seed",
            f"--log-file={self.folder}/log/munged.log",
            "--force",  # start although others can write to a parent folder, such as /tmp
        )

    def start_controller(self) -> None:
        """Start or restart the controller."""
        self.launch("slurmctld")

    def start_node(self, node: str) -> None:
        """Start or restart a node's daemon."""
        self.launch("slurmd", "-N", node)

    def launch(self, program: str, *args: str) -> None:
        """Start a daemon, which moves to the background by itself."""
        with (self.folder / "log" / f"{program}.out").open("a") as output:
            result = subprocess.run(
                [program, *args],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=30,
            )
        if result.returncode:
            raise ClusterError(f"{program} ended with {result.returncode}\n{self.logs()}")

    def stop(self) -> int:
        """Kill every process of the cluster, jobs included; return how many were killed."""
        return kill_all(self.processes)

    def processes(self) -> Iterator[Process]:
        """Yield the daemons of the cluster and the processes of its jobs."""
        for process in running_processes():
            if process.environment.get("SLURM_CONF") == str(self.conf_path) and (
                process.name in DAEMONS or "SLURM_JOB_ID" in process.environment
            ):
                yield process

    # Faults and administration

    def stop_controller(self) -> None:
        """Stop the controller, which saves its state; jobs continue to run."""
        controllers = [process for process in self.processes() if process.name == "slurmctld"]
        for process in controllers:
            process.send(signal.SIGTERM)
        self.wait_for(
            lambda: not any(process.is_running for process in controllers), "the controller to end", seconds=30
        )

    @contextlib.contextmanager
    def configured(self, line: str) -> Iterator[None]:
        """Add a line to ``slurm.conf`` within the block; the controller is restarted before and after it."""
        before = self.conf_path.read_text()
        self.restart_controller(f"{before}{line}\n")
        try:
            yield
        finally:
            self.restart_controller(before)

    def restart_controller(self, conf: str) -> None:
        """Restart the controller with another ``slurm.conf``."""
        self.stop_controller()
        self.conf_path.write_text(conf)
        self.start_controller()
        self.wait_for(self.is_answering, "the controller to answer", seconds=30)

    def kill_daemon(self, node: str) -> None:
        """Kill only the daemon of a node: its jobs continue to run, unknown to the controller."""
        kill_all(lambda: (process for process in self.processes() if is_daemon_of(process, node)))

    def cut_power(self, node: str) -> int:
        """Kill all processes of a node, as a power cut would; return how many were killed."""
        return kill_all(lambda: self.on_node(node))

    def on_node(self, node: str) -> list[Process]:
        """Return a node's daemon, job watchers and jobs. Killed in this order, none reports the end of another."""
        processes = {process.pid: process for process in self.processes()}
        jobs = [process for process in processes.values() if process.environment.get("SLURMD_NODENAME") == node]
        parents = {process.parent for process in jobs}
        watchers = [
            process for process in processes.values() if process.name == "slurmstepd" and process.pid in parents
        ]
        return [*(process for process in processes.values() if is_daemon_of(process, node)), *watchers, *jobs]

    def set_node(self, node: str, state: str) -> None:
        """Set the state of a node (down, drain, resume), as an administrator would."""
        self.run("scontrol", "update", f"nodename={node}", f"state={state}", "reason=test")

    def reset(self) -> None:
        """Cancel all jobs, restart the controller if it was stopped, and bring back all nodes."""
        if not any(process.name == "slurmctld" for process in self.processes()):
            self.start_controller()
        self.wait_for(self.is_answering, "the controller to answer", seconds=20)
        self.run("scancel", "--user", str(os.getuid()))
        self.wait_for(lambda: not self.jobs(), "all jobs to end", seconds=30)
        kill_all(lambda: (process for process in self.processes() if "SLURM_JOB_ID" in process.environment))
        for node, state in self.node_states().items():
            if not any(is_daemon_of(process, node) for process in self.processes()):
                self.start_node(node)
            if state.rstrip("*") not in ("idle", "completing"):
                with contextlib.suppress(ClusterError):  # the node has come back by itself
                    self.set_node(node, "resume")
        self.wait_for(lambda: set(self.node_states().values()) == {"idle"}, "all nodes to be idle", seconds=40)

    # Queries

    def run(self, *args: str, seconds: float = 20) -> str:
        """Run a command; return its standard output.

        Raises:
            ClusterError: if the command fails; the message has its standard error.
        """
        result = subprocess.run(args, env=self.environment, capture_output=True, text=True, timeout=seconds)
        if result.returncode:
            raise ClusterError(f"{shlex.join(args)} ended with {result.returncode}: {result.stderr.strip()}")
        return result.stdout

    def is_answering(self) -> bool:
        """Return whether the controller answers."""
        return (
            "is UP" in subprocess.run(["scontrol", "ping"], env=self.environment, capture_output=True, text=True).stdout
        )

    def node_states(self) -> dict[str, str]:
        """Return Slurm's state of each node; empty while the controller does not answer."""
        try:
            lines = self.run("sinfo", "--noheader", "--Node", "--partition=low", "--format=%N %T").splitlines()
        except (ClusterError, subprocess.TimeoutExpired):
            return {}
        return dict(line.split() for line in lines)

    def jobs(self, *, ended: bool = False) -> dict[str, str]:
        """Return Slurm's state of each job or array task; with ``ended``, also of those that have ended."""
        args = ["squeue", "--noheader", "--array", "--format=%i %T", *(["--states=all"] if ended else [])]
        return dict(line.split() for line in self.run(*args).splitlines())

    def node_of(self, job: str) -> str:
        """Return the nodes on which a job runs or ran last; empty if it waits."""
        return self.run("squeue", "--noheader", "--states=all", "--format=%N", f"--jobs={job}").strip()

    def restarts(self, job: str) -> int:
        """Return how often a job was requeued."""
        (number,) = re.findall(r"\bRestarts=(\d+)", self.run("scontrol", "show", "job", job))
        return int(number)

    def wait_for(self, condition: Callable[[], bool], what: str, *, seconds: float) -> float:
        """Wait until a condition is true; return how many seconds that took.

        Args:
            condition: the condition.
            what: the condition in words, for the error.
            seconds: how long to wait at most.

        Raises:
            ClusterError: if the condition is not true in time.
        """
        start = time.monotonic()
        while not condition():
            if time.monotonic() - start > seconds:
                raise ClusterError(f"waited {seconds} s in vain for {what}\n{self.logs()}")
            time.sleep(0.1)
        return time.monotonic() - start

    def logs(self, lines: int = 15) -> str:
        """Return the queue and the last lines of each log."""
        parts = []
        with contextlib.suppress(ClusterError, subprocess.TimeoutExpired):
            parts += [self.run("squeue", "--states=all", seconds=5), self.run("sinfo", "--long", "--Node", seconds=5)]
        for path in sorted((self.folder / "log").glob("*")):
            parts.append("\n".join([f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-lines:]]))
        return "\n".join(parts)


def is_daemon_of(process: Process, node: str) -> bool:
    """Return whether a process is the daemon of a node."""
    return process.name == "slurmd" and node in process.args


def search_path() -> str:
    """Return PATH with the folders of daemons, which are often missing from a user's PATH."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *ADMIN_FOLDERS])


def missing_programs() -> list[str]:
    """Return the programs of Slurm that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program, path=search_path()) is None]


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that holds a cluster until the block or this process ends; it prints ``ready`` or why not."""
    args = [sys.executable, "-m", "tests.cluster", "hold", str(folder)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        args, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as holder:
        yield holder
