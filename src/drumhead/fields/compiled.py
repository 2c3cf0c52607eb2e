"""How this package compiles its kernels: what the compiler may do to the arithmetic, and where the result is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])

OPTIONS = {
    "nogil": True,
    "error_model": "numpy",  # a division that may raise is not vectorised
    "fastmath": {"contract"},  # multiply-add in one rounding; nan and infinity keep their meaning
}


def compiled(function: Function) -> Function:
    """A helper of the kernels, compiled as a part of them."""
    return cast(Function, numba.njit(**OPTIONS)(function))


def kernel(function: Function) -> Function:
    """A kernel called from Python: compiled on its first call for a type of number, and kept on disk.

    Kept beside the source, or where that cannot be written in the user's cache folder (``NUMBA_CACHE_DIR`` names
    another); where neither can be written, compiled again in every process.
    """
    try:
        return cast(Function, numba.njit(cache=True, **OPTIONS)(function))
    except RuntimeError:  # Numba's answer when no folder can be written
        return compiled(function)
