"""The boundaries as the numbers that kernels get."""

from __future__ import annotations

from typing import get_args

from drumhead.fields.options import Boundary

BOUNDARY_CODES: dict[str, int] = {name: code for code, name in enumerate(get_args(Boundary))}
"""The number of each boundary's name."""
