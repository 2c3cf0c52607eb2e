"""Functions that ``torch.compile`` does not trace, but calls."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import torch

P = ParamSpec("P")
R = TypeVar("R")


def graph_break(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function, which code under ``torch.compile`` calls without tracing it.

    Unlike ``torch.compiler.disable``, this imports torch's compiler, which takes seconds, only if it is used.

    >>> @graph_break
    ... def double(values):
    ...     return values.mul(2)
    >>> double(torch.tensor([1, 2]))
    tensor([2, 4])
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        if "torch._dynamo" not in sys.modules:  # torch.compile imports it
            return function(*args, **kwargs)
        untraced: Callable[P, R] = torch.compiler.disable(function)  # type: ignore[no-untyped-call]
        return untraced(*args, **kwargs)

    return call
