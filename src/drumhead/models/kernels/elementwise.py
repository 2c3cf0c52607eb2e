"""What happens to every number, or every pixel, of an activation by itself."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


def relu_(values: Tensor) -> Tensor:
    """``values.relu_()`` for a contiguous matrix."""
    from drumhead.models.kernels.compiled import rectify, rectify_bfloat16

    (rectify_bfloat16 if values.dtype == torch.bfloat16 else rectify)(_numbers(values))
    return values


def silence_(gradient: Tensor, activation: Tensor) -> Tensor:
    """Set to 0, where a ReLU gave 0, the gradient of what it gave; both contiguous."""
    from drumhead.models.kernels.compiled import silence

    silence(_numbers(gradient), _numbers(activation))
    return gradient


def write_largest(logits: Tensor, out: Tensor) -> None:
    """``torch.argmax(logits, dim=0, out=out)`` for float32 or float64 ``(class, pixel)``, contiguous like ``out``."""
    from drumhead.models.kernels.compiled import largest

    largest(logits.numpy(), out.numpy())


def _numbers(values: Tensor) -> NDArray[Any]:
    """The numbers, end to end; those of bfloat16 as integers, since NumPy does not know it."""
    values = values.view(torch.int16) if values.dtype == torch.bfloat16 else values
    numbers: NDArray[Any] = values.view(-1).numpy()
    return numbers
