"""Operations on each number, or on each pixel, of states and activations, by the compiled kernels."""

from __future__ import annotations

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


def take_columns(source: Tensor, columns: Tensor, *, out: Tensor) -> None:
    """Write the columns of a matrix with these indices, int64, to ``out``; all are contiguous.

    ``out`` has the dtype of ``source``, or is bfloat16 for float32: then it is rounded to nearest. The indices are not
    checked.
    """
    from drumhead.models.cpu import kernels

    kernel = kernels.take_columns if out.dtype == source.dtype else kernels.take_columns_bfloat16
    kernel(_array(source), _array(columns), _array(out))


def add_bias_relu_(values: Tensor, bias: Tensor) -> Tensor:
    """Compute ``values.add_(bias[:, None]).relu_()`` for a contiguous matrix, rounded once."""
    from drumhead.models.cpu.kernels import bias_relu, bias_relu_bfloat16

    kernel = bias_relu_bfloat16 if values.dtype == torch.bfloat16 else bias_relu
    kernel(_array(values), _array(bias))
    return values


def relu_backward_(gradient: Tensor, activation: Tensor) -> Tensor:
    """Set the gradient to 0 where the output of a ReLU, ``activation``, is 0; both are contiguous."""
    from drumhead.models.cpu.kernels import relu_backward

    relu_backward(_array(gradient.view(-1)), _array(activation.view(-1)))
    return gradient


def write_argmax(logits: Tensor, out: Tensor) -> None:
    """Compute ``torch.argmax(logits, dim=0, out=out)`` for contiguous float32 or float64 ``(class, pixel)``.

    Among equal logits the first wins, and a NaN counts as the largest. ``out`` is contiguous too.
    """
    from drumhead.models.cpu.kernels import argmax

    argmax(logits.numpy(), out.numpy())


def _array(values: Tensor) -> NDArray[Any]:
    """Return the tensor as a NumPy array; bfloat16 as int16 with the same bits, since NumPy has no bfloat16."""
    array: NDArray[Any] = (values.view(torch.int16) if values.dtype == torch.bfloat16 else values).numpy()
    return array
