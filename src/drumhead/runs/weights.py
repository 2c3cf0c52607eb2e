"""Weights in safetensors files with their own checksum."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError

from drumhead.checksums import CHECKSUM_FIELD, ChecksumError, add_tensor_checksum, verify_tensor_checksum
from drumhead.files import read_small_file

if TYPE_CHECKING:
    from torch import Tensor

MAX_BYTES = 1_100_000_000
"""Maximum size of a weights file; see :mod:`drumhead.runs.model_size`."""
METADATA_KEYS = {"experiment", "format", CHECKSUM_FIELD}
"""The keys of the metadata; ``format`` is in files that other tools have written, such as huggingface_hub."""


def weights_bytes(weights: Mapping[str, Tensor], *, experiment: str) -> bytes:
    """Return the content of a weights file.

    Args:
        weights: the model's state dict, on any device.
        experiment: the experiment's name, which identifies the file outside its run folder.
    """
    from safetensors.torch import save  # only here, because the import of torch takes seconds

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    return sort_metadata(save(tensors, metadata=add_tensor_checksum(tensors, {"experiment": experiment})))


def sort_metadata(content: bytes) -> bytes:
    """Return the same file with its metadata sorted.

    safetensors writes the metadata in any order; sorted, equal weights give equal files.
    """
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode().ljust(size)
    assert len(text) == size
    return content[:8] + text + content[8 + size :]


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the weights in a file, on the CPU.

    Raises:
        ChecksumError: if the file is damaged.
    """
    from safetensors.torch import load

    try:
        # Read the file only once: another file may replace it between two reads.
        content = read_small_file(path, max_bytes=MAX_BYTES)
        tensors = load(content)
    except (SafetensorError, ValueError, KeyError) as error:  # KeyError: a dtype that torch does not have
        raise ChecksumError(str(error)) from error
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    metadata = header.get("__metadata__", {})
    if not set(metadata) <= METADATA_KEYS:  # the name "sha256" itself may be damaged
        raise ChecksumError(f"its metadata must be {' and '.join(sorted(METADATA_KEYS))}; got {', '.join(metadata)}")
    verify_tensor_checksum(tensors, metadata)
    return tensors
