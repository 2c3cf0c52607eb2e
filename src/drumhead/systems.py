"""The operating systems that Drumhead runs on."""

from __future__ import annotations

import sys

UNSUPPORTED = (
    "Drumhead trains on Linux and macOS: on Windows, use it in WSL 2, the Windows Subsystem for Linux "
    "(`wsl --install`, then install Drumhead there)"
)
"""What is said on Windows. There are no locks of ``flock``, folders cannot be synchronised with the disk, and processes
get no SIGTERM: run folders, resuming and sweeps rely on all three."""


def unsupported_system() -> str | None:
    """Return why commands do not run on this operating system, with what to do; None if they do."""
    return UNSUPPORTED if sys.platform == "win32" else None
