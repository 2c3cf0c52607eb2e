"""The default folders of datasets, and when a dataset is made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from drumhead.data import DatasetError, PolygonConfig, TetrominoConfig, default_folder, open_dataset, prepare_dataset

SMALL = TetrominoConfig(canvas=12, cell=2, max_pieces=2, train=4, val=2, test=2, seed=0)


def test_the_default_configuration_has_the_plain_name(tmp_path: Path) -> None:
    assert default_folder(TetrominoConfig(), tmp_path) == tmp_path / "tetrominoes"
    assert default_folder(TetrominoConfig()) == Path("data") / "tetrominoes"


def test_every_other_configuration_has_its_own_folder() -> None:
    configs = [SMALL, *(SMALL.replace(**change) for change in ({"seed": 1}, {"canvas": 13}, {"train": 5}, {"val": 3}))]
    folders = [default_folder(config) for config in configs]
    assert len(set(folders)) == len(configs)
    assert default_folder(SMALL.replace(seed=0)) == folders[0]
    assert all(folder.name.startswith("tetrominoes-") for folder in folders)


def test_a_dataset_is_made_once(tmp_path: Path) -> None:
    calls: list[tuple[int, int]] = []
    made = prepare_dataset(SMALL, tmp_path, progress=lambda done, total: calls.append((done, total)))
    assert made.folder == default_folder(SMALL, tmp_path).resolve()
    assert calls == [(done, 8) for done in range(1, 9)]
    manifest = made.folder / "manifest.json"
    written = manifest.stat().st_mtime_ns
    opened = prepare_dataset(SMALL, tmp_path, progress=lambda done, total: pytest.fail("made again"))
    assert opened.fingerprint == made.fingerprint
    assert manifest.stat().st_mtime_ns == written


def test_a_dataset_of_another_recipe_is_refused(tmp_path: Path) -> None:
    folder = prepare_dataset(SMALL, tmp_path).folder
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["recipe"]["cell"] = 1
    del manifest["sha256"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert open_dataset(folder)
    with pytest.raises(DatasetError, match=r"not made with this version's recipe\. Remove the folder"):
        prepare_dataset(SMALL, tmp_path)


def test_a_dataset_made_before_a_field_existed_is_opened(tmp_path: Path) -> None:
    config = PolygonConfig(train=1, val=1, test=1)
    folder = prepare_dataset(config, tmp_path).folder
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["recipe"]["distinct"], manifest["sha256"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    assert prepare_dataset(config, tmp_path).folder == folder


def test_a_damaged_dataset_is_an_error_and_not_made_again(tmp_path: Path) -> None:
    folder = prepare_dataset(SMALL, tmp_path).folder
    (folder / "val_masks.npy").unlink()
    with pytest.raises(DatasetError, match=r"val_masks\.npy"):
        prepare_dataset(SMALL, tmp_path)
    assert not (folder / "val_masks.npy").exists()
