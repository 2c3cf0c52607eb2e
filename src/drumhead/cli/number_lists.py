"""Flags with several numbers, which may be separated by commas or by spaces."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_origin

from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

NUMBER_LISTS = ConstructorRegistry()
"""The rules with which tyro parses such flags."""


@NUMBER_LISTS.primitive_rule
def number_list(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """Return how ``tuple[int, ...]`` and ``tuple[float, ...]`` are parsed; None for other types."""
    if get_origin(info.type) is not tuple or get_args(info.type)[1:] != (...,):
        return None
    item = get_args(info.type)[0]
    number = get_args(item)[0] if get_origin(item) is Annotated else item
    if number not in (int, float):
        return None
    name = number.__name__.upper()
    return PrimitiveConstructorSpec(
        nargs="*",
        metavar=f"{name}[,{name}...]",
        instance_from_str=lambda texts: tuple(number(part) for text in texts for part in text.split(",")),
        is_instance=lambda value: isinstance(value, tuple) and all(isinstance(each, int | float) for each in value),
        str_from_instance=lambda value: [str(each) for each in value],
    )
