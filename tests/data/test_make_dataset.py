from __future__ import annotations

from pathlib import Path

import pytest

from drumhead.config import Config
from drumhead.data import DATASETS, TetrominoConfig, check_dataset, is_published_tetrominoes, make_dataset

SMALL = TetrominoConfig(seed=1, train=4, val=2, test=2)


def test_a_dataset_is_made_and_remembers_its_recipe(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    made = make_dataset(SMALL, tmp_path / "small", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (8, 8)
    dataset = check_dataset(tmp_path / "small")
    assert dataset.fingerprint == made.fingerprint
    assert dataset.class_names == ("background", "I", "O", "T", "S/Z", "J/L")
    assert TetrominoConfig.model_validate(dataset.manifest.recipe) == SMALL
    assert not is_published_tetrominoes(dataset)


def test_nothing_is_drawn_for_a_folder_in_use(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="remove this one"):
        make_dataset(SMALL, tmp_path, progress=lambda done, total: pytest.fail("drew a board"))


def test_an_unknown_configuration_lists_the_options(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"tetrominoes; got Config"):
        make_dataset(Config(), tmp_path / "new")


@pytest.mark.parametrize("name", DATASETS)
def test_every_kind_makes_a_small_dataset(name: str, tmp_path: Path) -> None:
    kind = DATASETS[name]
    config = kind.config.model_validate({"name": name, "seed": 2, "train": 3, "val": 1, "test": 1})
    dataset = make_dataset(config, tmp_path / name)
    assert dataset.class_names == kind.class_names
    assert [len(split.images) for split in dataset.splits.values()] == [3, 1, 1]
