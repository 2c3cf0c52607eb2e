"""The error of engines whose gradient is computed by hand, and so has no gradient of its own."""

from __future__ import annotations

from typing import Any

from torch import Tensor


def refuse_second_derivative(ctx: Any, *grad_outputs: Tensor) -> None:
    """Raise ``RuntimeError``: registered as the gradient of an operator that is a gradient itself."""
    raise RuntimeError(
        "the fused evolution cannot be differentiated twice; call drumhead.fields.evolve with engine='plain'"
    )
