"""Disks to be filled and taken away: small file systems in memory, which only an administrator can mount."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class Disk:
    """A small file system of its own."""

    def __init__(self, folder: Path, kilobytes: int) -> None:
        self.folder, self.filler = folder, folder / "filler"
        folder.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(folder)]
        try:
            done = subprocess.run(mount, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("needs the command mount, to have a disk that can be filled")
        if done.returncode:
            pytest.skip(f"needs the right to mount, to have a disk that can be filled: {done.stderr.strip()}")

    def fill(self, *, leave_free: int = 0) -> None:
        """Leave some bytes free, in whole pages, and no more."""
        self.remove_filler()
        with contextlib.suppress(OSError), self.filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        os.truncate(self.filler, max(0, self.filler.stat().st_size - leave_free))

    def remove_filler(self) -> None:
        """Make room again."""
        self.filler.unlink(missing_ok=True)

    def make_read_only(self) -> None:
        """Refuse all writing from now on."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True)

    def unmount(self) -> None:
        """Unmount it, whoever uses it; its folder is then empty."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@contextlib.contextmanager
def small_disk(folder: Path, *, kilobytes: int = 1024) -> Iterator[Disk]:
    """A disk mounted at a new folder for the length of the block; without the right to, the test is skipped."""
    disk = Disk(folder, kilobytes)
    try:
        yield disk
    finally:
        if os.path.ismount(folder):
            disk.unmount()
