"""A fake Slurm made of shell scripts: its jobs are lines of a file, and never run."""

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
[ -e "$FAKE_SLURM/unreachable" ] && { echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; }
for argument in "$@"; do case $argument in --jobs=*) jobs=${argument#--jobs=};; esac; done
pattern=$(echo "$jobs" | sed 's/,/|/g')
grep -E "^($pattern)(_[0-9]+)?\\\\|" "$FAKE_SLURM/queue" || {
  echo "slurm_load_jobs error: Invalid job id specified" >&2; exit 1; }
"""
SCANCEL = """#!/bin/sh
[ -e "$FAKE_SLURM/unreachable" ] && exit 1
sed -i "/^$1|/d" "$FAKE_SLURM/queue"
echo "$1" >> "$FAKE_SLURM/cancelled"
"""


class FakeSlurm:
    """The scripts, first in PATH, and a folder with their state."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir(parents=True)
        for name, text in {"sbatch": SBATCH, "squeue": SQUEUE, "scancel": SCANCEL, "srun": "#!/bin/sh\n"}.items():
            (programs / name).write_text(text)
            (programs / name).chmod(stat.S_IRWXU)
        (folder / "number").write_text("0")
        (folder / "queue").touch()
        monkeypatch.setenv("FAKE_SLURM", str(folder))
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    def queue(self) -> dict[str, list[str]]:
        """Return name, state, reason and nodes of every job, by job id."""
        lines = (line.split("|") for line in (self.folder / "queue").read_text().splitlines())
        return {job: columns for job, *columns in lines}

    def set_queue(self, jobs: dict[str, list[str]]) -> None:
        """Replace the queue."""
        (self.folder / "queue").write_text("".join("|".join([job, *columns]) + "\n" for job, columns in jobs.items()))

    def start_job(self, job: str, node: str = "n1") -> None:
        """Change a job's state to running."""
        jobs = self.queue()
        jobs[job] = [jobs[job][0], "RUNNING", "None", node]
        self.set_queue(jobs)

    def batches(self) -> list[str]:
        """Return the batch scripts that were submitted."""
        return [path.read_text() for path in sorted(self.folder.glob("batch-*.sh"))]

    def submission_count(self) -> int:
        """Return the number of submissions."""
        return int((self.folder / "number").read_text())
