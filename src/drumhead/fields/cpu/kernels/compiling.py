"""Decorators that compile kernels: what the compiler may do to the arithmetic, and where compiled code is cached."""

from __future__ import annotations

import contextlib
import hashlib
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache
from numba.extending import register_jitable

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Decorate a function that kernels call: it is compiled as part of them."""
    return cast(Function, _compile(function))


def jitable(function: Function) -> Function:
    """Decorate a function that both kernels and Python call; in Python it is not compiled."""
    plain: Function = register_jitable(function)
    return plain


def kernel(function: Callable[..., None]) -> Callable[..., None]:
    """Decorate a kernel, a function that Python calls: it is compiled on its first call for each dtype.

    The compiled code is cached on disk: beside the source, or in the user's cache folder if the source folder is not
    writable. ``NUMBA_CACHE_DIR`` names another folder. If no folder is writable, every process compiles the kernel
    again. Several processes may compile it at once.
    """
    dispatcher = _compile(function)
    with contextlib.suppress(RuntimeError):  # Numba raises it if no folder is writable
        dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call, unused-ignore]
    return cast("Callable[..., None]", dispatcher)


def _compile(function: Callable[..., Any]) -> Any:
    return numba.njit(
        nogil=True,
        error_model="numpy",  # loops with a division that may raise are not vectorised
        fastmath={"contract"},  # fused multiply-add is allowed; nan and infinity keep their meaning
    )(function)


class _Cache(FunctionCache):  # type: ignore[misc, unused-ignore]
    """Numba's cache, with two changes.

    Numba recompiles a kernel when the kernel's own file has changed; this class recompiles it when any file in this
    folder has changed. And no trouble with the cache ends a program: a cache that cannot be read is treated as empty
    (it may be damaged, or refer to a class that an earlier version of the source defined), and one that cannot be
    written, such as on a full disk, causes one warning.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call, unused-ignore]
        except Exception:  # unpickling can raise anything
            with contextlib.suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call, unused-ignore]
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call, unused-ignore]
        except Exception as error:  # an index that cannot be read is read here too
            _warn_of_missing_cache(str(error))

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), _source_digest())  # type: ignore[no-untyped-call, unused-ignore]


@cache
def _warn_of_missing_cache(reason: str) -> None:
    """Warn, once for each reason."""
    warnings.warn(
        f"compiled code cannot be kept on disk, so every process compiles it again: {reason}. "
        "NUMBA_CACHE_DIR names another folder for it",
        RuntimeWarning,
        stacklevel=2,
    )


def _source_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
