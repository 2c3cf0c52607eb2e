"""Information about the processor."""

from __future__ import annotations

from typing import Any

import torch


def cpu_capabilities() -> dict[str, Any]:
    """Return the processor's name (``cpu_name``) and instruction sets as reported by torch.

    The result is empty for older versions of torch, which do not report them.
    """
    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return capabilities
