"""Flags with several numbers, which may be separated by commas or by spaces."""

from __future__ import annotations

import types
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

NUMBER_LISTS = ConstructorRegistry()
"""The rules with which tyro parses such flags."""


@NUMBER_LISTS.primitive_rule
def number_list(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """Return how tuples of numbers of any length are parsed, also as one of several options; None for other types.

    The other options are None and literals, as in ``tuple[float, ...] | Literal["balanced"] | None``.
    """
    options = get_args(info.type) if get_origin(info.type) in (Union, types.UnionType) else (info.type,)
    numbers = [number for number in map(item_type, options) if number is not None]
    words = [word for option in options if get_origin(option) is Literal for word in get_args(option)]
    words += [None] if type(None) in options else []
    if len(numbers) != 1 or len(options) != 1 + len(words):
        return None
    (number,) = numbers
    metavar = "|".join([f"{number.__name__.upper()}[,{number.__name__.upper()}...]", *map(str, words)])

    def parse(texts: Sequence[str]) -> Any:
        if len(texts) == 1 and texts[0] in map(str, words):
            return next(word for word in words if str(word) == texts[0])
        try:
            return tuple(number(part) for text in texts for part in text.split(","))
        except ValueError as error:
            raise ValueError(f"must be {metavar}; got {' '.join(texts)}") from error

    return PrimitiveConstructorSpec(
        nargs="*",
        metavar=metavar,
        instance_from_str=parse,
        is_instance=lambda value: value in words or isinstance(value, tuple),
        str_from_instance=lambda value: [str(value)] if value in words else [str(each) for each in value],
    )


def item_type(option: Any) -> type[int] | type[float] | None:
    """Return the type of the items if the option is ``tuple[int, ...]`` or ``tuple[float, ...]``; None if it is not.

    >>> item_type(tuple[int, ...]), item_type(tuple[int, int]), item_type(str)
    (<class 'int'>, None, None)
    """
    if get_origin(option) is not tuple or get_args(option)[1:] != (...,):
        return None
    item = get_args(option)[0]
    number = get_args(item)[0] if get_origin(item) is Annotated else item
    return number if number in (int, float) else None
