"""Checksums stored inside files, so that a flipped bit or a missing end is found whenever a file is read.

Each file contains its own checksum, because two files cannot be replaced atomically. Files of earlier versions have no
checksum, and are accepted without one.

| file | checksum | covers |
|---|---|---|
| JSON | SHA-256, the field ``sha256`` | the other fields; not their order or layout |
| safetensors | SHA-256, in the metadata | the other metadata, and the name, dtype, shape and values of each tensor |
| zip, as written by ``torch.save`` | SHA-256, in the archive's comment | all bytes before it |
| CSV | CRC-32, in the last column, the same in each row | the header and all rows |
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

CHECKSUM_FIELD = "sha256"
CHECKSUM_COLUMN = "crc32"
ZIP_END_SIGNATURE = b"PK\x05\x06"
ZIP_END_SIZE = 22
"""Bytes of the last record of a zip archive, without the comment; the last two hold the comment's length."""
ZIP_COMMENT_PREFIX = b"sha256 "
ZIP_COMMENT_SIZE = len(ZIP_COMMENT_PREFIX) + 64


class ChecksumError(ValueError):
    """The content of a file does not match its checksum."""


def add_json_checksum(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a JSON object with their checksum added.

    >>> verify_json_checksum(add_json_checksum({"loss": 0.1, "names": ["a"]}))
    """
    return {**fields, CHECKSUM_FIELD: json_digest(fields)}


def verify_json_checksum(fields: Mapping[str, Any]) -> None:
    """Raise ``ChecksumError`` if the fields of a JSON object contain a wrong checksum."""
    if CHECKSUM_FIELD in fields and fields[CHECKSUM_FIELD] != json_digest(without_checksum(fields)):
        raise ChecksumError(
            f"its {CHECKSUM_FIELD} is not that of its other fields. "
            f"If it was edited on purpose, remove {CHECKSUM_FIELD}"
        )


def without_checksum(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a JSON object, or metadata, without the checksum."""
    return {name: value for name, value in fields.items() if name != CHECKSUM_FIELD}


def json_digest(fields: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the fields, which is independent of their order and spacing."""
    return hashlib.sha256(json.dumps(fields, sort_keys=True, allow_nan=False).encode()).hexdigest()


def add_tensor_checksum(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> dict[str, str]:
    """Return the metadata with the checksum of metadata and tensors added."""
    return {**metadata, CHECKSUM_FIELD: tensor_digest(tensors, metadata)}


def verify_tensor_checksum(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> None:
    """Raise ``ChecksumError`` if the metadata contains a checksum that does not match the tensors and the metadata."""
    if CHECKSUM_FIELD in metadata and metadata[CHECKSUM_FIELD] != tensor_digest(tensors, without_checksum(metadata)):
        raise ChecksumError(f"its {CHECKSUM_FIELD} is not that of its tensors")


def tensor_digest(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """Return the SHA-256 of named tensors and their metadata."""
    import torch  # only here, because the import takes seconds

    digest = hashlib.sha256(json.dumps(dict(metadata), sort_keys=True).encode())
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def add_zip_checksum(content: bytes) -> bytes:
    """Return a zip archive with its checksum as the comment; the archive must have no comment before."""
    assert is_end_of_zip(content, comment_size=0)
    body = content[:-2] + ZIP_COMMENT_SIZE.to_bytes(2, "little") + ZIP_COMMENT_PREFIX
    return body + hashlib.sha256(body).hexdigest().encode()


def verify_zip_checksum(content: bytes) -> None:
    """Raise ``ChecksumError`` if a zip archive is truncated, or its comment is not its checksum."""
    if is_end_of_zip(content, comment_size=0):
        return
    body, checksum = content[:-64], content[-64:]
    is_complete = is_end_of_zip(content, comment_size=ZIP_COMMENT_SIZE) and body.endswith(ZIP_COMMENT_PREFIX)
    if not is_complete or checksum != hashlib.sha256(body).hexdigest().encode():
        raise ChecksumError("it is truncated, or its comment is not its checksum")


def is_end_of_zip(content: bytes, *, comment_size: int) -> bool:
    """Whether the content ends like a zip archive with a comment of this size."""
    end = content[len(content) - ZIP_END_SIZE - comment_size :][:ZIP_END_SIZE]
    return end.startswith(ZIP_END_SIGNATURE) and end[-2:] == comment_size.to_bytes(2, "little")


def add_csv_checksum(text: str) -> str:
    """Return a CSV table with a column added that holds, in each row, the checksum of the table without it.

    >>> print(add_csv_checksum("epoch,loss\\n1,0.5\\n"), end="")
    epoch,loss,crc32
    1,0.5,2078816198
    """
    header, *rows = text.splitlines()
    checksum = zlib.crc32("\n".join([header, *rows]).encode())
    return "\n".join([f"{header},{CHECKSUM_COLUMN}", *(f"{row},{checksum}" for row in rows), ""])


def strip_csv_checksum(text: str) -> str:
    """Verify the checksum column of a CSV table, if it has one, and return the table without it.

    Raises:
        ChecksumError: if a checksum does not match the table.
    """
    lines = text.splitlines()
    if len(lines) < 2 or len({line.count(",") for line in lines}) > 1:
        raise ChecksumError("it has no rows, or rows of different lengths")
    tables, last = zip(*(line.rpartition(",")[::2] for line in lines), strict=True)
    has_checksum = last[0] == CHECKSUM_COLUMN
    matches = set(last[1:]) == {str(zlib.crc32("\n".join(tables).encode()))}
    if has_checksum != matches:  # a match without the column name means that the name was damaged
        raise ChecksumError(f"its column {CHECKSUM_COLUMN} is not the checksum of its rows")
    return "\n".join(tables) if has_checksum else text
