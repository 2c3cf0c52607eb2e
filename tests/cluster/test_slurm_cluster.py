"""The temporary cluster runs jobs, can lose a node, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .slurm_cluster import ClusterError, SlurmCluster

HOLDER = """
import sys, time
from pathlib import Path
from tests.cluster.slurm_cluster import holding
with holding(Path(sys.argv[1])) as holder:
    print(holder.stdout.readline(), end="", flush=True)
    time.sleep(600)
"""


def test_jobs_run_on_both_nodes(cluster: SlurmCluster) -> None:
    assert sorted(cluster.run("srun", "--nodes=2", "printenv", "SLURMD_NODENAME").split()) == ["n1", "n2"]


def test_ended_jobs_are_listed(cluster: SlurmCluster) -> None:
    job = cluster.run("sbatch", "--parsable", "--array=0-1", "--output=/dev/null", "--wrap=exit $SLURM_ARRAY_TASK_ID")
    job = job.strip()
    cluster.wait_for(lambda: not cluster.jobs(), "the array to end", seconds=20)
    states = {f"{job}_0": "COMPLETED", f"{job}_1": "FAILED"}
    assert {name: state for name, state in cluster.jobs(ended=True).items() if name.startswith(f"{job}_")} == states
    header, *lines = cluster.run("sacct", "-o", "JobID,State,NodeList", "--parsable2", "-j", job).splitlines()
    assert header == "JobID|State|NodeList"
    assert dict(line.split("|")[:2] for line in lines) == states


def test_the_job_of_a_lost_node_runs_on_another_node(cluster: SlurmCluster, tmp_path: Path) -> None:
    nodes = tmp_path / "nodes"
    cluster.run("sbatch", "--output=/dev/null", f"--wrap=echo $SLURMD_NODENAME >> {nodes}; sleep 300")
    cluster.wait_for(lambda: nodes.is_file() and bool(nodes.read_text()), "the job to begin", seconds=20)
    first = nodes.read_text().strip()
    cluster.set_node(first, "down")
    assert cluster.node_states()[first].startswith("down")
    cluster.wait_for(lambda: len(nodes.read_text().split()) == 2, "the job to begin again", seconds=40)
    assert nodes.read_text().split() == [first, "n2" if first == "n1" else "n1"]


def test_a_command_that_fails_is_an_error(cluster: SlurmCluster) -> None:
    with pytest.raises(ClusterError, match="scontrol show job 999999 ended with 1"):
        cluster.run("scontrol", "show", "job", "999999")


def test_a_killed_session_leaves_nothing_behind(cluster: SlurmCluster) -> None:
    folder = Path(f"{cluster.folder}-other")  # a path that is as short
    other = SlurmCluster(folder)
    root = Path(__file__).parents[2]
    args = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(args, cwd=root, stdout=subprocess.PIPE, text=True) as session:
        assert session.stdout is not None
        assert session.stdout.readline() == "ready\n"
        other.run("sbatch", "--output=/dev/null", "--wrap=sleep 300")
        other.wait_for(lambda: any("SLURM_JOB_ID" in each.environment for each in other.processes()), "it", seconds=20)
        os.kill(session.pid, signal.SIGKILL)
    other.wait_for(lambda: not list(other.processes()) and not folder.exists(), "all to be gone", seconds=30)
    assert set(cluster.node_states().values()) == {"idle"}
