"""The base class of configuration objects: frozen, strict about field names, with a docstring for each field."""

from __future__ import annotations

import re
from typing import Any, get_args

import annotated_types
from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo
from typing_extensions import Self


class Config(BaseModel):
    """A frozen set of named values, validated when it is created.

    Each part of Drumhead defines its own configuration beside the class that it configures. An unknown field name, or a
    value that is out of range or not finite, raises ``pydantic.ValidationError`` (a ``ValueError``) with the field, the
    value and the rule. :meth:`replace` returns a changed copy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Make each field's docstring one paragraph of plain text that ends with the range, as command-line help shows
        it."""
        super().__pydantic_init_subclass__(**kwargs)
        for field in cls.model_fields.values():
            if field.description is not None:
                field.description = " ".join(field.description.split()).replace("``", "")
                limits = describe_range(field)
                if limits and not re.search(r"(?i)\b(above|at least|at most|or more|from -?\d)", field.description):
                    field.description += f" {limits[0].upper()}{limits[1:]}."

    def replace(self, **changes: object) -> Self:
        """Return a copy with some fields changed, validated like a new configuration."""
        return type(self).model_validate({**dict(self), **changes})


RANGE_KINDS = (annotated_types.Gt, annotated_types.Ge, annotated_types.Lt, annotated_types.Le)


def describe_range(field: FieldInfo) -> str:
    """Return the range of a field's numbers, such as ``1 or more``; empty if it has none."""
    limits: dict[type, Any] = {type(each): each for each in [*field.metadata, *_nested_metadata(field.annotation)]}
    above, least, below, most = (limits.get(kind) for kind in RANGE_KINDS)
    if above is not None and _holds_only_integers(field.annotation):
        least = annotated_types.Ge(above.gt + 1)
    lower = f"above {above.gt}" if above else ""
    upper = f"below {below.lt}" if below else f"at most {most.le}" if most else ""
    if least is not None:
        lower = f"from {least.ge} to {most.le}" if most else f"{least.ge} or more"
        upper = "" if most else upper
    return " and ".join(part for part in (lower, upper) if part)


def _nested_metadata(annotation: Any) -> list[Any]:
    """Return the annotations inside a union, such as those of ``PositiveInt | None``."""
    found = list(getattr(annotation, "__metadata__", ()))
    return found + [each for part in get_args(annotation) for each in _nested_metadata(part)]


def _holds_only_integers(annotation: Any) -> bool:
    kinds = {annotation, *(kind for part in get_args(annotation) for kind in (part, *get_args(part)))}
    return int in kinds and float not in kinds


def flatten(values: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Return nested fields under dotted names, as on the command line.

    >>> flatten({"seed": 1, "model": {"steps": 5}})
    {'seed': 1, 'model.steps': 5}
    """
    flat: dict[str, object] = {}
    for name, value in values.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
