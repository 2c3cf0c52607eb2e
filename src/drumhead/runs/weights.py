"""Weights as safetensors, with their own checksum."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from drumhead.checksums import CHECKSUM_FIELD, ChecksumError, add_tensor_checksum, verify_tensor_checksum
from drumhead.files import read_small_file

MAX_BYTES = 1_100_000_000
"""Of a file of weights; see :mod:`drumhead.runs.model_size`."""
METADATA_KEYS = {"experiment", CHECKSUM_FIELD}


def weights_bytes(weights: Mapping[str, Tensor], *, experiment: str) -> bytes:
    """What the file of the weights of a model is.

    Args:
        weights: the model's state, on any device.
        experiment: the experiment's name, for who finds the file alone.
    """
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    return sort_metadata(save(tensors, metadata=add_tensor_checksum(tensors, {"experiment": experiment})))


def sort_metadata(content: bytes) -> bytes:
    """The same file with its metadata sorted: safetensors writes it in any order, and equal weights are equal files."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode().ljust(size)
    assert len(text) == size
    return content[:8] + text + content[8 + size :]


def read_weights(path: Path) -> dict[str, Tensor]:
    """The weights in a file, on the CPU.

    Raises:
        ChecksumError: if they are not what was written.
    """
    try:
        # Read at once: another file may take its place between two looks at the path.
        content = read_small_file(path, max_bytes=MAX_BYTES)
        tensors = load(content)
    except (SafetensorError, ValueError, KeyError) as error:  # KeyError: of a type that torch does not have
        raise ChecksumError(str(error)) from error
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata = header.get("__metadata__", {})
    if not set(metadata) <= METADATA_KEYS:  # a bit of "sha256" itself
        raise ChecksumError(f"its metadata must be {' and '.join(sorted(METADATA_KEYS))}; got {', '.join(metadata)}")
    verify_tensor_checksum(tensors, metadata)
    return tensors
