"""What happens to every number, or every pixel, of an activation by itself."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


def add_bias_relu_(values: Tensor, bias: Tensor) -> Tensor:
    """``values.add_(bias[:, None]).relu_()`` for a contiguous matrix, rounded once."""
    from drumhead.models.cpu.kernels import bias_relu, bias_relu_bfloat16

    kernel = bias_relu_bfloat16 if values.dtype == torch.bfloat16 else bias_relu
    kernel(_array(values), _array(bias))
    return values


def relu_backward_(gradient: Tensor, activation: Tensor) -> Tensor:
    """Set to 0, where a ReLU gave 0, the gradient of what it gave; both contiguous."""
    from drumhead.models.cpu.kernels import relu_backward

    relu_backward(_array(gradient.view(-1)), _array(activation.view(-1)))
    return gradient


def write_argmax(logits: Tensor, out: Tensor) -> None:
    """``torch.argmax(logits, dim=0, out=out)`` for float32 or float64 ``(class, pixel)``, contiguous like ``out``."""
    from drumhead.models.cpu.kernels import argmax

    argmax(logits.numpy(), out.numpy())


def _array(values: Tensor) -> NDArray[Any]:
    """The numbers; those of bfloat16 as integers, since NumPy does not know it."""
    array: NDArray[Any] = (values.view(torch.int16) if values.dtype == torch.bfloat16 else values).numpy()
    return array
