"""One folder without splits, split at random or by groups."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drumhead.data import Dataset, DatasetError, ImportOptions, check_dataset

COUNT = 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Images whose first pixel is the number of the sample."""
    images = np.zeros((COUNT, 4, 4), np.uint8)
    images[:, 0, 0] = np.arange(COUNT)
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "masks.npy", np.broadcast_to(np.eye(4, dtype=np.uint8), (COUNT, 4, 4)))
    return tmp_path


def members(dataset: Dataset) -> list[set[int]]:
    return [set(split.images[:, 0, 0, 0].tolist()) for split in dataset.splits.values()]


def test_shares_and_seed(folder: Path) -> None:
    first = members(check_dataset(folder, ImportOptions(split=(80, 10, 10))))
    assert [len(samples) for samples in first] == [32, 4, 4]
    assert set.union(*first) == set(range(COUNT))
    assert members(check_dataset(folder, ImportOptions(split=(0.8, 0.1, 0.1)))) == first
    assert members(check_dataset(folder, ImportOptions(split=(80, 10, 10), seed=1))) != first


def test_groups_stay_together(folder: Path) -> None:
    (folder / "groups.csv").write_text("".join(f"{n},patient {n % 10}\n" for n in range(COUNT)), encoding="utf-8-sig")
    options = ImportOptions(split=(60, 20, 20), groups=folder / "groups.csv")
    splits = members(check_dataset(folder, options))
    assert [len(samples) for samples in splits] == [24, 8, 8]
    patients = [{sample % 10 for sample in samples} for samples in splits]
    assert sum(map(len, patients)) == len(set.union(*patients)) == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,a\n", r"groups\.csv: must have a line NAME,GROUP for every image; 39 of 40 have none, such as '1'"),
        ("0,a,b\n", r"groups\.csv, line 1: must be NAME,GROUP; got 3 fields"),
        ("".join(f"{n},same\n" for n in range(COUNT)), "at least one image; --split gives .* of 40 images in 1 groups"),
    ],
)
def test_groups_that_do_not_fit(text: str, message: str, folder: Path) -> None:
    (folder / "groups.csv").write_text(text)
    with pytest.raises(DatasetError, match=message):
        check_dataset(folder, ImportOptions(split=(60, 20, 20), groups=folder / "groups.csv"))


def test_what_cannot_be_split(folder: Path) -> None:
    with pytest.raises(DatasetError, match=r"no dataset found.*one set without splits: --split 80,10,10"):
        check_dataset(folder)
    with pytest.raises(ValueError, match="three numbers above 0"):
        ImportOptions(split=(1, 0, 1))
    with pytest.raises(ValueError, match="groups need a split"):
        ImportOptions(groups=folder)
    (folder / "images.npy").unlink()
    with pytest.raises(DatasetError, match=r"images\.npy: this array of the dataset is missing"):
        check_dataset(folder, ImportOptions(split=(1, 1, 1)))
