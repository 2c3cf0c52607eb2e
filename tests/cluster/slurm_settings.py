"""The configuration of a temporary Slurm cluster: ``slurm.conf``, a key, and a replacement for ``sacct``.

There is no accounting database. The replacement for ``sacct`` uses ``squeue``, which keeps finished jobs for two hours
here. Unlike real accounting, it is never late, and never reports a job as failed that is about to be requeued.
"""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Sequence
from pathlib import Path

CLUSTER = {
    "ClusterName": "drumhead",
    "AuthType": "auth/munge",
    "CredType": "cred/munge",
    "ProctrackType": "proctrack/linuxproc",  # no cgroups: this works in containers, and sets no memory limit
    "TaskPlugin": "task/none",
    "SwitchType": "switch/none",
    "MpiDefault": "none",
    "JobAcctGatherType": "jobacct_gather/none",
    "AccountingStorageType": "accounting_storage/none",
    "JobCompType": "jobcomp/none",
    "SelectType": "select/cons_tres",
    "SelectTypeParameters": "CR_Core_Memory",
    "DefMemPerCPU": "256",
    "SlurmdParameters": "config_overrides",  # nodes may claim more CPUs and memory than this machine has
}
"""Settings of a cluster on one machine without a database."""

SHORT_TIMES = {
    "SchedulerType": "sched/backfill",
    "SchedulerParameters": "sched_interval=2,bf_interval=2,sched_min_interval=0,batch_sched_delay=0",
    "SlurmctldTimeout": "30",
    "SlurmdTimeout": "10",
    "KillWait": "3",
    "MinJobAge": "7200",
}
"""Times in seconds that are minutes on a real cluster."""

PREEMPTION = {
    "PreemptType": "preempt/partition_prio",
    "PreemptMode": "REQUEUE",
    "SlurmctldParameters": "preempt_send_user_signal",  # a job gets the signal it requested, as at its time limit
    "JobRequeue": "1",
    "ReturnToService": "1",  # with 2, a node that is set down would come back while its old job still runs
}
"""A job in the partition ``high`` takes the nodes of a job in ``low``, which is signalled and requeued."""

SACCT = """\
#!/bin/sh
# Answers `sacct -o JobID,State,NodeList --parsable2 -j ID [-j ID ...]` from squeue, as there is no accounting.
jobs=
while [ $# -gt 0 ]; do
  if [ "$1" = -j ]; then jobs="${jobs:+$jobs,}$2"; shift; fi
  shift
done
echo 'JobID|State|NodeList'
[ -z "$jobs" ] || squeue --noheader --array --states=all --jobs="$jobs" --format='%i|%T|%N' 2>/dev/null
exit 0
"""


def write_settings(folder: Path, *, nodes: Sequence[str], cpus: int) -> None:
    """Write the files that the daemons read, and create the folders they write to.

    Args:
        folder: the cluster's folder; its path must be short, as the path of a socket has at most 107 characters.
        nodes: the names of the nodes.
        cpus: the number of CPUs that each node claims to have.
    """
    for name in ("etc", "run", "log", "state", "bin", *(f"spool/{node}" for node in nodes)):
        (folder / name).mkdir(parents=True)
    (folder / "etc/munge.key").touch(mode=0o600)
    (folder / "etc/munge.key").write_bytes(os.urandom(128))
    (folder / "bin/sacct").write_text(SACCT)
    (folder / "bin/sacct").chmod(0o755)
    (folder / "etc/slurm.conf").write_text("\n".join(slurm_conf(folder, nodes=nodes, cpus=cpus)) + "\n")


def slurm_conf(folder: Path, *, nodes: Sequence[str], cpus: int) -> list[str]:
    """Return the lines of ``slurm.conf``."""
    host = socket.gethostname().split(".")[0]
    user = pwd.getpwuid(os.getuid()).pw_name
    controller_port, *ports = free_ports(1 + len(nodes))
    addresses_and_paths = {
        "SlurmctldHost": f"{host}(127.0.0.1)",
        "SlurmctldPort": controller_port,
        "SlurmUser": user,
        "SlurmdUser": user,
        # A requeued job only starts again after cred_expire seconds; Slurm's minimum is 5.
        "AuthInfo": f"socket={folder}/run/munge.socket,cred_expire=5",
        "StateSaveLocation": f"{folder}/state",
        "SlurmdSpoolDir": f"{folder}/spool/%n",
        "SlurmctldPidFile": f"{folder}/run/slurmctld.pid",
        "SlurmdPidFile": f"{folder}/run/%n.pid",
        "SlurmctldLogFile": f"{folder}/log/slurmctld.log",
        "SlurmdLogFile": f"{folder}/log/%n.log",
    }
    lines = [f"{key}={value}" for key, value in {**CLUSTER, **SHORT_TIMES, **PREEMPTION, **addresses_and_paths}.items()]
    for node, port in zip(nodes, ports, strict=True):
        lines.append(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs={cpus} Boards=1 "
            f"SocketsPerBoard=1 CoresPerSocket={cpus} ThreadsPerCore=1 RealMemory=8000 State=UNKNOWN"
        )
    partition = f"Nodes={','.join(nodes)} MaxTime=INFINITE State=UP"
    lines.append(f"PartitionName=low {partition} Default=YES PriorityTier=1 GraceTime=20")
    lines.append(f"PartitionName=high {partition} Default=NO PriorityTier=10 PreemptMode=OFF")
    return lines


def free_ports(count: int) -> list[int]:
    """Return unused ports of this machine."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
