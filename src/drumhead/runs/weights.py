"""Weights as safetensors, with their own checksum."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from drumhead.checksums import FIELD, ChecksumError, check_tensors, seal_tensors

METADATA = {"experiment", FIELD}


def weights_bytes(weights: Mapping[str, Tensor], *, experiment: str) -> bytes:
    """What the file of the weights of a model is.

    Args:
        weights: the model's state, on any device.
        experiment: the experiment's name, for who finds the file alone.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    return save(tensors, metadata=seal_tensors(tensors, {"experiment": experiment}))


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a file, on the CPU.

    Raises:
        ChecksumError: if they are not what was written.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ChecksumError(str(error)) from error
    if not set(metadata) <= METADATA:  # a bit of "sha256" itself
        raise ChecksumError(f"its metadata must be {' and '.join(sorted(METADATA))}; got {', '.join(metadata)}")
    check_tensors(tensors, metadata)
    return tensors
