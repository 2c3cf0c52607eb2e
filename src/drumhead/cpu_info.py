"""What the processor can do."""

from __future__ import annotations

from typing import Any

import torch


def cpu_capabilities() -> dict[str, Any]:
    """The processor's name (``cpu_name``) and instruction sets, as torch tells them; empty where it does not.

    Older versions of torch do not.
    """
    found: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return found
