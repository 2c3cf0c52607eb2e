"""A Slurm of three small programs: jobs are lines of a file, and never run."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

SBATCH = """#!/bin/sh
[ -e "$FAKE_SLURM/refuses" ] && { echo "sbatch: error: invalid partition" >&2; exit 1; }
number=$(($(cat "$FAKE_SLURM/number") + 1)); echo $number > "$FAKE_SLURM/number"
cp "$1" "$FAKE_SLURM/batch-$number.sh"
name=$(sed -n 's/^#SBATCH --job-name=//p' "$1")
last=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\)%.*/\\1/p' "$1")
if [ -n "$last" ]; then
  for task in $(seq 0 $last); do echo "${number}_$task|$name|PENDING|Priority|" >> "$FAKE_SLURM/queue"; done
else echo "$number|$name|PENDING|Priority|" >> "$FAKE_SLURM/queue"; fi
echo "Submitted batch job $number"
"""
SQUEUE = """#!/bin/sh
[ -e "$FAKE_SLURM/deaf" ] && { echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; }
for word in "$@"; do case $word in --jobs=*) jobs=${word#--jobs=};; esac; done
pattern=$(echo "$jobs" | sed 's/,/|/g')
grep -E "^($pattern)(_[0-9]+)?\\\\|" "$FAKE_SLURM/queue" || {
  echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }
"""
SCANCEL = """#!/bin/sh
[ -e "$FAKE_SLURM/deaf" ] && exit 1
sed -i "/^$1|/d" "$FAKE_SLURM/queue"
echo "$1" >> "$FAKE_SLURM/cancelled"
"""


class FakeSlurm:
    """The programs, first in the path, and their state in a folder."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir(parents=True)
        for name, text in {"sbatch": SBATCH, "squeue": SQUEUE, "scancel": SCANCEL, "srun": "#!/bin/sh\n"}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(stat.S_IRWXU)
        (folder / "number").write_text("0")
        (folder / "queue").touch()
        patch.setenv("FAKE_SLURM", str(folder))
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    def queue(self) -> dict[str, list[str]]:
        """Name, state, reason and nodes of every job, by its id."""
        lines = (line.split("|") for line in (self.folder / "queue").read_text().splitlines())
        return {job: columns for job, *columns in lines}

    def set_queue(self, jobs: dict[str, list[str]]) -> None:
        """Replace what is queued."""
        (self.folder / "queue").write_text("".join("|".join([job, *columns]) + "\n" for job, columns in jobs.items()))

    def begin(self, job: str, node: str = "n1") -> None:
        """Have a job run."""
        jobs = self.queue()
        jobs[job] = [jobs[job][0], "RUNNING", "None", node]
        self.set_queue(jobs)

    def batches(self) -> list[str]:
        """The batch scripts that were submitted."""
        return [path.read_text() for path in sorted(self.folder.glob("batch-*.sh"))]

    def submitted(self) -> int:
        """How often something was submitted."""
        return int((self.folder / "number").read_text())
