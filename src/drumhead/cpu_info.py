"""Information about the processor."""

from __future__ import annotations

import platform
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

LINUX_INFO = Path("/proc/cpuinfo")


def cpu_capabilities() -> dict[str, Any]:
    """Return the processor's name (``cpu_name``) and instruction sets as reported by torch.

    The result is empty for older versions of torch, which do not report them.
    """
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return capabilities


def processor_name() -> str:
    """Return the name of the processor, such as ``AMD EPYC 7R13 Processor``; its architecture if it is unknown."""
    name = ""
    with suppress(OSError, subprocess.SubprocessError):
        if LINUX_INFO.is_file():
            found = re.search(r"^model name\s*: (.+)$", LINUX_INFO.read_text(errors="replace"), re.MULTILINE)
            name = found[1] if found else ""
        elif platform.system() == "Darwin":
            command = ["sysctl", "-n", "machdep.cpu.brand_string"]
            name = subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout
    name = name or str(cpu_capabilities().get("cpu_name", "")) or platform.processor() or platform.machine()
    return " ".join(name.split())
