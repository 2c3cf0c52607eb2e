"""The machine a run is trained on, as its configuration records it."""

from __future__ import annotations

import platform

import torch
from lightning_fabric import Fabric

from drumhead.cpu_info import processor_name
from drumhead.experiments import Recipe
from drumhead.training.precision import resolve_precision


def describe_machine(fabric: Fabric, recipe: Recipe) -> dict[str, str]:
    """Return what the numbers of a run may depend on besides package versions."""
    return {
        "system": platform.platform(),
        "processor": processor_name(),
        "device": str(fabric.device),
        "threads": str(torch.get_num_threads()),
        "precision": resolve_precision(recipe, fabric.device),
    }
