from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, get_args

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from drumhead.config import Config
from drumhead.data import (
    DATASETS,
    SPLIT_NAMES,
    DatasetConfig,
    TetrominoConfig,
    check_dataset,
    find_reference_dataset,
    make_dataset,
    prepare_dataset,
)

SMALL = TetrominoConfig(seed=1, train=4, val=2, test=2)


def test_a_dataset_is_made_and_records_its_recipe(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    made = make_dataset(SMALL, tmp_path / "small", progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (8, 8)
    dataset = check_dataset(tmp_path / "small")
    assert dataset.fingerprint == made.fingerprint
    assert dataset.class_names == ("background", "I", "O", "T", "S/Z", "J/L")
    assert TetrominoConfig.model_validate(dataset.manifest.recipe) == SMALL
    assert find_reference_dataset(dataset) is None


def test_nothing_is_drawn_for_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(FileExistsError, match="remove this one"):
        make_dataset(SMALL, tmp_path, progress=lambda done, total: pytest.fail("drew a board"))


def test_an_unknown_configuration_lists_the_options(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"tetrominoes, mnist, multi_mnist, polygons, polygons_345; got Config"):
        make_dataset(Config(), tmp_path / "new")


@pytest.mark.parametrize("name", DATASETS)
def test_every_spec_makes_a_small_dataset(name: str, toy_mnist: Path, tmp_path: Path) -> None:
    spec = DATASETS[name]
    config = spec.config.model_validate({"name": name, "seed": 2, "train": 3, "val": 1, "test": 1})
    dataset = make_dataset(config, tmp_path / name, mnist_root=toy_mnist)
    assert dataset.class_names == spec.class_names
    assert [len(split.images) for split in dataset.splits.values()] == [3, 1, 1]
    assert check_dataset(tmp_path / name).manifest.recipe == config.model_dump(mode="json")
    assert prepare_dataset(config, tmp_path / "standard", mnist_root=toy_mnist).fingerprint == dataset.fingerprint


@pytest.mark.parametrize("name", DATASETS)
def test_the_union_of_configurations_is_discriminated_by_name(name: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[DatasetConfig, Field(discriminator="name")])
    config = adapter.validate_python({"name": name})
    assert type(config) is DATASETS[name].config
    assert adapter.validate_json(adapter.dump_json(config)) == config


def test_the_union_lists_all_datasets() -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[DatasetConfig, Field(discriminator="name")])
    assert {type(DATASETS[name].config()) for name in DATASETS} == set(get_args(DatasetConfig))
    with pytest.raises(ValidationError, match="'tetrominoes', 'mnist', 'multi_mnist', 'polygons', 'polygons_345'"):
        adapter.validate_python({"name": "hexominoes"})


@pytest.mark.parametrize("name", DATASETS)
def test_a_reference_dataset_is_recognised_by_its_fingerprints_whatever_its_name(name: str, tmp_path: Path) -> None:
    dataset = make_dataset(SMALL.replace(train=1, val=1, test=1), tmp_path / "small")
    reference = DATASETS[name].reference
    manifest = dataset.manifest.model_copy(update={"splits": dict(reference.splits)})
    assert find_reference_dataset(replace(dataset, manifest=manifest)) is reference
    other = {**reference.splits, "val": reference.splits["val"].replace(masks_sha256="0" * 64)}
    manifest = dataset.manifest.model_copy(update={"splits": other})
    assert find_reference_dataset(replace(dataset, manifest=manifest)) is None


@pytest.mark.parametrize("name", DATASETS)
def test_a_reference_dataset_has_the_default_sizes(name: str) -> None:
    config, reference = DATASETS[name].config().model_dump(), DATASETS[name].reference
    counts = {split: entry.count for split, entry in reference.splits.items()}
    assert counts == {split: config[split] for split in SPLIT_NAMES}
