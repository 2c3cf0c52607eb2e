"""Checksums inside the files they are of, so that a flipped bit or a missing end is found whenever one is read.

Each file holds its own, as two files cannot be replaced at once. Files of earlier versions have none, and are taken as
they are.

| file | checksum | what it covers |
|---|---|---|
| JSON | SHA-256, the field ``sha256`` | the other fields; not how they are laid out |
| safetensors | SHA-256, in the metadata | the other metadata, and of each tensor the name, dtype, shape and numbers |
| zip, as ``torch.save`` writes | SHA-256, the archive's comment | every byte |
| CSV | CRC-32, the last column, the same in each row | the header and all rows |
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

CHECKSUM_FIELD = "sha256"
CHECKSUM_COLUMN = "crc32"
END_OF_ZIP = b"PK\x05\x06"
END_SIZE = 22
"""Bytes of a zip archive's last record, without the comment; the last two are the comment's length."""
COMMENT = b"sha256 "
COMMENT_SIZE = len(COMMENT) + 64


class ChecksumError(ValueError):
    """Content that is not what was written."""


def add_json_checksum(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a JSON object with their checksum.

    >>> verify_json_checksum(add_json_checksum({"loss": 0.1, "names": ["a"]}))
    """
    return {**fields, CHECKSUM_FIELD: json_digest(fields)}


def verify_json_checksum(fields: Mapping[str, Any]) -> None:
    """Raise ``ChecksumError`` if the fields of a JSON object have a checksum that is not theirs."""
    if CHECKSUM_FIELD in fields and fields[CHECKSUM_FIELD] != json_digest(without_checksum(fields)):
        raise ChecksumError(
            f"its {CHECKSUM_FIELD} is not that of its other fields. "
            f"If it was edited on purpose, remove {CHECKSUM_FIELD}"
        )


def without_checksum(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a JSON object, or metadata, without the checksum."""
    return {name: value for name, value in fields.items() if name != CHECKSUM_FIELD}


def json_digest(fields: Mapping[str, Any]) -> str:
    """SHA-256 of the fields, however they are ordered and spaced."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, allow_nan=False).encode()).hexdigest()


def add_tensor_checksum(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> dict[str, str]:
    """The metadata of tensors with the checksum of both."""
    return {**metadata, CHECKSUM_FIELD: tensor_digest(tensors, metadata)}


def verify_tensor_checksum(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Raise ``ChecksumError`` if the metadata holds a checksum, and it is not that of the tensors and the rest."""
    if CHECKSUM_FIELD in metadata and metadata[CHECKSUM_FIELD] != tensor_digest(tensors, without_checksum(metadata)):
        raise ChecksumError(f"its {CHECKSUM_FIELD} is not that of its tensors")


def tensor_digest(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """SHA-256 of tensors by name, and of what else is told of them."""
    digest = hashlib.sha256(json.dumps(dict(metadata), sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def add_zip_checksum(content: bytes) -> bytes:
    """A zip archive without comment, with its checksum as its comment: as good an archive as before."""
    assert is_end_of_zip(content, comment_size=0)
    body = content[:-2] + COMMENT_SIZE.to_bytes(2, "little") + COMMENT
    return body + hashlib.sha256(body).hexdigest().encode()


def verify_zip_checksum(content: bytes) -> None:
    """Raise ``ChecksumError`` if a zip archive is cut off, or its comment is not its checksum."""
    if is_end_of_zip(content, comment_size=0):
        return
    body, checksum = content[:-64], content[-64:]
    whole = is_end_of_zip(content, comment_size=COMMENT_SIZE) and body.endswith(COMMENT)
    if not whole or checksum != hashlib.sha256(body).hexdigest().encode():
        raise ChecksumError("it is cut off, or its comment is not its checksum")


def is_end_of_zip(content: bytes, *, comment_size: int) -> bool:
    """Whether the content ends as a zip archive with a comment of this size does."""
    end = content[len(content) - END_SIZE - comment_size :][:END_SIZE]
    return end.startswith(END_OF_ZIP) and end[-2:] == comment_size.to_bytes(2, "little")


def add_csv_checksum(text: str) -> str:
    """A CSV table with a last column that holds, in each row, the checksum of all there is before it.

    >>> print(add_csv_checksum("epoch,loss\\n1,0.5\\n"), end="")
    epoch,loss,crc32
    1,0.5,2078816198
    """
    header, *rows = text.splitlines()
    checksum = zlib.crc32("\n".join([header, *rows]).encode())
    return "\n".join([f"{header},{CHECKSUM_COLUMN}", *(f"{row},{checksum}" for row in rows), ""])


def strip_csv_checksum(text: str) -> str:
    """A CSV table without its column of checksums, if it has one.

    Raises:
        ChecksumError: if a checksum is not that of the table.
    """
    lines = text.splitlines()
    if len(lines) < 2 or len({line.count(",") for line in lines}) > 1:
        raise ChecksumError("it has no rows, or rows of different lengths")
    rests, last = zip(*(line.rpartition(",")[::2] for line in lines), strict=True)
    named = last[0] == CHECKSUM_COLUMN
    right = set(last[1:]) == {str(zlib.crc32("\n".join(rests).encode()))}
    if named != right:  # right without its name: that is what was damaged
        raise ChecksumError(f"its column {CHECKSUM_COLUMN} is not the checksum of its rows")
    return "\n".join(rests) if named else text
