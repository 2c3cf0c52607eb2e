"""Checksums hold what they cover, and files without one are taken as they are."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
import torch

from drumhead.checksums import (
    ChecksumError,
    check_fields,
    check_tensors,
    check_zip,
    open_rows,
    seal_fields,
    seal_rows,
    seal_tensors,
    seal_zip,
)

FIELDS = {"loss": 0.1 + 0.2, "names": ["ä", None], "deep": {"b": 1, "a": True}}
TENSORS = {"scalar": torch.tensor(1.5), "half": torch.ones(2, 3, dtype=torch.bfloat16), "empty": torch.zeros(0, 2)}
TABLE = "epoch,loss\n1,0.5\n2,\n"


def test_fields_are_the_same_in_any_order_and_layout() -> None:
    sealed = seal_fields(FIELDS)
    check_fields(json.loads(json.dumps(sealed, indent=4)))
    check_fields(dict(reversed(sealed.items())))
    check_fields(FIELDS)


@pytest.mark.parametrize("change", [{"loss": 0.3}, {"names": ["ä", 0]}, {"more": 1}, {"sha256": "0" * 64}])
def test_other_fields_are_found(change: dict[str, object]) -> None:
    with pytest.raises(ChecksumError, match="If it was edited on purpose, remove sha256"):
        check_fields({**seal_fields(FIELDS), **change})


def test_tensors_of_any_shape_and_dtype() -> None:
    sealed = seal_tensors(TENSORS, {"experiment": "x"})
    check_tensors(dict(reversed(TENSORS.items())), sealed)
    check_tensors(TENSORS, {"experiment": "y"})  # no checksum
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
    sealed = seal_tensors(TENSORS, {"experiment": "x"})
    with pytest.raises(ChecksumError):
        check_tensors({**TENSORS, **change}, sealed)
    with pytest.raises(ChecksumError):
        check_tensors(TENSORS, {**sealed, "experiment": "y"})


def test_a_sealed_archive_is_as_good_as_before() -> None:
    buffer = io.BytesIO()
    torch.save({"weight": torch.arange(4)}, buffer)
    check_zip(buffer.getvalue())
    sealed = seal_zip(buffer.getvalue())
    check_zip(sealed)
    assert torch.equal(torch.load(io.BytesIO(sealed), weights_only=True)["weight"], torch.arange(4))
    with zipfile.ZipFile(io.BytesIO(sealed)) as archive:
        assert archive.testzip() is None
        assert archive.comment.startswith(b"sha256 ")


def test_a_table_with_checksums_is_the_table() -> None:
    sealed = seal_rows(TABLE)
    assert [line.rpartition(",")[0] for line in sealed.splitlines()] == TABLE.splitlines()
    assert open_rows(sealed).splitlines() == TABLE.splitlines()
    assert open_rows(sealed.replace("\n", "\r\n")).splitlines() == TABLE.splitlines()
    assert open_rows(TABLE) == TABLE  # of an earlier version


@pytest.mark.parametrize("old_and_new", [("0.5", "0.6"), ("crc32", "crc33"), (",crc32", "_crc32"), ("loss", "less")])
def test_another_table_is_found(old_and_new: tuple[str, str]) -> None:
    with pytest.raises(ChecksumError):
        open_rows(seal_rows(TABLE).replace(*old_and_new))
