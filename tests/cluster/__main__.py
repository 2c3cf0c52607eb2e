"""A throw-away Slurm cluster by hand. From the repository's root (FOLDER must be new, its path short):

    python -m tests.cluster start FOLDER
    eval "$(python -m tests.cluster env FOLDER)"      # then: sinfo, sbatch, drumhead sweep ... --on slurm
    python -m tests.cluster stop FOLDER

``hold FOLDER`` is what tests use: it starts, and once its standard input closes, however the other side came to its
end, it stops and removes the folder.
"""

from __future__ import annotations

import shlex
import shutil
import signal
import sys
from pathlib import Path

from .slurm_cluster import ClusterError, SlurmCluster


def hold(cluster: SlurmCluster) -> None:
    """Start, say so, and when standard input closes or a signal comes, stop and remove the folder."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        cluster.start()
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)


def main(words: list[str]) -> int:
    """Run ``start``, ``env``, ``stop`` or ``hold`` with a folder."""
    if len(words) != 2 or words[0] not in ("start", "env", "stop", "hold"):
        print(__doc__, file=sys.stderr)
        return 2
    cluster = SlurmCluster(Path(words[1]))
    try:
        if words[0] == "hold":
            hold(cluster)
        elif words[0] == "start":
            cluster.start()
            print("ready")
        elif words[0] == "stop":
            print(f"{cluster.stop()} processes ended")
        else:
            print("\n".join(f"export {name}={shlex.quote(value)}" for name, value in cluster.variables.items()))
    except ClusterError as error:
        print(error, file=sys.stdout if words[0] == "hold" else sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
