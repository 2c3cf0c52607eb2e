"""Matrix products, by the library that makes them fastest on this processor."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

from drumhead.cpu_info import cpu_capabilities

COLUMNS = 1 << 14
"""Most columns that are made at a time: rows of more lie so far apart that reading one after the other is slow."""


def multiply(left: Tensor, right: Tensor, *, out: Tensor | None = None) -> Tensor:
    """``left @ right``, written to ``out`` where that is given, in its type; the operands may lie in any order."""
    if out is None or out.shape[1] <= COLUMNS:
        return _multiply(left, right, out)
    for at in range(0, out.shape[1], COLUMNS):
        some = slice(at, at + COLUMNS)
        _multiply(left, right[:, some], out[:, some])
    return out


def multiply_in(scratch: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """``left @ right``, in ``scratch`` if the library can write there: oneDNN makes a tensor of its own."""
    return _multiply(left, right, None if _by_onednn(left) else scratch)


def _multiply(left: Tensor, right: Tensor, out: Tensor | None) -> Tensor:
    if _by_onednn(left):
        product: Tensor = torch.ops.mkldnn._linear_pointwise(_dense(left), _dense(right.T), None, "none", [], "")
    elif out is None or out.dtype == left.dtype:
        return torch.mm(left, right, out=out)
    else:
        product = left @ right
    return product if out is None else out.copy_(product)


def affine_in(scratch: Tensor, weight: Tensor, values: Tensor, bias: Tensor) -> Tensor:
    """``weight @ values`` and a bias for each row, likewise."""
    if _by_onednn(weight):
        return multiply_in(scratch, weight, values).add_(bias[:, None])
    return torch.addmm(bias[:, None], weight, values, out=scratch)


def add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """``total += left @ right``, the sum in the type of ``total``."""
    if _by_onednn(left) or total.dtype != left.dtype:
        total.add_(multiply(left, right))
    else:
        total.addmm_(left, right)


def _dense(matrix: Tensor) -> Tensor:
    """The same with no gaps between rows, or between columns: oneDNN takes a thousand times as long over them."""
    if matrix.is_contiguous() or matrix.T.is_contiguous():
        return matrix
    return matrix.T.contiguous().T if matrix.stride(0) == 1 else matrix.contiguous()


def _by_onednn(operand: Tensor) -> bool:
    return operand.dtype == torch.float32 and onednn_is_faster()


@cache
def onednn_is_faster() -> bool:
    """Whether oneDNN multiplies float32 faster here than torch's own choice does.

    That is MKL, which does not use AVX-512 on AMD's processors. oneDNN, which makes the products in bfloat16 anyway,
    does, and is about twice as fast there. torch offers it through an operator of its compiler.
    """
    found = cpu_capabilities()
    return (
        torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and bool(found.get("avx512_f", False))
        and str(found.get("cpu_name", "")).startswith("AMD")
    )
