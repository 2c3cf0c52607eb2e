"""The choice between the definitions in plain torch and the same computations fused for CPUs."""

from __future__ import annotations

from typing import Literal

Engine = Literal["auto", "plain", "fused"]
"""``plain``: the definition in torch, any device and type. ``fused``: the same to rounding, faster and with far less
memory, on CPUs in float32 or float64. ``auto``: fused where it can be, plain elsewhere."""


def numba_failure() -> str | None:
    """Why Numba cannot be imported, in a sentence's end; none if it can.

    Imported when asked: it takes most of a second.
    """
    try:
        import numba  # noqa: F401
    except ImportError as error:
        return f"it needs Numba, and importing that failed ({error})"
    return None
