"""What happens to every number of an activation by itself, compiled: in bfloat16 torch is several times slower."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from drumhead.fields.kernels.compiling import kernel

INFINITY = np.int16(0x7F80)
SIGN = np.int16(0x7FFF)
ZERO = np.int16(0)


def relu_(values: Tensor) -> Tensor:
    """``values.relu_()`` for a contiguous matrix; nan stays nan."""
    numbers = _numbers(values)
    (_relu_bfloat16 if values.dtype == torch.bfloat16 else _relu)(numbers)
    return values


def silence_(gradient: Tensor, activation: Tensor) -> Tensor:
    """Set to 0, where a ReLU gave 0, the gradient of what it gave; both contiguous."""
    _silence(_numbers(gradient), _numbers(activation))
    return gradient


def _numbers(values: Tensor) -> NDArray[Any]:
    """The numbers, end to end; those of bfloat16 as integers, which NumPy knows."""
    values = values.view(torch.int16) if values.dtype == torch.bfloat16 else values
    numbers: NDArray[Any] = values.view(-1).numpy()
    return numbers


@kernel
def _relu(values: NDArray[Any]) -> None:
    zero = values.dtype.type(0)
    for i in range(values.size):
        values[i] = zero if values[i] < zero else values[i]


@kernel
def _relu_bfloat16(values: NDArray[np.int16]) -> None:
    for i in range(values.size):
        value = values[i]
        values[i] = value if value > ZERO or (value & SIGN) > INFINITY else ZERO


@kernel
def _silence(gradient: NDArray[Any], activation: NDArray[Any]) -> None:
    zero = gradient.dtype.type(0)
    for i in range(gradient.size):
        gradient[i] = gradient[i] if activation[i] != zero else zero
