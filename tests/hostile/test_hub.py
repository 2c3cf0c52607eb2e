"""Folders of models may be hostile: nothing in them runs, sizes are bounded, and errors name the file."""

from __future__ import annotations

import json
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from tests.hostile.fuzzing import CASES, hostile, same_each_time
from tests.hostile.guard import deadline, little_memory
from tests.hostile.payloads import PAYLOADS

import drumhead
from drumhead.models import Segmenter, build
from drumhead.runs import RunError

FILES = ("config.json", "model.safetensors")


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub") / "model"
    build("nwm", in_channels=3, classes=4, steps=4, width=4, pixel_widths=(8,), engine="plain").save_pretrained(folder)
    return folder


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A copy of the folder for one test."""
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def load(folder: Path) -> Segmenter:
    """Load the model with little memory and time."""
    with little_memory(), deadline(10):
        return drumhead.load(folder)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("cases", [8, pytest.param(400, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FILES)
def test_a_changed_file_is_opened_or_refused(name: str, cases: int, folder: Path) -> None:
    whole = (folder / name).read_bytes()

    @same_each_time(cases)
    @given(content=hostile(name, whole))
    def check(content: bytes) -> None:
        CASES[f"hub {name}"] += 1
        (folder / name).write_bytes(content)
        try:
            load(folder)
        except RunError as error:
            assert name in str(error) or str(folder) in str(error)  # noqa: PT017
            assert len(str(error)) < 10_000  # noqa: PT017

    check()


@pytest.mark.parametrize("name", FILES)
def test_code_in_a_file_is_refused_and_does_not_run(name: str, folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    for payload, (make, open_carelessly) in PAYLOADS.items():
        content = make(marker)
        (folder / name).write_bytes(content)
        with pytest.raises(RunError):
            load(folder)
        assert not marker.exists(), payload
        open_carelessly(content)  # what was refused would have run
        assert marker.is_dir(), payload
        marker.rmdir()


def test_a_pickle_of_weights_beside_the_weights_is_not_opened(folder: Path, tmp_path: Path) -> None:
    make, _ = PAYLOADS["torch"]
    (folder / "pytorch_model.bin").write_bytes(make(tmp_path / "marker"))
    load(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"has no model\.safetensors"):
        load(folder)
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"model": {"name": "nwm", "width": 100_000_000}},
        {"model": {"name": "cnn", "layers": 10**9}},
        {"in_channels": 10**12},
        {"classes": 10**12},
        {"classes": 0},
        {"model": {"name": "other"}},
        {"model": {"name": "nwm", "pixel_widths": [4000] * 40}},
        {"library": "other"},
        {"auto_map": {"AutoModel": "code.Model"}},
    ],
    ids=lambda change: str(change)[:60],
)
def test_a_configuration_that_asks_for_too_much_is_refused(change: dict[str, Any], folder: Path) -> None:
    fields = json.loads((folder / "config.json").read_text())
    del fields["sha256"]
    (folder / "config.json").write_text(json.dumps(fields | change))
    with pytest.raises(RunError) as caught:
        load(folder)
    assert len(str(caught.value)) < 10_000


def test_weights_that_lie_about_their_size_are_refused(folder: Path) -> None:
    lie = json.dumps({"coupling": {"dtype": "F32", "shape": [2**20, 2**20], "data_offsets": [0, 2**42]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(lie)) + lie)
    with pytest.raises(RunError, match=r"model\.safetensors"):
        load(folder)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", 2**62))
    with pytest.raises(RunError, match=r"model\.safetensors"):
        load(folder)
    with (folder / "model.safetensors").open("wb") as file:
        file.truncate(2 * 10**9)  # a hole: no space is taken
    with pytest.raises(RunError, match="larger than"):
        load(folder)


def test_links_and_pipes_are_not_followed_when_a_model_is_saved(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    for name in FILES:
        (folder / name).unlink()
        (folder / name).symlink_to(tmp_path / "precious")
    build("cnn", in_channels=1, classes=2, layers=1, pixel_widths=(4,)).save_pretrained(folder)
    assert (tmp_path / "precious").read_text() == "precious"
    assert not (folder / "config.json").is_symlink()
    load(folder)
