"""Checksums hold what they cover, and files without one are taken as they are."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
import torch

from drumhead.checksums import (
    ChecksumError,
    add_csv_checksum,
    add_json_checksum,
    add_tensor_checksum,
    add_zip_checksum,
    strip_csv_checksum,
    verify_json_checksum,
    verify_tensor_checksum,
    verify_zip_checksum,
)

FIELDS = {"loss": 0.1 + 0.2, "names": ["ä", None], "deep": {"b": 1, "a": True}}
TENSORS = {"scalar": torch.tensor(1.5), "half": torch.ones(2, 3, dtype=torch.bfloat16), "empty": torch.zeros(0, 2)}
TABLE = "epoch,loss\n1,0.5\n2,\n"


def test_fields_are_the_same_in_any_order_and_layout() -> None:
    sealed = add_json_checksum(FIELDS)
    verify_json_checksum(json.loads(json.dumps(sealed, indent=4)))
    verify_json_checksum(dict(reversed(sealed.items())))
    verify_json_checksum(FIELDS)


@pytest.mark.parametrize("change", [{"loss": 0.3}, {"names": ["ä", 0]}, {"more": 1}, {"sha256": "0" * 64}])
def test_other_fields_are_found(change: dict[str, object]) -> None:
    with pytest.raises(ChecksumError, match="If it was edited on purpose, remove sha256"):
        verify_json_checksum({**add_json_checksum(FIELDS), **change})


def test_tensors_of_any_shape_and_dtype() -> None:
    sealed = add_tensor_checksum(TENSORS, {"experiment": "x"})
    verify_tensor_checksum(dict(reversed(TENSORS.items())), sealed)
    verify_tensor_checksum(TENSORS, {"experiment": "y"})  # no checksum
    assert set(sealed) == {"experiment", "sha256"}


@pytest.mark.parametrize(
    "change",
    [
        {"scalar": torch.tensor(-1.5)},
        {"scalar": torch.tensor([1.5])},
        {"half": torch.ones(3, 2, dtype=torch.bfloat16)},
        {"half": torch.ones(2, 3, dtype=torch.float16)},
        {"empty": torch.zeros(0, 3)},
        {"other": torch.zeros(1)},
    ],
)
def test_other_tensors_are_found(change: dict[str, torch.Tensor]) -> None:
    sealed = add_tensor_checksum(TENSORS, {"experiment": "x"})
    with pytest.raises(ChecksumError):
        verify_tensor_checksum({**TENSORS, **change}, sealed)
    with pytest.raises(ChecksumError):
        verify_tensor_checksum(TENSORS, {**sealed, "experiment": "y"})


def test_a_sealed_archive_is_as_good_as_before() -> None:
    buffer = io.BytesIO()
    torch.save({"weight": torch.arange(4)}, buffer)
    verify_zip_checksum(buffer.getvalue())
    sealed = add_zip_checksum(buffer.getvalue())
    verify_zip_checksum(sealed)
    assert torch.equal(torch.load(io.BytesIO(sealed), weights_only=True)["weight"], torch.arange(4))
    with zipfile.ZipFile(io.BytesIO(sealed)) as archive:
        assert archive.testzip() is None
        assert archive.comment.startswith(b"sha256 ")


def test_a_table_with_checksums_is_the_table() -> None:
    sealed = add_csv_checksum(TABLE)
    assert [line.rpartition(",")[0] for line in sealed.splitlines()] == TABLE.splitlines()
    assert strip_csv_checksum(sealed).splitlines() == TABLE.splitlines()
    assert strip_csv_checksum(sealed.replace("\n", "\r\n")).splitlines() == TABLE.splitlines()
    assert strip_csv_checksum(TABLE) == TABLE  # of an earlier version


@pytest.mark.parametrize("old_and_new", [("0.5", "0.6"), ("crc32", "crc33"), (",crc32", "_crc32"), ("loss", "less")])
def test_another_table_is_found(old_and_new: tuple[str, str]) -> None:
    with pytest.raises(ChecksumError):
        strip_csv_checksum(add_csv_checksum(TABLE).replace(*old_and_new))
