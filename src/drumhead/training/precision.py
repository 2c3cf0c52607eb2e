"""The floating-point type of matrix products and convolutions in training, by recipe and device."""

from __future__ import annotations

from typing import Literal

import torch

from drumhead.cpu_info import cpu_capabilities
from drumhead.experiments import Recipe

Precision = Literal["float32", "bf16"]


def resolve_precision(recipe: Recipe, device: torch.device) -> Precision:
    """Return the precision that a recipe has on a device.

    >>> resolve_precision(Recipe(precision="bf16"), torch.device("cpu"))
    'bf16'
    >>> resolve_precision(Recipe(), torch.device("cpu"))
    'float32'
    """
    if recipe.precision == "auto":
        return "bf16" if has_bf16(device) else "float32"
    return recipe.precision


def autocast(precision: Precision, device: torch.device, *, cache: bool = True) -> torch.autocast:
    """Return a context in which matrix products and convolutions have this precision.

    With ``cache``, rounded weights are kept until the context ends; a CUDA graph cannot record that.

    Lightning Fabric's own precision is not used: it rounds the images too, but only if there are several devices.
    """
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16", cache_enabled=cache)


def has_bf16(device: torch.device) -> bool:
    """Return whether the device has instructions for bfloat16 products, which are slower than float32 without them."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    available = cpu_capabilities()
    return any(available.get(name, False) for name in ("amx_bf16", "avx512_bf16", "bf16"))
