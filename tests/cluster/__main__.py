"""A command that starts and stops a temporary Slurm cluster. In the repository's root, with a new FOLDER:

    python -m tests.cluster start FOLDER
    eval "$(python -m tests.cluster env FOLDER)"      # then: sinfo, sbatch, drumhead sweep ... --on slurm
    python -m tests.cluster stop FOLDER

The path of FOLDER must be short, since sockets are created there.

Tests use ``hold FOLDER``: it starts a cluster, and when its standard input closes, because the other process closed it
or died, it stops the cluster and removes the folder.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
from pathlib import Path

from .slurm_cluster import ClusterError, SlurmCluster


def hold(cluster: SlurmCluster) -> None:
    """Start a cluster and print ``ready``; stop and remove it when standard input closes or a signal arrives."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        cluster.start()
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)


def main(args: list[str]) -> int:
    """Run ``start``, ``env``, ``stop`` or ``hold`` with a folder."""
    if len(args) != 2 or args[0] not in ("start", "env", "stop", "hold"):
        print(__doc__, file=sys.stderr)
        return 2
    cluster = SlurmCluster(Path(args[1]))
    try:
        if args[0] == "hold":
            hold(cluster)
        elif args[0] == "start":
            cluster.start()
            print("ready")
        elif args[0] == "stop":
            print(f"{cluster.stop()} processes stopped")
        else:
            print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in cluster.variables.items()))
    except ClusterError as error:
        print(error, file=sys.stdout if args[0] == "hold" else sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
