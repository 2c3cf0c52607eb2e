"""Torch's pickles are read as tensors and plain values, or not at all."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from drumhead.pickles import PickleError, read_pickle


def test_tensors_and_plain_values_come_back(tmp_path: Path) -> None:
    content = {"epoch": 3, "loss": float("inf"), "names": ["a", None], "weight": torch.rand(2, 3)}
    torch.save(content, tmp_path / "file")
    loaded = read_pickle(tmp_path / "file")
    assert torch.equal(loaded.pop("weight"), content.pop("weight"))  # type: ignore[arg-type]
    assert loaded == content


def test_a_file_that_cannot_be_read_is_no_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_pickle(tmp_path / "nowhere")


def test_a_damaged_file_ends_in_no_other_error(tmp_path: Path) -> None:
    path = tmp_path / "file"
    torch.save({"weight": torch.rand(3)}, path, _use_new_zipfile_serialization=False)  # a plain pickle stream
    whole = path.read_bytes()
    generator = random.Random(0)
    messages = []
    for _ in range(300):
        damaged = bytearray(whole[: generator.randrange(len(whole))] if generator.random() < 0.3 else whole)
        for _ in range(generator.randrange(4)):
            if damaged:
                damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        path.write_bytes(damaged)
        try:
            read_pickle(path)  # what was damaged may have been a mere number
        except PickleError as error:
            messages.append(str(error))
    assert len(messages) > 100
    assert set(messages) == {f"{path} is damaged, or holds more than tensors and plain values"}
