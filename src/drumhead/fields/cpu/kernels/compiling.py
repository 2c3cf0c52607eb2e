"""How kernels are compiled: what the compiler may do to the arithmetic, and where the result is kept."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache
from numba.extending import register_jitable

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """A function for use in kernels, compiled as a part of them."""
    return cast(Function, _compile(function))


def jitable(function: Function) -> Function:
    """A function for use in kernels and, as it stands, in Python."""
    plain: Function = register_jitable(function)
    return plain


def kernel(function: Callable[..., None]) -> Callable[..., None]:
    """A kernel called from Python: compiled on its first call for a type of number, and kept on disk.

    Kept beside the source, or where that cannot be written in the user's cache folder (``NUMBA_CACHE_DIR`` names
    another); where neither can be written, compiled again in every process. Several processes may compile at once.
    """
    dispatcher = _compile(function)
    with contextlib.suppress(RuntimeError):  # Numba's answer when no folder can be written
        dispatcher._cache = _Cache(function)  # type: ignore[no-untyped-call, unused-ignore]
    return cast("Callable[..., None]", dispatcher)


def _compile(function: Callable[..., Any]) -> Any:
    return numba.njit(
        nogil=True,
        error_model="numpy",  # a division that may raise is not vectorised
        fastmath={"contract"},  # multiply-add in one rounding; nan and infinity keep their meaning
    )(function)


class _Cache(FunctionCache):  # type: ignore[misc, unused-ignore]
    """Numba's cache, with two changes.

    Numba recompiles a kernel when the kernel's own file has changed; this class recompiles it when any file of this
    folder has changed. And a cache that cannot be read counts as empty: a damaged one, or one that names a class by
    its name in an earlier version of the source.
    """

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call, unused-ignore]
        except Exception:  # unpickling can raise anything
            with contextlib.suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call, unused-ignore]
            return None

    def _index_key(self, sig: Any, codegen: Any) -> tuple[Any, ...]:
        return (*super()._index_key(sig, codegen), _sources())  # type: ignore[no-untyped-call, unused-ignore]


def _sources() -> str:
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
