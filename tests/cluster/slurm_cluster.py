"""A Slurm cluster of two emulated nodes on this machine: a real controller and real nodes, up in a second, thrown away.

Everything is under one folder, and every process is told by the ``SLURM_CONF`` in its environment: no other cluster's
process, and no program of the user's, is ever touched. Debian's packages slurmctld, slurmd, slurm-client and munge are
all it needs. ``python -m tests.cluster`` starts and stops one by hand.
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

from .processes import Process, kill_all, running
from .slurm_settings import write_settings

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol", "sinfo")
DAEMONS = {"munged", "slurmctld", "slurmd", "slurmstepd"}
ADMIN_FOLDERS = ("/usr/sbin", "/sbin", "/usr/local/sbin")
LONGEST_PATH = 80


class ClusterError(RuntimeError):
    """The cluster does not do what it should; the message ends with what its logs say."""


class SlurmCluster:
    """A cluster in a folder.

    Args:
        folder: new, or of a cluster that was started before.
        nodes: names of the nodes; all are this machine.
        cpus: processors each node claims to have.
    """

    def __init__(self, folder: Path, *, nodes: tuple[str, ...] = ("n1", "n2"), cpus: int = 2) -> None:
        self.folder, self.nodes, self.cpus = folder.resolve(), nodes, cpus

    @property
    def settings(self) -> Path:
        """Where ``slurm.conf`` is: what makes a process one of this cluster's."""
        return self.folder / "etc/slurm.conf"

    @property
    def variables(self) -> dict[str, str]:
        """What a program's environment must have for it to use this cluster."""
        return {
            "SLURM_CONF": str(self.settings),
            "PATH": f"{self.folder}/bin:{search_path()}",
            "MASTER_ADDR": "127.0.0.1",  # the nodes' names are in no table of hosts; every one is this machine
        }

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, without any other cluster's job in it, and with this cluster."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM", "SUBMITIT"))}
        return {**others, **self.variables}

    def start(self) -> None:
        """Start the daemons, and wait until every node is idle.

        Raises:
            ClusterError: if they will not start.
        """
        if missing := missing_programs():
            raise ClusterError(f"Slurm is not installed: no {', '.join(missing)}")
        if len(str(self.folder)) > LONGEST_PATH:
            raise ClusterError(f"{self.folder}: choose a path of at most {LONGEST_PATH} letters; sockets go there")
        write_settings(self.folder, nodes=self.nodes, cpus=self.cpus)
        self.start_munge()
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        self.wait_for(lambda: set(self.node_states().values()) == {"idle"}, "all nodes to be idle", seconds=30)

    def start_munge(self) -> None:
        """Start what vouches for the user to the daemons."""
        run = self.folder / "run"
        self.launch(
            "munged",
            f"--key-file={self.folder}/etc/munge.key",
            f"--socket={run}/munge.socket",
            f"--pid-file={run}/munged.pid",
            f"--seed-file={run}/munged.seed",
            f"--log-file={self.folder}/log/munged.log",
            "--force",  # it warns of a folder that others can write above its own, as /tmp is
        )

    def start_controller(self) -> None:
        """Start the controller, for the first time or again."""
        self.launch("slurmctld")

    def start_node(self, node: str) -> None:
        """Start a node's daemon, for the first time or again."""
        self.launch("slurmd", "-N", node)

    def launch(self, program: str, *words: str) -> None:
        """Start a daemon; it goes to the background by itself."""
        with (self.folder / "log" / f"{program}.out").open("a") as output:
            ended = subprocess.run(
                [program, *words],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=30,
            )
        if ended.returncode:
            raise ClusterError(f"{program} ended with {ended.returncode}\n{self.logs()}")

    def stop(self) -> int:
        """Kill every process of the cluster, jobs included; returns how many there were."""
        return kill_all(self.processes)

    def processes(self) -> Iterator[Process]:
        """The cluster's daemons, and the processes of its jobs."""
        for process in running():
            if process.environment.get("SLURM_CONF") == str(self.settings) and (
                process.name in DAEMONS or "SLURM_JOB_ID" in process.environment
            ):
                yield process

    # What can befall a cluster

    def stop_controller(self) -> None:
        """End the controller, its state saved; jobs run on."""
        controllers = [process for process in self.processes() if process.name == "slurmctld"]
        for process in controllers:
            process.send(signal.SIGTERM)
        self.wait_for(lambda: not any(process.runs for process in controllers), "the controller to end", seconds=30)

    @contextlib.contextmanager
    def configured(self, line: str) -> Iterator[None]:
        """Have another line in ``slurm.conf``, as the controller reads it, for as long as the block lasts."""
        before = self.settings.read_text()
        self.restart_controller(f"{before}{line}\n")
        try:
            yield
        finally:
            self.restart_controller(before)

    def restart_controller(self, settings: str) -> None:
        """Have the controller read other settings."""
        self.stop_controller()
        self.settings.write_text(settings)
        self.start_controller()
        self.wait_for(self.is_answering, "the controller to answer", seconds=30)

    def kill_daemon(self, node: str) -> None:
        """Kill a node's daemon alone: its jobs run on, and nobody hears of them."""
        kill_all(lambda: (process for process in self.processes() if is_daemon_of(process, node)))

    def cut_power(self, node: str) -> int:
        """Kill everything on a node, as a power cut does; returns how many processes there were."""
        return kill_all(lambda: self.on_node(node))

    def on_node(self, node: str) -> list[Process]:
        """A node's daemon, what watches over its jobs, and these: killed in this order, none tells of another's end."""
        found = {process.pid: process for process in self.processes()}
        jobs = [process for process in found.values() if process.environment.get("SLURMD_NODENAME") == node]
        parents = {process.parent for process in jobs}
        watchers = [process for process in found.values() if process.name == "slurmstepd" and process.pid in parents]
        return [*(process for process in found.values() if is_daemon_of(process, node)), *watchers, *jobs]

    def set_node(self, node: str, state: str) -> None:
        """Set a node's state, as an administrator does: down, drain, resume."""
        self.run("scontrol", "update", f"nodename={node}", f"state={state}", "reason=test")

    def reset(self) -> None:
        """Cancel all jobs, and bring the controller and all nodes back."""
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
                with contextlib.suppress(ClusterError):  # it has come back by itself
                    self.set_node(node, "resume")
        self.wait_for(lambda: set(self.node_states().values()) == {"idle"}, "all nodes to be idle", seconds=40)

    # Asking it

    def run(self, *words: str, seconds: float = 20) -> str:
        """What a command says on standard output.

        Raises:
            ClusterError: if it fails, with what it says of that.
        """
        ended = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=seconds)
        if ended.returncode:
            raise ClusterError(f"{shlex.join(words)} ended with {ended.returncode}: {ended.stderr.strip()}")
        return ended.stdout

    def is_answering(self) -> bool:
        """Whether the controller answers."""
        return (
            "is UP" in subprocess.run(["scontrol", "ping"], env=self.environment, capture_output=True, text=True).stdout
        )

    def node_states(self) -> dict[str, str]:
        """The state of each node, in Slurm's words; none while the controller does not answer."""
        try:
            lines = self.run("sinfo", "--noheader", "--Node", "--partition=low", "--format=%N %T").splitlines()
        except (ClusterError, subprocess.TimeoutExpired):
            return {}
        return dict(line.split() for line in lines)

    def jobs(self, *, ended: bool = False) -> dict[str, str]:
        """The state of each job or task of an array, in Slurm's words; of those that have ended only if asked."""
        words = ["squeue", "--noheader", "--array", "--format=%i %T", *(["--states=all"] if ended else [])]
        return dict(line.split() for line in self.run(*words).splitlines())

    def node_of(self, job: str) -> str:
        """Where a job runs, or ran last; empty if it waits."""
        return self.run("squeue", "--noheader", "--states=all", "--format=%N", f"--jobs={job}").strip()

    def restarts(self, job: str) -> int:
        """How often a job was queued again."""
        (number,) = re.findall(r"\bRestarts=(\d+)", self.run("scontrol", "show", "job", job))
        return int(number)

    def wait_for(self, condition: Callable[[], bool], what: str, *, seconds: float) -> float:
        """Wait until something is so, and return how long that took.

        Raises:
            ClusterError: if it is not so in time.
        """
        begin = time.monotonic()
        while not condition():
            if time.monotonic() - begin > seconds:
                raise ClusterError(f"waited {seconds} s in vain for {what}\n{self.logs()}")
            time.sleep(0.1)
        return time.monotonic() - begin

    def logs(self, lines: int = 15) -> str:
        """The last lines of each log, and the queue."""
        parts = []
        with contextlib.suppress(ClusterError, subprocess.TimeoutExpired):
            parts += [self.run("squeue", "--states=all", seconds=5), self.run("sinfo", "--long", "--Node", seconds=5)]
        for path in sorted((self.folder / "log").glob("*")):
            parts.append("\n".join([f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-lines:]]))
        return "\n".join(parts)


def is_daemon_of(process: Process, node: str) -> bool:
    """Whether a process is the daemon of a node."""
    return process.name == "slurmd" and node in process.words


def search_path() -> str:
    """PATH with the folders of daemons, which a user's often lacks."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *ADMIN_FOLDERS])


def missing_programs() -> list[str]:
    """The programs of Slurm that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program, path=search_path()) is None]


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds a cluster: it prints ``ready``, or why it is not, and ends when this one does."""
    words = [sys.executable, "-m", "tests.cluster", "hold", str(folder)]
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        words, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as holder:
        yield holder
