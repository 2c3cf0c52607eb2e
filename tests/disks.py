"""Small in-memory file systems that tests can fill and unmount; mounting them needs administrator rights."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


class Disk:
    """A small file system, mounted at a new folder."""

    def __init__(self, folder: Path, kilobytes: int) -> None:
        self.folder, self.filler = folder, folder / "filler"
        folder.mkdir(parents=True)
        mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(folder)]
        try:
            result = subprocess.run(mount, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("needs the command mount to create a disk that can be filled")
        if result.returncode:
            pytest.skip(f"needs the right to mount to create a disk that can be filled: {result.stderr.strip()}")

    def fill(self, *, leave_free: int = 0) -> None:
        """Fill the disk, except ``leave_free`` bytes, rounded to whole pages."""
        self.remove_filler()
        with contextlib.suppress(OSError), self.filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        os.truncate(self.filler, max(0, self.filler.stat().st_size - leave_free))

    def remove_filler(self) -> None:
        """Remove what ``fill`` wrote."""
        self.filler.unlink(missing_ok=True)

    def make_read_only(self) -> None:
        """Remount the disk read-only."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True)

    def unmount(self) -> None:
        """Unmount the disk, even if it is in use; its folder is then empty."""
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)


@contextlib.contextmanager
def small_disk(folder: Path, *, kilobytes: int = 1024) -> Iterator[Disk]:
    """Mount a small disk at a new folder within the block; without the right to mount, skip the test."""
    disk = Disk(folder, kilobytes)
    try:
        yield disk
    finally:
        if os.path.ismount(folder):
            disk.unmount()
