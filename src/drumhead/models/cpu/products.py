"""Matrix products, by the library that is fastest on this processor."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from drumhead.cpu_info import cpu_capabilities

MAX_COLUMNS = 1 << 14
"""The largest number of columns that are computed at once. In wider matrices, rows lie so far apart that reading one
after another is slow."""


def multiply(left: Tensor, right: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return ``left @ right``, written to ``out`` and in its dtype if that is given; operands may have any strides."""
    if out is None or out.shape[1] <= MAX_COLUMNS:
        return _multiply(left, right, out)
    for start in range(0, out.shape[1], MAX_COLUMNS):
        columns = slice(start, start + MAX_COLUMNS)
        _multiply(left, right[:, columns], out[:, columns])
    return out


def multiply_with_scratch(left: Tensor, right: Tensor, *, scratch: Tensor) -> Tensor:
    """Return ``left @ right``; the result is in ``scratch``, except where oneDNN allocates a tensor of its own."""
    return _multiply(left, right, None if _by_onednn(left) else scratch)


def _multiply(left: Tensor, right: Tensor, out: Tensor | None) -> Tensor:
    if _by_onednn(left):
        product: Tensor = torch.ops.mkldnn._linear_pointwise(_dense(left), _dense(right.T), None, "none", [], "")
    elif out is None or out.dtype == left.dtype:
        return torch.mm(left, right, out=out)
    else:
        product = left @ right
    return product if out is None else out.copy_(product)


def affine_with_scratch(weight: Tensor, values: Tensor, bias: Tensor, *, scratch: Tensor) -> Tensor:
    """Return ``weight @ values + bias[:, None]``; ``scratch`` is used as in :func:`multiply_with_scratch`."""
    if _by_onednn(weight):
        return multiply_with_scratch(weight, values, scratch=scratch).add_(bias[:, None])
    return torch.addmm(bias[:, None], weight, values, out=scratch)


def add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """Compute ``total += left @ right``, summed in the dtype of ``total``."""
    if _by_onednn(left) or total.dtype != left.dtype:
        total.add_(multiply(left, right))
    else:
        total.addmm_(left, right)


def _dense(matrix: Tensor) -> Tensor:
    """Return the matrix without gaps between rows or columns: with gaps, oneDNN takes a thousand times as long."""
    if matrix.is_contiguous() or matrix.T.is_contiguous():
        return matrix
    return matrix.T.contiguous().T if matrix.stride(0) == 1 else matrix.contiguous()


def _by_onednn(operand: Tensor) -> bool:
    return operand.dtype == torch.float32 and onednn_is_faster()


@cache
def onednn_is_faster() -> bool:
    """Return whether oneDNN multiplies float32 matrices faster on this processor than torch's default, MKL.

    MKL does not use AVX-512 on AMD processors. oneDNN, which computes the products in bfloat16 anyway, does, and is
    about twice as fast there. torch offers oneDNN's product as an operator for its compiler.
    """
    capabilities = cpu_capabilities()
    return (
        torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and bool(capabilities.get("avx512_f", False))
        and str(capabilities.get("cpu_name", "")).startswith("AMD")
    )
