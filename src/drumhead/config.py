"""The base of every configuration object: frozen, strict about names, documented field by field."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from typing_extensions import Self


class Config(BaseModel):
    """A frozen set of named values, checked when made.

    Each part of Drumhead defines its own beside the thing it configures. An unknown name, or a value out of
    range or not finite, raises ``pydantic.ValidationError`` (a ``ValueError``) that names the field, the value and
    the rule.
    A changed copy is made with :meth:`replace`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    def replace(self, **changes: object) -> Self:
        """A copy with some fields changed, checked like a new one."""
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
