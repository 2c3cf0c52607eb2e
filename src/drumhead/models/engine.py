"""Whether the fused engine can compute the loss and predictions of a model.

The rule by which an engine is chosen is in :mod:`drumhead.fields.engine`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from drumhead.fields.engine import numba_failure
from drumhead.models.readout_head import ReadoutHead
from drumhead.models.readouts import READOUTS


def loss_unsupported_reason(tensors: Sequence[Tensor], head: ReadoutHead) -> str | None:
    """Return why :mod:`drumhead.models.cpu` cannot compute this, as the end of a sentence; None if it can.

    Args:
        tensors: The images and all parameters of the model.
        head: The readout and the layers after it.
    """
    if reason := head_unsupported_reason(head):
        return reason
    if torch.is_autocast_enabled("cpu") and torch.get_autocast_dtype("cpu") != torch.bfloat16:
        return f"under autocast it supports bfloat16, got {torch.get_autocast_dtype('cpu')}"
    parameters = head.parameters
    for tensor in (*tensors, *parameters):
        if tensor.device.type != "cpu":
            return f"it needs tensors on the CPU, got one on {tensor.device}"
        if tensor.dtype not in (torch.float32, torch.float64) or tensor.dtype != parameters[0].dtype:
            return f"it needs all of float32 or all of float64, got {parameters[0].dtype} and {tensor.dtype}"
    return numba_failure()


def head_unsupported_reason(head: ReadoutHead) -> str | None:
    """Return why the fused engine cannot compute this head, as the end of a sentence; None if it can."""
    if type(head.readout) not in READOUTS.values():
        return f"it supports the readouts {', '.join(READOUTS)}, got a {type(head.readout).__name__}"
    first, *rest = [layer for layer in head.layers if type(layer) is not nn.ReLU]
    is_relu = [type(layer) is nn.ReLU for layer in head.layers[1 if head.linear_first else 0 :]]
    alternating = is_relu == [number % 2 == 1 for number in range(len(is_relu))] and not is_relu[-1]
    pointwise = type(first) is nn.Linear or (isinstance(first, nn.Conv2d) and first.kernel_size == (1, 1))
    with_bias = all(getattr(layer, "bias", None) is not None for layer in (first, *rest))
    if alternating and pointwise and with_bias and all(type(layer) is nn.Linear for layer in rest):
        return None
    names = ", ".join(type(layer).__name__ for layer in head.layers)
    return f"it needs linear layers with a bias and a ReLU between two layers, got {names}"
