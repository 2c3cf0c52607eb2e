"""The type of the matrix products in training, by recipe and device."""

from __future__ import annotations

from typing import Literal

import torch

from drumhead.experiments import Recipe

FabricPrecision = Literal["32-true", "bf16-mixed"]


def fabric_precision(recipe: Recipe, accelerator: str) -> FabricPrecision:
    """What Lightning Fabric calls the recipe's precision on an accelerator (``auto`` as Fabric has it).

    >>> fabric_precision(Recipe(precision="bf16"), "cpu"), fabric_precision(Recipe(), "cpu")
    ('bf16-mixed', '32-true')
    """
    if recipe.precision == "auto":
        return "bf16-mixed" if has_bf16(accelerator) else "32-true"
    return "bf16-mixed" if recipe.precision == "bf16" else "32-true"


def has_bf16(accelerator: str) -> bool:
    """Whether the device has instructions for products of bfloat16; without them they are slower than float32's."""
    if accelerator == "cuda" or (accelerator == "auto" and torch.cuda.is_available()):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if accelerator == "mps" or (accelerator == "auto" and torch.backends.mps.is_available()):
        return False
    # Older versions of torch do not tell what a CPU can do: then it is float32.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name, False) for name in ("amx_bf16", "avx512_bf16", "bf16"))
