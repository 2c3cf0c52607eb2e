"""The base class of configuration objects: frozen, strict about field names, with a docstring for each field."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
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
        """Make each field's docstring one paragraph of plain text, as it is shown in command-line help."""
        super().__pydantic_init_subclass__(**kwargs)
        for field in cls.model_fields.values():
            if field.description is not None:
                field.description = " ".join(field.description.split()).replace("``", "")

    def replace(self, **changes: object) -> Self:
        """Return a copy with some fields changed, validated like a new configuration."""
        return type(self).model_validate({**dict(self), **changes})


def flatten(values: dict[str, object], prefix: str = "") -> dict[str, object]:
    """Return nested fields under dotted names, as on the command line.

    >>> flatten({"seed": 1, "model": {"steps": 5}})
    {'seed': 1, 'model.steps': 5}
    """
    flat: dict[str, object] = {}
    for name, value in values.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return flat
