"""A repr that fits a screen, for results that hold arrays."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")

MAX_VALUE = 60
"""The greatest length of the repr of a value; a longer one is shortened."""


def short_repr(result: type[Result]) -> type[Result]:
    """Give a dataclass or a named tuple a repr in which arrays and other long values are described.

    >>> import numpy as np
    >>> from typing import NamedTuple
    >>> @short_repr
    ... class Waves(NamedTuple):
    ...     speed: np.ndarray
    ...     unit: str
    >>> Waves(np.zeros((100, 8)), "mm")
    Waves(speed=<float64 (100, 8)>, unit='mm')
    """
    result.__repr__ = _describe  # type: ignore[method-assign]
    return result


def _describe(self: Any) -> str:
    names = [field.name for field in fields(self)] if is_dataclass(self) else self._fields
    return f"{type(self).__name__}({', '.join(f'{name}={short(getattr(self, name))}' for name in names)})"


def short(value: object) -> str:
    """Return the repr of a value; of an array the dtype and the shape, of another long value its type.

    >>> import numpy as np
    >>> short(np.zeros((3, 4))), short(0.5), short(list(range(1000)))
    ('<float64 (3, 4)>', '0.5', '<list of 1000>')
    """
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and shape and dtype is not None:
        return f"<{str(dtype).removeprefix('torch.')} {tuple(shape)}>"
    text = repr(value)
    if len(text) <= MAX_VALUE and "\n" not in text:
        return text
    count = f" of {len(value)}" if isinstance(value, list | tuple | dict) and not hasattr(value, "_fields") else ""
    return f"<{type(value).__name__}{count}>"
