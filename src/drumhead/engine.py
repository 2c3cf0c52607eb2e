"""The choice between the definitions in plain torch and the same computations fused for CPUs."""

from __future__ import annotations

from typing import Literal

Engine = Literal["auto", "plain", "fused"]
"""``plain``: the definition in torch, any device and type. ``fused``: the same to rounding, faster and with far less
memory, on CPUs in float32 or float64. ``auto``: fused where it can be, plain elsewhere."""
